//! XML Encryption as far as SAML needs it, by a reader of our own: one form, a short list of algorithms, no reference
//! that leaves the element, no key but the connection's own.
//!
//! Encryption proves nothing about who encrypted: everybody has our public key. So what comes out of here is a new
//! document that is measured, parsed, verified and compared like any other.
//!
//! Whatever can go wrong once a private key is involved is [`DecryptionFailed`] and says no more. Where no key unwraps, a
//! key that only we can compute takes its place, and the work goes on as if it were the right one: neither answer nor
//! effort tells an outsider whether it was the key, the padding, the tag or the content (Jager and Somorovsky, How to
//! Break XML Encryption, 2011; Manger, A Chosen Ciphertext Attack on RSA-OAEP, 2001).

mod cipher;
mod form;
mod key;
mod transport;

pub(crate) use cipher::Cipher;
pub(crate) use form::Encrypted;
pub use key::DecryptionKeys;

/// Something encrypted does not open. Why is nobody's business.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct DecryptionFailed;

impl DecryptionKeys {
    /// What is encrypted, as text.
    pub(crate) fn open(&self, encrypted: &Encrypted) -> Result<String, DecryptionFailed> {
        let key = self.content_key(encrypted);
        let plaintext = encrypted.cipher.open(&key, encrypted.ciphertext.clone())?;
        String::from_utf8(plaintext).map_err(|_| DecryptionFailed)
    }
}
