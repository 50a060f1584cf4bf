use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};
use vestibule_kernel::IdSource;

/// The bytes of every symmetric key here.
pub(crate) const KEY_BYTES: usize = 32;

/// AES-256-GCM with a random 96-bit nonce in front of the ciphertext.
///
/// Random nonces are sound for up to 2^32 messages under one key (NIST SP 800-38D section 8.3). A person's key seals a
/// few hundred, the key of the sign-in cookies is rotated long before.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Result<Self, Unspecified> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?)))
    }

    pub(crate) fn seal(&self, ids: &dyn IdSource, aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let nonce = ids.bytes::<NONCE_LEN>();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, body) = sealed.split_at_mut(NONCE_LEN);
        let tag = self.0.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), body)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut plaintext = body.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(aad), &mut plaintext)?.len();
        plaintext.truncate(length);
        Ok(plaintext)
    }
}

/// HKDF with SHA-256 (RFC 5869), extracted: keys for different uses of one secret are independent of each other.
pub(crate) struct Derivation(Prk);

impl Derivation {
    pub(crate) fn of(secret: &[u8]) -> Self {
        Self(Salt::new(HKDF_SHA256, b"vestibule").extract(secret))
    }

    pub(crate) fn expand(&self, usage: &[u8], label: &[u8]) -> Result<[u8; KEY_BYTES], Unspecified> {
        let mut key = [0; KEY_BYTES];
        // The length of `usage` in front keeps ("ab", "c") and ("a", "bc") apart.
        self.0.expand(&[&length(usage), usage, label], KeyBytes)?.fill(&mut key)?;
        Ok(key)
    }
}

struct KeyBytes;

impl KeyType for KeyBytes {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// The length of a part of an unambiguous encoding.
pub(crate) fn length(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}
