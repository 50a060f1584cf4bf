//! Base64 in messages.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use base64::{
    Engine,
    engine::{Simd, general_purpose::PAD},
};

/// Which instructions the processor has is looked up once.
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// What stands here is no Base64.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NotBase64;

/// Takes the Base64 off (RFC 4648 section 4): padded, with no bits left over, and with nothing between the letters but white
/// space, which RFC 2045 section 6.8 and XML Schema part 2 section 3.2.16 allow anywhere.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, NotBase64> {
    // Most write it in one piece.
    let decoded = BASE64.decode(text).or_else(|_| {
        let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        BASE64.decode(compact)
    });
    decoded.map_err(|_| NotBase64)
}
