use std::{fmt, str::FromStr};

use vestibule_kernel::{Explain, Explanation, IdSource, Kind};

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
        let digits = text.strip_prefix('_').filter(|digits| digits.len() == 32).ok_or(ParseRequestIdError)?;
        let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hexadecimal { Ok(Self(text.to_owned())) } else { Err(ParseRequestIdError) }
    }
}

impl Explain for ParseRequestIdError {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, "REQUEST_ID_INVALID")
    }
}
