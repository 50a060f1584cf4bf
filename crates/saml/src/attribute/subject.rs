use std::fmt;

use super::{SubjectSource, normalise::Said};
use crate::{Attribute, NameId, limit};

/// By what a person is recognised: a value together with where it stood, because the same text elsewhere is somebody
/// else. Its `Debug` shows no values.
#[derive(Clone, Eq, PartialEq)]
pub enum SubjectId {
    /// The NameID.
    NameId(NameId),
    /// The one value of an attribute, exactly as it was sent.
    Attribute {
        /// The attribute's Name.
        name: String,
        /// Its value.
        value: String,
    },
    /// The NameID that is the one value of an attribute, as in eduPersonTargetedID.
    NameIdAttribute {
        /// The attribute's Name.
        name: String,
        /// Its value.
        value: NameId,
    },
}

impl SubjectId {
    /// The value, for people.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::NameId(name_id) | Self::NameIdAttribute { value: name_id, .. } => &name_id.value,
            Self::Attribute { value, .. } => value,
        }
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameId(name_id) => f.debug_tuple("NameId").field(name_id).finish(),
            Self::Attribute { name, .. } | Self::NameIdAttribute { name, .. } => {
                f.debug_struct("Attribute").field("name", name).field("value", &"redacted").finish()
            }
        }
    }
}

/// Why nobody can be recognised.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum SubjectFault {
    /// The NameID is another one at each sign-in.
    #[error("the NameID is transient")]
    Transient,
    /// The attribute was not sent, or without a value.
    #[error("the attribute is missing or empty")]
    Missing,
    /// The attribute has several values, or came twice.
    #[error("the attribute does not have exactly one value")]
    NotSingle,
    /// The value is longer than [`limit::NAME_ID_CHARS_MAX`], or is XML that is no NameID.
    #[error("the attribute's value is too long or is no text")]
    Unusable,
}

/// Finds whom an assertion is about. An attribute must have this very Name and one value; nothing is trimmed, folded or
/// chosen, because whoever could bring two spellings together could bring two persons together.
pub(super) fn subject(said: Said<'_>, source: &SubjectSource) -> Result<SubjectId, SubjectFault> {
    let SubjectSource::Attribute(name) = source else {
        let name_id = said.subject;
        return if name_id.is_transient() {
            Err(SubjectFault::Transient)
        } else {
            Ok(SubjectId::NameId(name_id.clone()))
        };
    };
    let named = || said.attributes.iter().filter(|attribute| attribute.name == *name);
    match named().map(Attribute::count).sum() {
        0_usize => return Err(SubjectFault::Missing),
        1 => {}
        _ => return Err(SubjectFault::NotSingle),
    }
    let name = name.clone();
    if let Some(value) = named().flat_map(|attribute| &attribute.name_ids).next() {
        return if value.is_transient() {
            Err(SubjectFault::Transient)
        } else {
            Ok(SubjectId::NameIdAttribute { name, value: value.clone() })
        };
    }
    match named().flat_map(|attribute| &attribute.values).next() {
        Some(value) if value.trim().is_empty() => Err(SubjectFault::Missing),
        Some(value) if !limit::is_beyond(value, limit::NAME_ID_CHARS_MAX) => {
            Ok(SubjectId::Attribute { name, value: value.clone() })
        }
        Some(_) | None => Err(SubjectFault::Unusable),
    }
}
