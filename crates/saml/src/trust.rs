use std::fmt;

use bergshamra::{DsigContext, KeysManager, keys::loader::load_spki_der};
use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{Certificate, Fingerprint, limit};

/// The certificates whose keys may sign for one identity provider, made ready once and used for many messages.
///
/// During a change of keys it holds the old and the new one: whichever verifies is named in
/// [`crate::Assertion::signed_by`].
pub struct TrustedCertificates {
    certificates: Vec<Certificate>,
    pub(crate) context: DsigContext,
}

/// Why certificates cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// There is none: nothing could ever be verified.
    #[error("no certificate is trusted")]
    Empty,
    /// More than [`limit::CERTIFICATES_MAX`].
    #[error("more than {} certificates", limit::CERTIFICATES_MAX)]
    TooMany,
    /// The cryptographic library does not take the key.
    #[error("the key of a certificate cannot be used")]
    Key(#[source] bergshamra::Error),
}

impl Explain for TrustError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Empty => Explanation::new(Kind::Precondition, "NO_TRUSTED_CERTIFICATE"),
            Self::TooMany => Explanation::new(Kind::Invalid, "TOO_MANY_CERTIFICATES"),
            Self::Key(_) => Explanation::new(Kind::Invalid, "CERTIFICATE_KEY_UNSUPPORTED"),
        }
    }
}

impl TrustedCertificates {
    /// Makes certificates ready; one that is given twice counts once.
    ///
    /// # Errors
    /// When there is none, there are too many, or a key cannot be used.
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Result<Self, TrustError> {
        let mut distinct: Vec<Certificate> = Vec::new();
        for certificate in certificates {
            if distinct.iter().all(|known| known.fingerprint() != certificate.fingerprint()) {
                distinct.push(certificate);
            }
            if distinct.len() > limit::CERTIFICATES_MAX {
                return Err(TrustError::TooMany);
            }
        }
        if distinct.is_empty() {
            return Err(TrustError::Empty);
        }
        let mut keys = KeysManager::new();
        for certificate in &distinct {
            let mut key = load_spki_der(certificate.public_key_der()).map_err(TrustError::Key)?;
            // By the name we learn which key verified. By the certificate the engine tries the one first that the
            // message names; it never takes a key from there.
            key.name = Some(certificate.fingerprint().to_string());
            key.x509_chain = vec![certificate.der().to_vec()];
            keys.add_key(key);
        }
        // `new` is strict: trusted keys only, reference position checked, all digests computed here. Without
        // trust anchors no chain is built: the keys are pinned.
        Ok(Self { certificates: distinct, context: DsigContext::new(keys) })
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(crate) fn named(&self, fingerprint: &str) -> Option<&Certificate> {
        let fingerprint: Fingerprint = fingerprint.parse().ok()?;
        self.certificates.iter().find(|certificate| certificate.fingerprint() == fingerprint)
    }
}

impl fmt::Debug for TrustedCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustedCertificates").field(&self.certificates).finish()
    }
}
