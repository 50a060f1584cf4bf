//! XML Encryption, the identity provider's half (SAML core section 2.2.4).

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_kernel::IdSource;

use crate::{
    IdpError,
    xml::{ASSERTION, DSIG, certificate_key, escape},
};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
const BLOCK_BYTES: usize = 16;

/// How content is encrypted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ContentCipher {
    /// AES-128 in GCM mode.
    Aes128Gcm,
    /// AES-192 in GCM mode.
    Aes192Gcm,
    /// AES-256 in GCM mode.
    #[default]
    Aes256Gcm,
    /// AES-128 in CBC mode.
    Aes128Cbc,
    /// AES-192 in CBC mode.
    Aes192Cbc,
    /// AES-256 in CBC mode.
    Aes256Cbc,
}

/// How the key of the content is encrypted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyTransport {
    /// `rsa-oaep-mgf1p`, SHA-1 throughout.
    #[default]
    OaepMgf1p,
    /// `rsa-oaep` of XML Encryption 1.1, SHA-1 throughout.
    OaepSha1,
    /// `rsa-oaep` of XML Encryption 1.1, SHA-256 throughout.
    OaepSha256,
}

/// Where the encrypted key stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyPlacement {
    /// In the KeyInfo of the EncryptedData.
    #[default]
    Inside,
    /// Beside the EncryptedData, with a RetrievalMethod that leads there.
    Beside,
}

/// What is encrypted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Encrypts {
    /// The Assertion.
    #[default]
    Assertion,
    /// The NameID.
    NameId,
    /// The NameID, and then the Assertion around it.
    Both,
}

/// For whom and how a message is encrypted: good for one message.
#[derive(Clone, Debug)]
pub struct EncryptionTerms {
    /// The service provider's certificate for encryption, in DER.
    pub certificate_der: Vec<u8>,
    /// How the content is encrypted.
    pub cipher: ContentCipher,
    /// How its key is encrypted.
    pub transport: KeyTransport,
    /// Where its key stands.
    pub placement: KeyPlacement,
    /// What is encrypted.
    pub encrypts: Encrypts,
    randomness: [u8; 96],
}

