//! What of a connection decides whether somebody gets in, apart from who they are.

use serde::Serialize;
use vestibule_kernel::Timestamp;

use super::{Certificate, CertificateValidity, Endpoint, SamlSettings, Trust};

/// What a test sign-in tries: how the identity provider is spoken to, and how what it says is understood. A test counts for
/// exactly this.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Tried {
    entity_id: String,
    single_sign_on: Vec<Endpoint>,
    wants_authn_requests_signed: bool,
    settings: SamlSettings,
}

impl Trust {
    /// What a test sign-in tries now.
    #[must_use]
    pub fn tried(&self) -> Tried {
        Tried {
            entity_id: self.identity_provider.entity_id.clone(),
            single_sign_on: self.identity_provider.single_sign_on.clone(),
            wants_authn_requests_signed: self.identity_provider.wants_authn_requests_signed,
            settings: self.settings.clone(),
        }
    }

    /// Whether a trusted certificate is valid now.
    #[must_use]
    pub fn has_valid_certificate(&self, now: Timestamp) -> bool {
        self.trusted_at(now).any(|one| one.not_before <= now && now <= one.not_after)
    }

    /// Whether a signature of the identity provider could let anybody in now. A certificate whose validity is over counts as
    /// long as the settings say that the pinned key is the trust.
    #[must_use]
    pub fn lets_in(&self, now: Timestamp) -> bool {
        match self.settings.certificate_validity {
            CertificateValidity::Enforce => self.has_valid_certificate(now),
            CertificateValidity::Warn => self.trusted_at(now).next().is_some(),
        }
    }

    /// The certificates that count, whether or not anybody has noted that the time of others is over.
    fn trusted_at(&self, now: Timestamp) -> impl Iterator<Item = &Certificate> {
        let leaves = move |one: &&Certificate| self.retires_at(&one.fingerprint).is_some_and(|at| at <= now);
        self.certificates.iter().filter(move |one| !leaves(one))
    }
}
