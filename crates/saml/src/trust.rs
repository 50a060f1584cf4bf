use std::fmt;

use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{
    Certificate, limit,
    signature::{SignatureMethod, VerificationKey},
};

/// The certificates whose keys may sign for one identity provider, made ready once and used for many messages.
///
/// During a change of keys it holds the old and the new one: whichever verifies is named in
/// [`crate::Assertion::signed_by`].
pub struct TrustedCertificates {
    certificates: Vec<Certificate>,
    /// Of each certificate, in the same order.
    keys: Vec<VerificationKey>,
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
    Key,
}

impl Explain for TrustError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Empty => Explanation::new(Kind::Precondition, "NO_TRUSTED_CERTIFICATE"),
            Self::TooMany => Explanation::new(Kind::Invalid, "TOO_MANY_CERTIFICATES"),
            Self::Key => Explanation::new(Kind::Invalid, "CERTIFICATE_KEY_UNSUPPORTED"),
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
        let keys: Result<Vec<_>, _> = distinct.iter().map(VerificationKey::new).collect();
        Ok(Self { keys: keys.map_err(|_| TrustError::Key)?, certificates: distinct })
    }

    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate whose key made `signature` over `message`; what the message says about its key is not asked.
    pub(crate) fn signer(&self, method: SignatureMethod, message: &[u8], signature: &[u8]) -> Option<&Certificate> {
        let mut pairs = self.certificates.iter().zip(&self.keys);
        pairs.find(|(_, key)| key.verifies(method, message, signature)).map(|(certificate, _)| certificate)
    }
}

impl fmt::Debug for TrustedCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustedCertificates").field(&self.certificates).finish()
    }
}
