use crate::{
    document::ResourceType,
    schema::{Attribute, NOT_KEPT},
};

/// An attribute, or an attribute inside a complex one (RFC 7644 section 3.10).
#[derive(Clone, Copy, Debug)]
pub struct AttributePath {
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The one inside.
    pub sub: Option<&'static Attribute>,
}

/// What a name in attribute notation means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    Kept(AttributePath),
    /// Of the core schema or of an extension, and not kept here.
    NotKept,
    Unknown,
}

impl AttributePath {
    /// The attribute that a comparison or a value is about.
    pub(crate) fn leaf(self) -> &'static Attribute {
        self.sub.unwrap_or(self.attribute)
    }
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        let names = |path: &Self| (path.attribute.name, path.sub.map(|sub| sub.name));
        names(self) == names(other)
    }
}

impl Named {
    /// Reads `[URN:]name[.sub]`.
    pub(crate) fn read(resource_type: ResourceType, text: &str) -> Self {
        let (urn, name) = match text.rsplit_once(':') {
            Some((urn, name)) => (Some(urn), name),
            None => (None, text),
        };
        if let Some(urn) = urn
            && !urn.eq_ignore_ascii_case(resource_type.urn())
        {
            // Of another schema of the core there is nothing here: what looks like an extension might be a misspelt attribute.
            return if is_urn(urn) && !is_core(text) { Self::NotKept } else { Self::Unknown };
        }
        let (name, sub) = match name.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (name, None),
        };
        let Some(attribute) = resource_type.attribute(name) else {
            let is_known = NOT_KEPT.iter().any(|known| known.eq_ignore_ascii_case(name));
            return if is_known { Self::NotKept } else { Self::Unknown };
        };
        match sub {
            None => Self::Kept(AttributePath { attribute, sub: None }),
            Some(sub) => match attribute.sub(sub) {
                Some(sub) => Self::Kept(AttributePath { attribute, sub: Some(sub) }),
                // `display` and the like: of the schema for values that have several, and not kept.
                None if MULTI_VALUED_SUBS.iter().any(|known| known.eq_ignore_ascii_case(sub)) => Self::NotKept,
                None => Self::Unknown,
            },
        }
    }
}

/// What values of an attribute that has several can have (RFC 7643 section 2.4).
const MULTI_VALUED_SUBS: [&str; 5] = ["type", "primary", "display", "value", "$ref"];

fn is_urn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// The core schemas themselves, whose attributes stand beside `schemas` and not below the URN (RFC 7643 section 3).
pub(crate) fn is_core(text: &str) -> bool {
    text.get(..CORE_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(CORE_PREFIX))
}

const CORE_PREFIX: &str = "urn:ietf:params:scim:schemas:core:";

/// Whether a character can be in attribute notation.
pub(crate) const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$' | b':' | b'.')
}
