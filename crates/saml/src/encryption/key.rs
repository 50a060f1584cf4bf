use std::fmt;

use aws_lc_rs::{
    hmac,
    rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use vestibule_kernel::{ExposeSecret as _, SecretBytes};

use super::{Encrypted, form::EncryptedKey};
use crate::{Credential, CredentialError, Fingerprint, limit};

/// The private keys of one connection that open what its identity provider encrypts: the present one, and the one before
/// it while identity providers still have that from our metadata. Made ready once and used for many messages.
#[derive(Default)]
pub struct DecryptionKeys(Vec<DecryptionKey>);

struct DecryptionKey {
    certificate: Fingerprint,
    private: OaepPrivateDecryptingKey,
    /// Makes the keys that take the place of those that do not unwrap.
    decoys: hmac::Key,
}

impl DecryptionKeys {
    /// Makes the keys of these credentials ready; of more than [`limit::DECRYPTION_KEYS_MAX`] the first ones, so that the
    /// work that a message can cause stays bounded.
    ///
    /// # Errors
    /// When the cryptographic library does not take a key.
    pub fn new<'c>(credentials: impl IntoIterator<Item = &'c Credential>) -> Result<Self, CredentialError> {
        let keys = credentials.into_iter().take(limit::DECRYPTION_KEYS_MAX).map(|credential| {
            let pkcs8 = credential.pkcs8().expose_secret();
            let private = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| CredentialError::Key)?;
            Ok(DecryptionKey {
                certificate: credential.certificate().fingerprint(),
                private: OaepPrivateDecryptingKey::new(private).map_err(|_| CredentialError::Key)?,
                decoys: hmac::Key::new(hmac::HMAC_SHA256, pkcs8),
            })
        });
        keys.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none: then nothing encrypted can be meant for this connection.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of the content. Every private key is tried on every EncryptedKey, and a decoy is made, whatever comes of
    /// it: how much work it is follows from the form of the message and the number of keys, not from what they unwrap.
    pub(super) fn content_key(&self, encrypted: &Encrypted) -> SecretBytes {
        let length = encrypted.cipher.key_bytes();
        let mut content_key = None;
        for key in &self.0 {
            for wrapped in &encrypted.keys {
                let unwrapped = key.unwrap(wrapped).filter(|unwrapped| unwrapped.expose_secret().len() == length);
                content_key = content_key.or(unwrapped);
            }
        }
        let decoy = self.decoy(encrypted, length);
        content_key.unwrap_or(decoy)
    }

    /// A key that nobody without ours can compute, another one for each ciphertext and the same whenever it is asked for.
    fn decoy(&self, encrypted: &Encrypted, length: usize) -> SecretBytes {
        let Some(key) = self.0.first() else { return vec![0; length].into() };
        let mut context = hmac::Context::with_key(&key.decoys);
        context.update(b"vestibule saml decoy content key");
        for wrapped in &encrypted.keys {
            context.update(&wrapped.ciphertext);
        }
        context.update(&encrypted.ciphertext);
        context.sign().as_ref().get(..length).unwrap_or_default().to_vec().into()
    }
}

impl DecryptionKey {
    fn unwrap(&self, wrapped: &EncryptedKey) -> Option<SecretBytes> {
        let mut output = vec![0; self.private.min_output_size()];
        let unwrapped = self.private.decrypt(wrapped.transport.algorithm(), &wrapped.ciphertext, &mut output, None);
        let unwrapped: Option<SecretBytes> = unwrapped.ok().map(|key| key.to_vec().into());
        // Wiped when dropped, as the copy is.
        drop(SecretBytes::from(output));
        unwrapped
    }
}

impl fmt::Debug for DecryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificates = self.0.iter().map(|key| key.certificate.to_string());
        f.debug_tuple("DecryptionKeys").field(&certificates.collect::<Vec<_>>()).finish()
    }
}
