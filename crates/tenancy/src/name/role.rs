use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::checked_text;
use crate::NameError;

checked_text! {
    /// What somebody may do, in the SaaS's own vocabulary: 1 to 64 of `a-z`, `0-9`, `.`, `_`, `:` and `-`. Plain text that
    /// is the same for many people, hence not personal.
    Role, role
}

const BYTES_MAX: usize = 64;

fn role(text: &str) -> Result<String, NameError> {
    let plain = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b':' | b'-'));
    if plain && (1..=BYTES_MAX).contains(&text.len()) { Ok(text.to_owned()) } else { Err(NameError::Role) }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_a_word_of_the_vocabulary() {
        for good in ["admin", "billing:read", "team-2.owner_x", &"a".repeat(64)] {
            assert_eq!(Role::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "Admin", "ad min", "admin,", "rôle", "a/b", &"a".repeat(65)] {
            assert_eq!(Role::parse(bad), Err(NameError::Role), "{bad}");
            assert!(serde_json::from_value::<Role>(bad.into()).is_err());
        }
    }
}
