//! Which e-mail address may leave the house: an identity provider can assert any address, but the organization can only
//! vouch for those inside its verified domains. Anything else could take over the account of a stranger.

use vestibule_saml::{Claim, NormalisedIdentity};
use vestibule_tenancy::EmailAddress;

use crate::refusal::Refusal;

/// What becomes of the address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Email {
    /// It may be released, and counts as verified.
    Releasable(EmailAddress),
    /// There is no single, well-formed address.
    Missing,
    /// There is one, outside of the verified domains.
    Foreign,
}

impl Email {
    /// Holds the asserted address against what the organization `owns`.
    pub(crate) fn of(identity: &NormalisedIdentity, owns: impl FnOnce(&EmailAddress) -> bool) -> Self {
        if identity.ambiguous.contains(&Claim::Email) {
            return Self::Missing;
        }
        match identity.email.as_deref().map(EmailAddress::parse) {
            Some(Ok(address)) if owns(&address) => Self::Releasable(address),
            Some(Ok(_)) => Self::Foreign,
            Some(Err(_)) | None => Self::Missing,
        }
    }

    /// What is released: the address with its domain in normal form.
    pub(crate) fn released(&self) -> Option<String> {
        match self {
            Self::Releasable(address) => Some(address.to_string()),
            Self::Missing | Self::Foreign => None,
        }
    }

    /// Why nothing is released.
    pub(crate) const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Releasable(_) => None,
            Self::Missing => Some(Refusal::EmailMissing),
            Self::Foreign => Some(Refusal::EmailForeign),
        }
    }
}
