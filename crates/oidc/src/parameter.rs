//! Parameters in `application/x-www-form-urlencoded` form, as query or body (RFC 6749 appendix B).

use std::borrow::Cow;

use crate::limit::PARAMETERS_MAX;

/// The parameters cannot be read at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ParameterError {
    TooMany,
    /// A name or a value that is not UTF-8 after decoding.
    NotText,
}

/// One parameter: its value as it arrived, still encoded, and whether it came more than once.
struct Parameter<'a> {
    name: String,
    raw: &'a str,
    repeated: bool,
}

pub(crate) struct Parameters<'a>(Vec<Parameter<'a>>);

/// What a request says under one name.
pub(crate) enum Found<'a> {
    Absent,
    Once(&'a str),
    Repeated,
}

impl<'a> Parameters<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, ParameterError> {
        let mut parameters: Vec<Parameter<'a>> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, raw) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or(ParameterError::NotText)?;
            if let Some(earlier) = parameters.iter_mut().find(|earlier| earlier.name == name) {
                earlier.repeated = true;
                continue;
            }
            if parameters.len() == PARAMETERS_MAX {
                return Err(ParameterError::TooMany);
            }
            parameters.push(Parameter { name, raw, repeated: false });
        }
        Ok(Self(parameters))
    }

    /// Still encoded. A parameter without a value counts as absent (RFC 6749 section 3.1).
    pub(crate) fn raw(&self, name: &str) -> Found<'a> {
        match self.0.iter().find(|parameter| parameter.name == name) {
            Some(Parameter { repeated: true, .. }) => Found::Repeated,
            Some(Parameter { raw, .. }) if !raw.is_empty() => Found::Once(raw),
            _ => Found::Absent,
        }
    }

    /// Decoded; `Err` when it is no text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, ParameterError> {
        match self.raw(name) {
            Found::Once(raw) => decode(raw).map(Some).ok_or(ParameterError::NotText),
            Found::Absent | Found::Repeated => Ok(None),
        }
    }

    pub(crate) fn any_repeated(&self) -> bool {
        self.0.iter().any(|parameter| parameter.repeated)
    }
}

fn decode(raw: &str) -> Option<String> {
    String::from_utf8(decode_bytes(raw)).ok()
}

/// Decodes `+` and `%XX`; a `%` that begins no triplet stands for itself, as the URL standard has it.
pub(crate) fn decode_bytes(raw: &str) -> Vec<u8> {
    let spaced: Cow<'_, str> = if raw.contains('+') { raw.replace('+', " ").into() } else { raw.into() };
    let mut decoded = Vec::with_capacity(spaced.len());
    let mut rest = spaced.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex_value(*high) << 4 | hex_value(*low));
                rest = after;
            }
            _ => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    decoded
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}
