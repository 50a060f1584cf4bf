use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::{Strategy, any, proptest};

use super::{NotBase64, decode};

#[test]
fn only_the_one_form_of_base64_is_taken() {
    assert_eq!(decode("").as_deref(), Ok(&b""[..]));
    assert_eq!(decode("U0FNTA==").as_deref(), Ok(&b"SAML"[..]));
    assert_eq!(decode(" U0\r\nFN\tTA= \x0c=\n").as_deref(), Ok(&b"SAML"[..]));
    // Without padding, with too much or in the middle, with bits left over, with the letters of URLs, with what is no white space.
    for text in
        ["U0FNTA", "U0FNTA=", "U0FNTA===", "U0FN=TA=", "U0FNTB==", "U0FN-_==", "U0FN\u{0b}TA==", "U0FN\u{a0}TA=="]
    {
        assert_eq!(decode(text), Err(NotBase64), "{text:?}");
    }
}

/// Base64 that is long enough for the instructions that look at many letters at once, with one letter changed, added or
/// left out.
fn damaged() -> impl Strategy<Value = String> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    (bytes, any::<usize>(), 0..3, any::<char>(), 0_u8..128).prop_map(|(bytes, at, how, letter, ascii)| {
        let mut letters: Vec<char> = STANDARD.encode(bytes).chars().collect();
        let at = at % (letters.len() + 1);
        let letter = if letter.is_ascii() { letter } else { char::from(ascii) };
        match how {
            0 => letters.insert(at, letter),
            1 if at < letters.len() => letters[at] = letter,
            2 if at < letters.len() => drop(letters.remove(at)),
            _ => {}
        }
        letters.into_iter().collect()
    })
}

/// What the portable engine says, which looks at one letter after the other.
fn portable(text: &str) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text.split_ascii_whitespace().collect::<String>()).map_err(|_| NotBase64)
}

proptest! {
    #[test]
    fn every_text_is_what_the_portable_engine_says(text in damaged()) {
        assert_eq!(decode(&text), portable(&text));
    }

    #[test]
    fn every_text_of_any_letters_is_what_the_portable_engine_says(text in any::<String>()) {
        assert_eq!(decode(&text), portable(&text));
    }

    #[test]
    fn what_is_encoded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        assert_eq!(decode(&STANDARD.encode(&bytes)), Ok(bytes));
    }
}
