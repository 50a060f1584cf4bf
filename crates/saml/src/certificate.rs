use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use vestibule_kernel::{Explain, Explanation, Kind, Timestamp};
use x509_parser::{
    oid_registry::{
        OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    },
    prelude::{FromDer, X509Certificate},
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

use crate::limit;

/// The longest name of subject or issuer that is kept.
const NAME_CHARS_MAX: usize = 512;

/// The object identifiers of signatures over MD5 and SHA-1: RSA (RFC 3279 section 2.2.1, and the older one of OIW),
/// ECDSA (section 2.2.3).
const WEAK_SIGNATURES: [&str; 4] =
    ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1"];

/// An X.509 certificate of an identity provider, as far as trusting its key needs it.
///
/// SAML trusts the key because the metadata was trusted, not because an authority signed the certificate
/// (metadata interoperability profile section 2.6.1): no chain is built and the validity dates only warn.
#[derive(Clone, Eq, PartialEq)]
pub struct Certificate {
    der: Vec<u8>,
    public_key_der: Vec<u8>,
    fingerprint: Fingerprint,
    subject: String,
    issuer: String,
    not_before: Timestamp,
    not_after: Timestamp,
    key_algorithm: KeyAlgorithm,
    key_bits: usize,
    has_weak_signature: bool,
}

/// The SHA-256 digest of a certificate; its text is lower-case hexadecimal.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

/// The kinds of keys that may sign.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
    /// Elliptic curve P-256.
    EcP256,
    /// Elliptic curve P-384.
    EcP384,
    /// Elliptic curve P-521.
    EcP521,
}

/// Why a certificate is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text is not Base64.
    #[error("the certificate is not Base64")]
    Base64,
    /// More than [`limit::CERTIFICATE_BYTES_MAX`].
    #[error("the certificate is larger than {} bytes", limit::CERTIFICATE_BYTES_MAX)]
    TooLarge,
    /// Not one X.509 certificate in DER.
    #[error("the certificate is not one X.509 certificate in DER")]
    Malformed,
    /// Neither RSA nor an elliptic curve of NIST, or no key of that kind after all.
    #[error("the certificate's key is neither a usable RSA key nor on one of the curves P-256, P-384, P-521")]
    KeyUnsupported,
    /// RSA below [`limit::RSA_BITS_MIN`].
    #[error("the certificate's RSA key is too weak: it has fewer than {} bits", limit::RSA_BITS_MIN)]
    KeyTooWeak,
    /// RSA above [`limit::RSA_BITS_MAX`].
    #[error("the certificate's RSA key has more than {} bits", limit::RSA_BITS_MAX)]
    KeyTooLarge,
}

