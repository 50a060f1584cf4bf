use std::fmt;

use super::{Claim, SubjectFault, SubjectId};

/// A person as one identity provider describes them, in the words of OpenID Connect. Its `Debug` shows no values.
#[derive(Clone, Eq, PartialEq)]
pub struct NormalisedIdentity {
    /// By what the person is recognised, or why nobody can be.
    pub subject: Result<SubjectId, SubjectFault>,
    /// The e-mail address: from an attribute, else from a NameID with the e-mail format. Whose domain it is has
    /// not been looked at.
    pub email: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The name to show.
    pub name: Option<String>,
    /// The groups, each once, in the order in which they came, at most [`crate::limit::GROUPS_MAX`].
    pub groups: Vec<String>,
    /// Whether there were more groups than the limit, or than the identity provider puts into an assertion.
    pub groups_truncated: bool,
    /// From which attribute each claim was taken, by its Name as it was sent; a claim that was taken from the NameID is
    /// not listed.
    pub sources: Vec<(Claim, String)>,
    /// Claims with one value that came with several different ones, or with one that is no text; none was taken.
    pub ambiguous: Vec<Claim>,
    /// Claims with a value beyond [`crate::limit::CLAIM_CHARS_MAX`]; it was not taken.
    pub oversized: Vec<Claim>,
    /// The names of attributes with a value that is no text; it was not taken.
    pub unusable: Vec<String>,
    /// The names of the attributes that mean none of these claims and are not the subject.
    pub unmapped: Vec<String>,
}

impl NormalisedIdentity {
    /// Whether a claim has a value.
    #[must_use]
    pub fn has(&self, claim: Claim) -> bool {
        match claim {
            Claim::Email => self.email.is_some(),
            Claim::GivenName => self.given_name.is_some(),
            Claim::FamilyName => self.family_name.is_some(),
            Claim::Name => self.name.is_some(),
            Claim::Groups => !self.groups.is_empty(),
        }
    }
}

impl fmt::Debug for NormalisedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |value: &Option<String>| if value.is_some() { "redacted" } else { "none" };
        f.debug_struct("NormalisedIdentity")
            .field("subject", &self.subject)
            .field("email", &told(&self.email))
            .field("given_name", &told(&self.given_name))
            .field("family_name", &told(&self.family_name))
            .field("name", &told(&self.name))
            .field("groups", &format_args!("{} redacted", self.groups.len()))
            .field("sources", &self.sources)
            .field("ambiguous", &self.ambiguous)
            .field("oversized", &self.oversized)
            .field("unusable", &self.unusable)
            .field("unmapped", &self.unmapped)
            .finish_non_exhaustive()
    }
}
