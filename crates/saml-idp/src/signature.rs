use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{DsigContext, KeysManager, dsig::sign::sign_document_node};
use uppsala::{Document, NodeId};

use crate::{
    IdpError, KeyType, SigningKey,
    xml::{ASSERTION, DSIG, escape},
};

const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A signature algorithm with the digest that goes with it (RFC 6931).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// RSASSA-PSS with SHA-256, in the form without parameters.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512.
    RsaPssSha512,
    /// ECDSA with SHA-256, for keys on P-256.
    EcdsaSha256,
    /// ECDSA with SHA-384, for keys on P-384.
    EcdsaSha384,
    /// ECDSA with SHA-512, for keys on P-521.
    EcdsaSha512,
    /// Hostile: HMAC with SHA-256.
    HmacSha256,
}

impl SignatureAlgorithm {
    /// Its `SignatureMethod`.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::RsaPssSha256 => "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            Self::RsaPssSha384 => "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
            Self::RsaPssSha512 => "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
            Self::HmacSha256 => "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        }
    }

    /// The `DigestMethod` of the same strength.
    #[must_use]
    pub const fn digest_uri(self) -> &'static str {
        match self {
            Self::RsaSha256 | Self::RsaPssSha256 | Self::EcdsaSha256 | Self::HmacSha256 => {
                "http://www.w3.org/2001/04/xmlenc#sha256"
            }
            Self::RsaSha384 | Self::RsaPssSha384 | Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::RsaSha512 | Self::RsaPssSha512 | Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }
}

/// What the signature says about its key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum KeyInfo {
    /// The signer's certificate.
    #[default]
    Certificate,
    /// Nothing.
    Omit,
    /// This XML, a whole `ds:KeyInfo`.
    Xml(String),
}

/// How an element is signed. The fields are the text that is written, so that a test can write anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureProfile {
    /// The Algorithm of the SignatureMethod.
    pub signature_method: String,
    /// The Algorithm of the DigestMethod.
    pub digest_method: String,
    /// The Algorithm of the CanonicalizationMethod.
    pub canonicalization_method: String,
    /// The Algorithms of the Transforms, in order.
    pub transforms: Vec<String>,
    /// The PrefixList of the exclusive canonicalisation of the reference; `None` writes none.
    pub inclusive_prefixes: Option<String>,
    /// The Reference's URI; `None` is `#` and the signed element's ID.
    pub reference_uri: Option<String>,
    /// What the signature says about its key.
    pub key_info: KeyInfo,
}

impl SignatureProfile {
    /// The profile that SAML prescribes (core section 5.4): enveloped, exclusive C14N, one reference by ID.
    #[must_use]
    pub fn new(algorithm: SignatureAlgorithm) -> Self {
        Self {
            signature_method: algorithm.uri().to_owned(),
            digest_method: algorithm.digest_uri().to_owned(),
            canonicalization_method: EXCLUSIVE_C14N.to_owned(),
            transforms: vec![ENVELOPED.to_owned(), EXCLUSIVE_C14N.to_owned()],
            inclusive_prefixes: None,
            reference_uri: None,
            key_info: KeyInfo::Certificate,
        }
    }

    fn template(&self, id: &str, certificate: &[u8]) -> String {
        let mut transforms = String::new();
        for transform in &self.transforms {
            let prefixes = self.inclusive_prefixes.as_deref().filter(|_| transform == EXCLUSIVE_C14N);
            // Writing to a string does not fail.
            let _ = match prefixes {
                Some(prefixes) => write!(
                    transforms,
                    "<ds:Transform Algorithm=\"{EXCLUSIVE_C14N}\"><ec:InclusiveNamespaces \
                     xmlns:ec=\"{EXCLUSIVE_C14N}\" PrefixList=\"{}\"/></ds:Transform>",
                    escape(prefixes)
                ),
                None => write!(transforms, "<ds:Transform Algorithm=\"{}\"/>", escape(transform)),
            };
        }
        let key_info = match &self.key_info {
            KeyInfo::Certificate => format!(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                STANDARD.encode(certificate)
            ),
            KeyInfo::Omit => String::new(),
            KeyInfo::Xml(xml) => xml.clone(),
        };
        let uri = self.reference_uri.clone().unwrap_or_else(|| format!("#{id}"));
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{}\"/><ds:SignatureMethod Algorithm=\"{}\"/>\
             <ds:Reference URI=\"{}\"><ds:Transforms>{transforms}</ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{}\"/><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo>\
             <ds:SignatureValue></ds:SignatureValue>{key_info}</ds:Signature>",
            escape(&self.canonicalization_method),
            escape(&self.signature_method),
            escape(&uri),
            escape(&self.digest_method),
        )
    }
}

impl SigningKey {
    /// The usual profile of this key: SHA-256 with RSA or, for the hostile kind, HMAC; with ECDSA the digest of the curve.
    #[must_use]
    pub fn profile(&self) -> SignatureProfile {
        SignatureProfile::new(self.algorithm())
    }

    /// What this kind of key usually signs with.
    pub(crate) const fn algorithm(&self) -> SignatureAlgorithm {
        match self.key_type() {
            _ if self.symmetric => SignatureAlgorithm::HmacSha256,
            KeyType::Rsa2048 | KeyType::Rsa4096 => SignatureAlgorithm::RsaSha256,
            KeyType::EcP256 => SignatureAlgorithm::EcdsaSha256,
            KeyType::EcP384 => SignatureAlgorithm::EcdsaSha384,
            KeyType::EcP521 => SignatureAlgorithm::EcdsaSha512,
        }
    }

    /// Signs the element whose `ID` is `id` and puts the signature where SAML's schema wants it: behind the
    /// element's Issuer, or first when there is none. Everything else of `xml` stays byte by byte as it is.
    ///
    /// # Errors
    /// [`IdpError::Xml`] for what is not XML, [`IdpError::NothingToSign`] when no element has the ID,
    /// [`IdpError::Signing`] when the key cannot make such a signature.
    pub fn sign_element(&self, xml: &str, id: &str, profile: &SignatureProfile) -> Result<String, IdpError> {
        let at = {
            let document = uppsala::parse(xml).map_err(IdpError::Xml)?;
            signature_offset(&document, id).ok_or(IdpError::NothingToSign)?
        };
        let (before, after) = xml.split_at_checked(at).ok_or(IdpError::NothingToSign)?;
        let template = format!("{before}{}{after}", profile.template(id, self.certificate_der()));
        let mut document = uppsala::parse(&template).map_err(IdpError::Xml)?;
        let signature = document
            .get_elements_by_tag_name_ns(DSIG, "Signature")
            .into_iter()
            .find(|node| document.node_range(*node).is_some_and(|range| range.start == at))
            .ok_or(IdpError::NothingToSign)?;
        let mut keys = KeysManager::new();
        keys.add_key(self.key.clone());
        sign_document_node(&DsigContext::new(keys), &mut document, signature).map_err(IdpError::Signing)?;
        Ok(format!("{before}{}{after}", document.node_to_xml(signature)))
    }
}

/// The byte offset at which the signature of the element with this ID belongs.
fn signature_offset(document: &Document<'_>, id: &str) -> Option<usize> {
    let mut nodes = document.descendants(document.root()).into_iter();
    let element: NodeId = nodes.find(|node| document.get_attribute(*node, "ID") == Some(id))?;
    if let Some(issuer) = document.first_child_element_by_name_ns(element, ASSERTION, "Issuer") {
        return document.node_range(issuer).map(|range| range.end);
    }
    let first = document.first_child(element)?;
    document.node_range(first).map(|range| range.start)
}