impl Explain for CertificateError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            Kind::Invalid,
            match self {
                Self::Base64 | Self::Malformed => "CERTIFICATE_MALFORMED",
                Self::TooLarge => "CERTIFICATE_TOO_LARGE",
                Self::KeyUnsupported => "CERTIFICATE_KEY_UNSUPPORTED",
                Self::KeyTooWeak => "CERTIFICATE_KEY_TOO_WEAK",
                Self::KeyTooLarge => "CERTIFICATE_KEY_TOO_LARGE",
            },
        )
    }
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// When it is not exactly one certificate or its key is not one that may sign.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > limit::CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLarge);
        }
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if !rest.is_empty() {
            return Err(CertificateError::Malformed);
        }
        let (key_algorithm, key_bits) = key(parsed.public_key())?;
        let validity = parsed.validity();
        Ok(Self {
            public_key_der: parsed.public_key().raw.to_vec(),
            fingerprint: Fingerprint::of(der),
            subject: parsed.subject().to_string().chars().take(NAME_CHARS_MAX).collect(),
            issuer: parsed.issuer().to_string().chars().take(NAME_CHARS_MAX).collect(),
            not_before: Timestamp::from_unix_seconds(validity.not_before.timestamp()),
            not_after: Timestamp::from_unix_seconds(validity.not_after.timestamp()),
            key_algorithm,
            key_bits,
            has_weak_signature: WEAK_SIGNATURES.contains(&&*parsed.signature_algorithm.algorithm.to_id_string()),
            der: der.to_vec(),
        })
    }

    /// Reads a certificate in Base64 as metadata holds it, with line breaks or without; PEM armour is taken off.
    ///
    /// # Errors
    /// Like [`Self::from_der`], and when the text is not Base64.
    pub fn from_base64(text: &str) -> Result<Self, CertificateError> {
        if text.len() > 2 * limit::CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLarge);
        }
        let text = text.replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "");
        let compact: String = text.split_ascii_whitespace().collect();
        Self::from_der(&STANDARD.decode(compact).map_err(|_| CertificateError::Base64)?)
    }

    /// The certificate itself, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its `SubjectPublicKeyInfo`, DER.
    #[must_use]
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }

    /// The SHA-256 digest of the DER.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whom it names (RFC 4514), cut to 512 characters.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Who issued it (RFC 4514), cut to 512 characters.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// From when on it is valid.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Until when it is valid.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether `now` lies within its validity.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// What kind of key it holds.
    #[must_use]
    pub const fn key_algorithm(&self) -> KeyAlgorithm {
        self.key_algorithm
    }

    /// How many bits the key has.
    #[must_use]
    pub const fn key_bits(&self) -> usize {
        self.key_bits
    }

    /// Whether whoever issued it signed it over MD5 or SHA-1. The key is trusted without that signature, but such a
    /// certificate tells of an old installation.
    #[must_use]
    pub const fn has_weak_signature(&self) -> bool {
        self.has_weak_signature
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &format_args!("{}", self.fingerprint))
            .field("subject", &self.subject)
            .field("not_after", &self.not_after)
            .field("key_algorithm", &self.key_algorithm)
            .field("key_bits", &self.key_bits)
            .finish_non_exhaustive()
    }
}

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        for (target, source) in bytes.iter_mut().zip(digest(&SHA256, der).as_ref()) {
            *target = *source;
        }
        Self(bytes)
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// The text is not a SHA-256 digest in hexadecimal.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a SHA-256 fingerprint: expected 64 hexadecimal digits")]
pub struct ParseFingerprintError;

impl TryFrom<String> for Fingerprint {
    type Error = ParseFingerprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseFingerprintError)?;
        Ok(Self(bytes))
    }
}

fn key(public_key: &SubjectPublicKeyInfo<'_>) -> Result<(KeyAlgorithm, usize), CertificateError> {
    let algorithm = &public_key.algorithm.algorithm;
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        let Ok(PublicKey::RSA(rsa)) = public_key.parsed() else { return Err(CertificateError::Malformed) };
        let bits = rsa_bits(rsa.modulus);
        return match bits {
            ..limit::RSA_BITS_MIN => Err(CertificateError::KeyTooWeak),
            limit::RSA_BITS_MIN..=limit::RSA_BITS_MAX => Ok((KeyAlgorithm::Rsa, bits)),
            _ => Err(CertificateError::KeyTooLarge),
        };
    }
    if *algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return Err(CertificateError::KeyUnsupported);
    }
    let curve = public_key.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    match curve {
        Some(oid) if oid == OID_EC_P256 => Ok((KeyAlgorithm::EcP256, 256)),
        Some(oid) if oid == OID_NIST_EC_P384 => Ok((KeyAlgorithm::EcP384, 384)),
        Some(oid) if oid == OID_NIST_EC_P521 => Ok((KeyAlgorithm::EcP521, 521)),
        _ => Err(CertificateError::KeyUnsupported),
    }
}

/// The length of the modulus without leading zeros.
fn rsa_bits(modulus: &[u8]) -> usize {
    let significant = modulus.iter().position(|byte| *byte != 0).and_then(|at| modulus.get(at..)).unwrap_or_default();
    let first = significant.first().copied().unwrap_or(0);
    (significant.len() * 8).saturating_sub(usize::try_from(first.leading_zeros()).unwrap_or(0))
}
