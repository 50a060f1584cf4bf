use std::{fmt, sync::Arc};

use aws_lc_rs::{
    error::Unspecified,
    hmac,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use vestibule_kernel::{ExposeSecret as _, IdSource, SecretBytes, Timestamp};

use crate::{
    KeyError, KeyId, SealedKey,
    cipher::{Cipher, Derivation, length},
};

/// A key, opened. Cloning it is cheap; its material is wiped when the last clone is dropped.
///
/// Sealing, digesting and deriving each use a key of their own, derived from the material.
#[derive(Clone)]
pub struct Key {
    /// Its name.
    pub id: KeyId,
    /// Counts up from 1 for each purpose and owner.
    pub generation: u32,
    /// When it was made.
    pub created_at: Timestamp,
    opened: Arc<Opened>,
}

struct Opened {
    material: SecretBytes,
    derivation: Derivation,
    cipher: Cipher,
    digest: hmac::Key,
    ids: Arc<dyn IdSource>,
}

impl Key {
    pub(crate) fn unsealed(row: &SealedKey, material: SecretBytes, ids: Arc<dyn IdSource>) -> Result<Self, KeyError> {
        let opened = Opened::of(material, ids).map_err(|_| KeyError::Unsealable)?;
        Ok(Self { id: row.id, generation: row.generation, created_at: row.created_at, opened: Arc::new(opened) })
    }

    /// The material itself: what a key was made of, such as the PKCS#8 document of a signing key.
    pub fn material(&self) -> &SecretBytes {
        &self.opened.material
    }

    /// Seals `plaintext` (AES-256-GCM, random nonce in front) and binds it to `aad`: what says whose it is and what for.
    ///
    /// # Errors
    /// [`KeyError::Unsealable`] for a plaintext beyond what AES-GCM can take (64 GiB).
    pub fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.opened.cipher.seal(&*self.opened.ids, aad, plaintext).map_err(|_| KeyError::Unsealable)
    }

    /// Opens what [`Self::seal`] made with the same `aad`.
    ///
    /// # Errors
    /// [`OpenError`] when it was sealed under another key, for another `aad`, or changed since.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        self.opened.cipher.open(aad, sealed).map_err(|_| OpenError)
    }

    /// A keyed digest of `bytes` (HMAC-SHA256): finds them again without telling them. Digests with different labels
    /// have nothing in common.
    #[must_use]
    pub fn hmac(&self, label: &str, bytes: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.opened.digest);
        context.update(&length(label.as_bytes()));
        context.update(label.as_bytes());
        context.update(bytes);
        let mut digest = [0; 32];
        for (to, from) in digest.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        digest
    }

    /// A 32-byte key of its own for `label` (HKDF-SHA256, RFC 5869).
    ///
    /// # Errors
    /// [`KeyError::Unsealable`] when the crypto library refuses, which a label shorter than a gigabyte does not cause.
    pub fn derive(&self, label: &str) -> Result<SecretBytes, KeyError> {
        let key = self.opened.derivation.expand(b"derived", label.as_bytes()).map_err(|_| KeyError::Unsealable)?;
        Ok(SecretBytes::from(key.to_vec()))
    }

    /// The Ed25519 signing key (RFC 8032) that belongs to this key and `label`.
    ///
    /// # Errors
    /// [`KeyError::Unsealable`] when the crypto library refuses.
    pub fn ed25519(&self, label: &str) -> Result<Ed25519Signer, KeyError> {
        let seed = self.opened.derivation.expand(b"ed25519", label.as_bytes()).map_err(|_| KeyError::Unsealable)?;
        Ed25519KeyPair::from_seed_unchecked(&seed).map(Ed25519Signer).map_err(|_| KeyError::Unsealable)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Opened {
    fn of(material: SecretBytes, ids: Arc<dyn IdSource>) -> Result<Self, Unspecified> {
        let derivation = Derivation::of(material.expose_secret());
        let cipher = Cipher::new(&derivation.expand(b"cipher", b"")?)?;
        let digest = hmac::Key::new(hmac::HMAC_SHA256, &derivation.expand(b"digest", b"")?);
        Ok(Self { material, derivation, cipher, digest, ids })
    }
}

/// A sealed value does not open: other key, other binding, or changed. Which of them is not told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sealed value cannot be opened")]
pub struct OpenError;

/// Signs with Ed25519 (RFC 8032).
pub struct Ed25519Signer(Ed25519KeyPair);

impl Ed25519Signer {
    /// The signature of `message`, 64 bytes.
    ///
    /// # Errors
    /// [`KeyError::Unsealable`] when the crypto library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.0.try_sign(message).map_err(|_| KeyError::Unsealable)?.as_ref().to_vec())
    }

    /// The public key that verifies it, 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Signer([REDACTED])")
    }
}

/// Whether `signature` is the Ed25519 signature of `message` under `public_key`.
#[must_use]
pub fn verify_ed25519(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
}
