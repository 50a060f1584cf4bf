use super::checked_text;
use crate::NameError;

checked_text! {
    /// The short name of an organization, which people type: 2 to 63 lower-case letters, digits and hyphens. The form
    /// of a DNS label, so that it can become a host name.
    Slug, slug
}

const BYTES_MIN: usize = 2;
const BYTES_MAX: usize = 63;

fn slug(text: &str) -> Result<String, NameError> {
    let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let ends = text.starts_with('-') || text.ends_with('-');
    let fits = (BYTES_MIN..=BYTES_MAX).contains(&text.len());
    if plain && fits && !ends { Ok(text.to_owned()) } else { Err(NameError::Slug) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_lower_case_label() {
        for good in ["ac", "acme", "acme-2", "4711", &"a".repeat(63)] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a", "Acme", "-acme", "acme-", "ac me", "acmé", "a.b", "a_b", &"a".repeat(64)] {
            assert_eq!(Slug::parse(bad), Err(NameError::Slug), "{bad}");
        }
    }
}