impl EncryptionTerms {
    /// Encrypts the Assertion for whoever has the key of this certificate: AES-256-GCM, RSA-OAEP.
    #[must_use]
    pub fn new(certificate_der: impl Into<Vec<u8>>, ids: &(dyn IdSource + 'static)) -> Self {
        Self {
            certificate_der: certificate_der.into(),
            cipher: ContentCipher::default(),
            transport: KeyTransport::default(),
            placement: KeyPlacement::default(),
            encrypts: Encrypts::default(),
            randomness: ids.bytes::<96>(),
        }
    }

    pub(crate) fn encrypts_name_id(&self) -> bool {
        self.encrypts != Encrypts::Assertion
    }

    pub(crate) fn encrypts_assertion(&self) -> bool {
        self.encrypts != Encrypts::NameId
    }

    /// An element of SAML's assertion namespace named `wrapper` that holds `element`, encrypted.
    ///
    /// # Errors
    /// [`IdpError::Encryption`] when the certificate's key does not encrypt.
    pub fn encrypt(&self, wrapper: &str, element: &str) -> Result<String, IdpError> {
        // One half of the randomness for what stands inside, the other for what stands around it.
        let (inside, around) = self.randomness.split_at(48);
        let random = if wrapper == "EncryptedAssertion" { around } else { inside };
        let (key, nonce) = random.split_at(32);
        let key = key.get(..self.cipher.key_bytes()).unwrap_or_default();
        let content = self.cipher.encrypt(key, nonce, element.as_bytes()).ok_or(IdpError::Encryption)?;
        let key_value = self.wrap(key).ok_or(IdpError::Encryption)?;
        let (retrieval, inside, beside) = match self.placement {
            KeyPlacement::Inside => (String::new(), self.encrypted_key("", &key_value), String::new()),
            KeyPlacement::Beside => {
                let id = format!("_key_of_{wrapper}");
                let retrieval = format!("<ds:RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"#{id}\"/>");
                (retrieval, String::new(), self.encrypted_key(&format!(" Id=\"{id}\""), &key_value))
            }
        };
        Ok(format!(
            "<saml:{wrapper} xmlns:saml=\"{ASSERTION}\"><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
             Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{}\"/><ds:KeyInfo xmlns:ds=\"{DSIG}\">\
             {retrieval}{inside}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>\
             </xenc:EncryptedData>{beside}</saml:{wrapper}>",
            self.cipher.uri(),
            STANDARD.encode(content),
        ))
    }

    fn wrap(&self, key: &[u8]) -> Option<Vec<u8>> {
        let public = PublicEncryptingKey::from_der(&certificate_key(&self.certificate_der)?).ok()?;
        let public = OaepPublicEncryptingKey::new(public).ok()?;
        let mut wrapped = vec![0; public.ciphertext_size()];
        let length = public.encrypt(self.transport.algorithm(), key, &mut wrapped, None).ok()?.len();
        wrapped.truncate(length);
        Some(wrapped)
    }

    fn encrypted_key(&self, id: &str, wrapped: &[u8]) -> String {
        format!(
            "<xenc:EncryptedKey xmlns:xenc=\"{XENC}\"{id}>{}<ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data>\
             <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{}\
             </xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>",
            self.transport.method(),
            escape(&STANDARD.encode(&self.certificate_der)),
            STANDARD.encode(wrapped),
        )
    }
}

impl ContentCipher {
    /// Its Algorithm.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes192Gcm => "http://www.w3.org/2009/xmlenc11#aes192-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes192Cbc => "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    const fn key_bytes(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes192Gcm | Self::Aes192Cbc => 24,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }

    fn encrypt(self, key: &[u8], random: &[u8], content: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes128Gcm => gcm(&aead::AES_128_GCM, key, random, content),
            Self::Aes192Gcm => gcm(&aead::AES_192_GCM, key, random, content),
            Self::Aes256Gcm => gcm(&aead::AES_256_GCM, key, random, content),
            Self::Aes128Cbc => cbc(&cipher::AES_128, key, random, content),
            Self::Aes192Cbc => cbc(&cipher::AES_192, key, random, content),
            Self::Aes256Cbc => cbc(&cipher::AES_256, key, random, content),
        }
    }
}

fn gcm(algorithm: &'static aead::Algorithm, key: &[u8], random: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let nonce = random.get(..aead::NONCE_LEN)?;
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let mut sealed = content.to_vec();
    let unique = Nonce::try_assume_unique_for_key(nonce).ok()?;
    key.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed).ok()?;
    Some([nonce, &sealed].concat())
}

/// The last byte tells the length of the padding; the others hold anything (XML Encryption 1.1 section 5.2.3).
fn cbc(algorithm: &'static cipher::Algorithm, key: &[u8], random: &[u8], content: &[u8]) -> Option<Vec<u8>> {
    let iv: [u8; BLOCK_BYTES] = random.get(..BLOCK_BYTES)?.try_into().ok()?;
    let padding = BLOCK_BYTES - content.len() % BLOCK_BYTES;
    let mut blocks = content.to_vec();
    blocks.resize(content.len() + padding - 1, 0xa5);
    blocks.push(u8::try_from(padding).ok()?);
    let key = cipher::EncryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    key.less_safe_encrypt(&mut blocks, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    Some([iv.as_slice(), &blocks].concat())
}

impl KeyTransport {
    fn method(self) -> String {
        match self {
            Self::OaepMgf1p => format!(
                "<xenc:EncryptionMethod Algorithm=\"{XENC}rsa-oaep-mgf1p\"><ds:DigestMethod xmlns:ds=\"{DSIG}\" \
                 Algorithm=\"{DSIG}sha1\"/></xenc:EncryptionMethod>"
            ),
            Self::OaepSha1 => format!("<xenc:EncryptionMethod Algorithm=\"{XENC11}rsa-oaep\"/>"),
            Self::OaepSha256 => format!(
                "<xenc:EncryptionMethod Algorithm=\"{XENC11}rsa-oaep\"><ds:DigestMethod xmlns:ds=\"{DSIG}\" \
                 Algorithm=\"{XENC}sha256\"/><xenc11:MGF xmlns:xenc11=\"{XENC11}\" Algorithm=\"{XENC11}mgf1sha256\"/>\
                 </xenc:EncryptionMethod>"
            ),
        }
    }

    const fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::OaepMgf1p | Self::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            Self::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}
