use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa,
    signature::{self, RSA_PKCS1_SHA256},
};
use rcgen::{CertificateParams, DistinguishedName, DnType, RsaKeySize};
use time::OffsetDateTime;
use vestibule_kernel::{Explain, Explanation, ExposeSecret as _, Kind, SecretBytes, Timestamp};

use crate::{Certificate, CertificateError};

/// The first byte of what [`Credential::to_bytes`] writes: the version of the form.
const FORM: u8 = 1;

/// A private RSA key of the service provider and the self-signed certificate that tells identity providers its public
/// half: it signs messages, or opens what was encrypted for us. One key never does both.
///
/// RSA, because it is the one kind of key that every identity provider takes for either.
pub struct Credential {
    key: rsa::KeyPair,
    pkcs8: SecretBytes,
    certificate: Certificate,
}

/// A credential cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The certificate cannot be made.
    #[error("the certificate of the service provider cannot be made")]
    Unmakeable(#[source] rcgen::Error),
    /// The validity lies outside of what X.509 can write.
    #[error("the certificate's validity lies outside of the years that X.509 can write")]
    Validity,
    /// What was kept is not a credential.
    #[error("the kept credential is not readable")]
    Malformed,
    /// The certificate is not one.
    #[error("the certificate of the credential is not readable")]
    Certificate(#[from] CertificateError),
    /// The cryptographic library does not take the key, or does not use it.
    #[error("the private key of the credential cannot be used")]
    Key,
}

impl Explain for CredentialError {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Internal, "SERVICE_PROVIDER_KEY_UNUSABLE")
    }
}

impl Credential {
    /// Makes an RSA-2048 key and a certificate for `common_name`, valid from `not_before` to `not_after`. It takes some
    /// 100 ms.
    ///
    /// # Errors
    /// [`CredentialError::Unmakeable`] when the cryptographic library refuses, [`CredentialError::Validity`] for
    /// impossible dates.
    pub fn generate(common_name: &str, not_before: Timestamp, not_after: Timestamp) -> Result<Self, CredentialError> {
        let date = |at: Timestamp| {
            OffsetDateTime::from_unix_timestamp(at.unix_seconds()).map_err(|_| CredentialError::Validity)
        };
        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048);
        let pair = pair.map_err(CredentialError::Unmakeable)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.not_before = date(not_before)?;
        params.not_after = date(not_after)?;
        let certificate = params.self_signed(&pair).map_err(CredentialError::Unmakeable)?;
        Self::of(pair.serialize_der().into(), certificate.der())
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_bytes(kept: &SecretBytes) -> Result<Self, CredentialError> {
        let parts = kept.expose_secret().split_first().filter(|(form, _)| **form == FORM);
        let (length, rest) =
            parts.and_then(|(_, rest)| rest.split_first_chunk::<4>()).ok_or(CredentialError::Malformed)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| CredentialError::Malformed)?;
        let (pkcs8, certificate) = rest.split_at_checked(length).ok_or(CredentialError::Malformed)?;
        Self::of(pkcs8.to_vec().into(), certificate)
    }

    /// Key and certificate in one piece, to be kept sealed.
    #[must_use]
    pub fn to_bytes(&self) -> SecretBytes {
        let pkcs8 = self.pkcs8.expose_secret();
        let mut bytes = Vec::with_capacity(1 + 4 + pkcs8.len() + self.certificate.der().len());
        bytes.push(FORM);
        bytes.extend_from_slice(&u32::try_from(pkcs8.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(pkcs8);
        bytes.extend_from_slice(self.certificate.der());
        bytes.into()
    }

    /// The certificate, as it stands in our metadata.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The private key, PKCS#8 in DER.
    pub(crate) const fn pkcs8(&self) -> &SecretBytes {
        &self.pkcs8
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), which is `rsa-sha256` of RFC 6931.
    pub(crate) fn rsa_sha256(&self, message: &[u8]) -> Result<Vec<u8>, CredentialError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        let padding: &'static dyn signature::RsaEncoding = &RSA_PKCS1_SHA256;
        let signed = self.key.sign(padding, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| CredentialError::Key)?;
        Ok(signature)
    }

    fn of(pkcs8: SecretBytes, certificate: &[u8]) -> Result<Self, CredentialError> {
        let key = rsa::KeyPair::from_pkcs8(pkcs8.expose_secret()).map_err(|_| CredentialError::Key)?;
        Ok(Self { key, pkcs8, certificate: Certificate::from_der(certificate)? })
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fingerprint = self.certificate.fingerprint();
        f.debug_struct("Credential").field("certificate", &format_args!("{fingerprint}")).finish_non_exhaustive()
    }
}
