use std::fmt;

use vestibule_kernel::Timestamp;

use crate::{Fingerprint, name::name_id_format};

/// What an identity provider has asserted about a person, verified and read from the verified tree.
///
/// Its `Debug` shows neither NameID nor attribute values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assertion {
    /// Its ID. An assertion is used once: the caller remembers the pair of identity provider and ID.
    pub id: String,
    /// The entity id of the identity provider.
    pub issuer: String,
    /// Whom it is about.
    pub subject: NameId,
    /// The identity provider's session, for logout.
    pub session_index: Option<String>,
    /// When the person proved who they are.
    pub authn_instant: Timestamp,
    /// How they did (AuthnContextClassRef).
    pub authn_context: Option<String>,
    /// When the assertion was made; never further back than [`crate::limit::ASSERTION_AGE_MAX`].
    pub issue_instant: Timestamp,
    /// From when on it must not be accepted: the earliest of all the limits it states.
    pub not_on_or_after: Timestamp,
    /// What it says about the person, in the order in which it was written.
    pub attributes: Vec<Attribute>,
    /// The certificate whose key verified the signature.
    pub signed_by: Fingerprint,
}

impl Assertion {
    /// The names of the attributes, each once, in the order in which they came.
    #[must_use]
    pub fn attribute_names(&self) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        self.attributes.iter().map(|attribute| attribute.name.as_str()).filter(|name| seen.insert(*name)).collect()
    }
}

/// A name for a person (SAML core section 2.2.3).
#[derive(Clone, Eq, PartialEq)]
pub struct NameId {
    /// The exact value; nothing is trimmed or folded.
    pub value: String,
    /// The Format; [`name_id_format::UNSPECIFIED`] when none was written.
    pub format: String,
    /// The `NameQualifier`: who gave the name.
    pub name_qualifier: Option<String>,
    /// The `SPNameQualifier`: for whom the name was made.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// Whether the name is another one at each sign-in, so that nobody can be recognised by it.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.format == name_id_format::TRANSIENT
    }
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId").field("format", &self.format).field("value", &"redacted").finish_non_exhaustive()
    }
}

/// One attribute (SAML core section 2.7.3.1).
#[derive(Clone, Eq, PartialEq)]
pub struct Attribute {
    /// Its Name.
    pub name: String,
    /// Its FriendlyName, which means nothing and helps people.
    pub friendly_name: Option<String>,
    /// Its values that are text; a nil value is left out.
    pub values: Vec<String>,
    /// Its values that are a NameID, as in eduPersonTargetedID.
    pub name_ids: Vec<NameId>,
    /// How many of its values are other XML, which nothing here can read.
    pub unreadable: usize,
}

impl Attribute {
    /// How many values it has, whatever they are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len() + self.name_ids.len() + self.unreadable
    }

    /// Whether a value is no text.
    #[must_use]
    pub fn has_unreadable(&self) -> bool {
        !self.name_ids.is_empty() || self.unreadable > 0
    }
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("values", &format_args!("{} redacted", self.count()))
            .finish_non_exhaustive()
    }
}
