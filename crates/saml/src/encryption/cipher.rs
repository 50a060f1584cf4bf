use aws_lc_rs::{
    aead,
    cipher::{self, AES_CBC_IV_LEN, DecryptionContext},
    iv::FixedLength,
};
use vestibule_kernel::{ExposeSecret as _, SecretBytes};

use super::DecryptionFailed;

/// The length of an AES block; padding has 1 to as many bytes (XML Encryption 1.1 section 5.2).
const BLOCK_BYTES: usize = 16;

/// A block encryption algorithm (XML Encryption 1.1 section 5.2): AES.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cipher {
    mode: Mode,
    key_bytes: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    /// Galois/Counter: what was changed does not open.
    Gcm,
    /// Cipher block chaining: what was changed opens to something else.
    Cbc,
}

impl Cipher {
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        let (mode, key_bytes) = match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => (Mode::Gcm, 16),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" => (Mode::Gcm, 24),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => (Mode::Gcm, 32),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => (Mode::Cbc, 16),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => (Mode::Cbc, 24),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => (Mode::Cbc, 32),
            _ => return None,
        };
        Some(Self { mode, key_bytes })
    }

    pub(super) const fn key_bytes(self) -> usize {
        self.key_bytes
    }

    /// Whether a changed ciphertext opens to something else: then a signature around it has to be verified first.
    pub(crate) fn is_malleable(self) -> bool {
        self.mode == Mode::Cbc
    }

    pub(super) fn open(self, key: &SecretBytes, ciphertext: Vec<u8>) -> Result<Vec<u8>, DecryptionFailed> {
        match self.mode {
            Mode::Gcm => self.open_gcm(key, ciphertext),
            Mode::Cbc => self.open_cbc(key, ciphertext),
        }
    }

    /// A nonce of 96 bits, the ciphertext, a tag of 128 bits (section 5.2.4).
    fn open_gcm(self, key: &SecretBytes, mut ciphertext: Vec<u8>) -> Result<Vec<u8>, DecryptionFailed> {
        let algorithm = match self.key_bytes {
            16 => &aead::AES_128_GCM,
            24 => &aead::AES_192_GCM,
            _ => &aead::AES_256_GCM,
        };
        let key = aead::UnboundKey::new(algorithm, key.expose_secret()).map_err(|_| DecryptionFailed)?;
        let (nonce, sealed) = ciphertext.split_at_mut_checked(aead::NONCE_LEN).ok_or(DecryptionFailed)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| DecryptionFailed)?;
        let opened = aead::LessSafeKey::new(key).open_in_place(nonce, aead::Aad::empty(), sealed);
        Ok(opened.map_err(|_| DecryptionFailed)?.to_vec())
    }

    /// An initialisation vector and whole blocks, of which the last byte tells how many bytes are padding; what the others
    /// of them hold is nobody's concern (section 5.2.3), so this is not PKCS#7.
    fn open_cbc(self, key: &SecretBytes, mut ciphertext: Vec<u8>) -> Result<Vec<u8>, DecryptionFailed> {
        let algorithm = match self.key_bytes {
            16 => &cipher::AES_128,
            24 => &cipher::AES_192,
            _ => &cipher::AES_256,
        };
        let (iv, blocks) = ciphertext.split_at_mut_checked(AES_CBC_IV_LEN).ok_or(DecryptionFailed)?;
        let iv: [u8; AES_CBC_IV_LEN] = (&*iv).try_into().map_err(|_| DecryptionFailed)?;
        let key = cipher::UnboundCipherKey::new(algorithm, key.expose_secret()).map_err(|_| DecryptionFailed)?;
        let key = cipher::DecryptingKey::cbc(key).map_err(|_| DecryptionFailed)?;
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        let opened = key.decrypt(blocks, context).map_err(|_| DecryptionFailed)?;
        let padding = opened.last().map(|last| usize::from(*last)).filter(|count| (1..=BLOCK_BYTES).contains(count));
        let length = padding.and_then(|count| opened.len().checked_sub(count)).ok_or(DecryptionFailed)?;
        Ok(opened.get(..length).unwrap_or_default().to_vec())
    }
}
