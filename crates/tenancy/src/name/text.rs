use super::checked_text;
use crate::NameError;

checked_text! {
    /// What people read: 1 to 200 characters on one line.
    DisplayName, display_name
}

checked_text! {
    /// The SaaS's own id of its customer: 1 to 128 bytes, compared exactly.
    ExternalId, external_id
}

checked_text! {
    /// The SaaS's name of what the customer pays for: at most 40 characters, possibly none.
    Tier, tier
}

checked_text! {
    /// Why an operator did something: at most 500 characters, possibly none.
    Note, note
}

impl Note {
    /// Reads a note that must not be empty.
    ///
    /// # Errors
    /// [`NameError::NoteMissing`], and what [`Note::parse`] says.
    pub fn required(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() { Err(NameError::NoteMissing) } else { Self::parse(text) }
    }
}

const DISPLAY_NAME_CHARS_MAX: usize = 200;
const EXTERNAL_ID_BYTES_MAX: usize = 128;
const TIER_CHARS_MAX: usize = 40;
const NOTE_CHARS_MAX: usize = 500;

fn display_name(text: &str) -> Result<String, NameError> {
    let fits = !text.is_empty() && text.chars().count() <= DISPLAY_NAME_CHARS_MAX;
    if fits && is_one_line(text) { Ok(text.to_owned()) } else { Err(NameError::DisplayName) }
}

fn external_id(text: &str) -> Result<String, NameError> {
    let fits = (1..=EXTERNAL_ID_BYTES_MAX).contains(&text.len());
    if fits && is_one_line(text) { Ok(text.to_owned()) } else { Err(NameError::ExternalId) }
}

fn tier(text: &str) -> Result<String, NameError> {
    let fits = text.chars().count() <= TIER_CHARS_MAX;
    if fits && is_one_line(text) { Ok(text.to_owned()) } else { Err(NameError::Tier) }
}

fn note(text: &str) -> Result<String, NameError> {
    let fits = text.chars().count() <= NOTE_CHARS_MAX;
    let plain = text.chars().all(|character| character == '\n' || !is_treacherous(character));
    if fits && plain { Ok(text.to_owned()) } else { Err(NameError::Note) }
}

pub(crate) fn is_one_line(text: &str) -> bool {
    text.trim() == text && !text.chars().any(is_treacherous)
}

/// Characters that make a text look like another one, or break the line it stands in: controls, line and paragraph
/// separators, and the bidirectional embeddings, overrides and isolates (Unicode TR 36 section 2.6).
pub(super) fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_one_honest_line() {
        for good in ["Acme", "Müller & Söhne GmbH", "株式会社", "אקמי", &"é".repeat(200)] {
            assert_eq!(DisplayName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", " Acme", "Acme ", "Ac\nme", "Ac\u{0}me", "\u{202E}emcA", "a\u{2066}b", &"é".repeat(201)] {
            assert_eq!(DisplayName::parse(bad), Err(NameError::DisplayName), "{bad:?}");
        }
    }

    #[test]
    fn an_external_id_is_counted_in_bytes() {
        assert!(ExternalId::parse(&"é".repeat(64)).is_ok());
        assert_eq!(ExternalId::parse(&"é".repeat(65)), Err(NameError::ExternalId));
        assert_eq!(ExternalId::parse(""), Err(NameError::ExternalId));
        assert_eq!(ExternalId::parse("a\tb"), Err(NameError::ExternalId));
    }

    #[test]
    fn a_tier_may_be_empty_but_not_long() {
        assert!(Tier::parse("").is_ok());
        assert!(Tier::parse(&"x".repeat(40)).is_ok());
        assert_eq!(Tier::parse(&"x".repeat(41)), Err(NameError::Tier));
    }

    #[test]
    fn a_note_may_have_lines_and_a_required_note_says_something() {
        assert!(Note::parse("seen on the phone\nby Bob").is_ok());
        assert_eq!(Note::parse(&"x".repeat(501)), Err(NameError::Note));
        assert_eq!(Note::parse("a\u{202E}b"), Err(NameError::Note));
        assert_eq!(Note::required(" \n"), Err(NameError::NoteMissing));
        assert!(Note::required("contract 4711").is_ok());
    }
}
