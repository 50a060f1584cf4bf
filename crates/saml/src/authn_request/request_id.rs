use std::{fmt, str::FromStr};

use vestibule_kernel::{Explain, Explanation, IdSource, Kind};

/// What the IDs of test sign-ins begin with. No hexadecimal digit follows the `_`.
const OF_TEST: &str = "_test-";

/// The ID of a request: `_` and 128 random bits in lower-case hexadecimal.
///
/// SAML core section 1.3.4 asks for at least 128 bits; an ID is an XML name and must not begin with a digit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RequestId(String);

impl RequestId {
    /// A fresh ID.
    #[must_use]
    pub fn random(ids: &(dyn IdSource + 'static)) -> Self {
        Self(format!("_{}", hex::encode(ids.bytes::<16>())))
    }

    /// A fresh ID of a test sign-in: of a form that [`FromStr`] does not read, so that no answer to it can sign anybody in.
    #[must_use]
    pub fn random_of_test(ids: &(dyn IdSource + 'static)) -> Self {
        Self(format!("{OF_TEST}{}", hex::encode(ids.bytes::<16>())))
    }

    /// Reads the ID of a test sign-in, and no other.
    ///
    /// # Errors
    /// [`ParseRequestIdError`].
    pub fn parse_of_test(text: &str) -> Result<Self, ParseRequestIdError> {
        text.strip_prefix(OF_TEST).filter(|digits| is_random(digits)).ok_or(ParseRequestIdError)?;
        Ok(Self(text.to_owned()))
    }

    /// The ID as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not the ID of a request of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a request id: expected an underscore and 32 lower-case hexadecimal digits")]
pub struct ParseRequestIdError;

impl FromStr for RequestId {
    type Err = ParseRequestIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix('_').filter(|digits| is_random(digits)).ok_or(ParseRequestIdError)?;
        Ok(Self(text.to_owned()))
    }
}

fn is_random(digits: &str) -> bool {
    digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Explain for ParseRequestIdError {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, "REQUEST_ID_INVALID")
    }
}
