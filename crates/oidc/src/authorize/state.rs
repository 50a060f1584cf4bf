use std::fmt;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::{limit::STATE_BYTES_MAX, parameter::decode_bytes};

/// The relying party's `state`, in the encoded form in which it arrived and goes back.
///
/// It is opaque: never parsed, never logged. Because the encoded form is kept, whoever decodes the answer, by whatever
/// rules, gets what decoding the request by the same rules would have given.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct State(String);

impl State {
    /// From the parameter's value, still encoded; `None` when it decodes to more than [`STATE_BYTES_MAX`].
    pub(crate) fn from_raw(raw: &str) -> Option<Self> {
        (decode_bytes(raw).len() <= STATE_BYTES_MAX).then(|| Self(encode_illegal(raw)))
    }

    /// The value as it stands in a query string.
    #[must_use]
    pub fn encoded(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(..)")
    }
}

/// Encodes what may not stand in a query (RFC 3986 section 3.4), which a sloppy client sends all the same, and leaves
/// everything else as it is.
fn encode_illegal(raw: &str) -> String {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$'()*+,;=:@/?%".contains(&byte);
    raw.bytes().fold(String::with_capacity(raw.len()), |mut encoded, byte| {
        if legal(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(form_urlencoded::byte_serialize(&[byte]));
        }
        encoded
    })
}
