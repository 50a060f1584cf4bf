use bergshamra::{Key, keys::loader};
use rcgen::{CertificateParams, DnType, KeyPair, RsaKeySize};
use time::OffsetDateTime;
use vestibule_kernel::{ExposeSecret, SecretString, Timestamp};

use crate::IdpError;

/// What sort of key signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyType {
    /// RSA with 2,048 bits, what nearly every identity provider uses.
    Rsa2048,
    /// RSA with 4,096 bits.
    Rsa4096,
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// ECDSA on P-521.
    EcP521,
}

/// A private key with its certificate.
#[derive(Clone, Debug)]
pub struct SigningKey {
    pub(crate) key: Key,
    pub(crate) symmetric: bool,
    key_type: KeyType,
    private_key_pem: SecretString,
    certificate_der: Vec<u8>,
}

impl SigningKey {
    /// Makes a new key and a self-signed certificate for `common_name`, valid from `not_before` to `not_after`.
    ///
    /// # Errors
    /// [`IdpError::Certificate`] or [`IdpError::Key`] when the cryptographic library refuses,
    /// [`IdpError::Validity`] for impossible dates.
    pub fn generate(
        key_type: KeyType,
        common_name: &str,
        not_before: Timestamp,
        not_after: Timestamp,
    ) -> Result<Self, IdpError> {
        let pair = match key_type {
            KeyType::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048),
            KeyType::Rsa4096 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_4096),
            KeyType::EcP256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            KeyType::EcP384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            KeyType::EcP521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
        }
        .map_err(IdpError::Certificate)?;
        let certificate = self_signed(&pair, common_name, not_before, not_after)?;
        Self::from_parts(key_type, pair.serialize_pem().into(), certificate)
    }

    /// The same key with a new self-signed certificate, as identity providers renew theirs.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn renewed(&self, common_name: &str, not_before: Timestamp, not_after: Timestamp) -> Result<Self, IdpError> {
        let pair = KeyPair::from_pem(self.private_key_pem.expose_secret()).map_err(IdpError::Certificate)?;
        let certificate_der = self_signed(&pair, common_name, not_before, not_after)?;
        Ok(Self { certificate_der, ..self.clone() })
    }

    /// A key that was kept: PKCS#8 in PEM, and its certificate in DER.
    ///
    /// # Errors
    /// [`IdpError::Key`] when the PEM is not a key of this type.
    pub fn from_parts(
        key_type: KeyType,
        private_key_pem: SecretString,
        certificate_der: Vec<u8>,
    ) -> Result<Self, IdpError> {
        let pem = private_key_pem.expose_secret().as_bytes();
        let key = match key_type {
            KeyType::Rsa2048 | KeyType::Rsa4096 => loader::load_rsa_private_pem(pem),
            KeyType::EcP256 => loader::load_ec_p256_private_pem(pem),
            KeyType::EcP384 => loader::load_ec_p384_private_pem(pem),
            KeyType::EcP521 => loader::load_ec_p521_private_pem(pem),
        }
        .map_err(IdpError::Key)?;
        Ok(Self { key, symmetric: false, key_type, private_key_pem, certificate_der })
    }

    /// Hostile: an HMAC key made of the bytes of this key's *public* key, which everybody knows. A verifier that
    /// lets the message choose the algorithm accepts what it signs.
    ///
    /// # Errors
    /// [`IdpError::Key`] when the public key cannot be written.
    pub fn hmac_of_public_key(&self) -> Result<Self, IdpError> {
        let public = self.key.data.export_public().map_err(IdpError::Key)?;
        let key = loader::load_hmac_key(&public).map_err(IdpError::Key)?;
        Ok(Self { key, symmetric: true, ..self.clone() })
    }

    /// A signature over some bytes, for the Redirect binding: RSASSA-PKCS1-v1_5 or, in ASN.1, ECDSA, with SHA-256.
    ///
    /// # Errors
    /// [`IdpError::Certificate`] when the cryptographic library refuses.
    pub fn sign_bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, IdpError> {
        let pair = KeyPair::from_pem(self.private_key_pem.expose_secret()).map_err(IdpError::Certificate)?;
        rcgen::SigningKey::sign(&pair, bytes).map_err(IdpError::Certificate)
    }

    /// What sort of key it is.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The certificate, X.509 in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The private key, PKCS#8 in PEM, to keep it for [`Self::from_parts`].
    #[must_use]
    pub const fn private_key_pem(&self) -> &SecretString {
        &self.private_key_pem
    }
}

fn self_signed(
    pair: &KeyPair,
    common_name: &str,
    not_before: Timestamp,
    not_after: Timestamp,
) -> Result<Vec<u8>, IdpError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date(not_before)?;
    params.not_after = date(not_after)?;
    Ok(params.self_signed(pair).map_err(IdpError::Certificate)?.der().to_vec())
}

fn date(at: Timestamp) -> Result<OffsetDateTime, IdpError> {
    OffsetDateTime::from_unix_timestamp(at.unix_seconds()).map_err(|_| IdpError::Validity)
}
