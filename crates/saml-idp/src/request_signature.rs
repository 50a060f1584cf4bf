//! Whether a request is its service provider's (SAML bindings sections 3.4.4.1 and 3.5.4).

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use bergshamra::{DsigContext, KeysManager, VerifyResult, dsig::verify::verify_all_document_with_source, keys::loader};

use crate::{IdpError, KnownServiceProvider, ReceivedLogout, ReceivedRequest, xml::certificate_key};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// The signature beside a request in the Redirect binding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Detached {
    /// The bytes of the query that it covers, as they came.
    signed: String,
    algorithm: String,
    value: Vec<u8>,
}

impl Detached {
    /// The signature of a query; `None` when there is none.
    pub(crate) fn of(query: &str) -> Option<Self> {
        let raw = |name: &str| query.split('&').find(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name));
        let text = |name: &str| {
            let (_, value) = url::form_urlencoded::parse(raw(name)?.as_bytes()).next()?;
            Some(value.into_owned())
        };
        let message = raw("SAMLRequest").or_else(|| raw("SAMLResponse"));
        let parts = [message, raw("RelayState"), raw("SigAlg")];
        Some(Self {
            signed: parts.into_iter().flatten().collect::<Vec<_>>().join("&"),
            algorithm: text("SigAlg")?,
            value: STANDARD.decode(text("Signature")?).ok()?,
        })
    }
}

impl ReceivedRequest {
    /// Whether this service provider signed the request, by either binding.
    ///
    /// # Errors
    /// [`IdpError::RequestUnsigned`] or [`IdpError::RequestSignatureInvalid`].
    pub fn require_signed_by(&self, service_provider: &KnownServiceProvider) -> Result<(), IdpError> {
        require(self.detached.as_ref(), &self.xml, service_provider)
    }
}

impl ReceivedLogout {
    /// Whether this service provider signed the message, by either binding.
    ///
    /// # Errors
    /// [`IdpError::RequestUnsigned`] or [`IdpError::RequestSignatureInvalid`].
    pub fn require_signed_by(&self, service_provider: &KnownServiceProvider) -> Result<(), IdpError> {
        require(self.detached.as_ref(), &self.xml, service_provider)
    }
}

fn require(detached: Option<&Detached>, xml: &str, service_provider: &KnownServiceProvider) -> Result<(), IdpError> {
    let is_signed_by = |certificate: &[u8]| match detached {
        Some(detached) => detached.is_by(certificate),
        None => is_enveloped_by(xml, certificate),
    };
    if detached.is_none() && !xml.contains("SignatureValue>") {
        return Err(IdpError::RequestUnsigned);
    }
    let known = service_provider.signing.iter().any(|certificate| is_signed_by(certificate).unwrap_or(false));
    if known { Ok(()) } else { Err(IdpError::RequestSignatureInvalid) }
}

/// One enveloped signature over the document element.
fn is_enveloped_by(xml: &str, certificate: &[u8]) -> Option<bool> {
    let mut keys = KeysManager::new();
    keys.add_key(loader::load_spki_der(&certificate_key(certificate)?).ok()?);
    let document = uppsala::parse(xml).ok()?;
    let root = document.document_element()?;
    let results = verify_all_document_with_source(&DsigContext::new(keys), &document, Some(xml)).ok()?;
    let [VerifyResult::Valid { references, .. }] = results.as_slice() else { return Some(false) };
    let [reference] = references.as_slice() else { return Some(false) };
    Some(reference.digest_verified && reference.resolved_node == Some(root))
}

impl Detached {
    fn is_by(&self, certificate: &[u8]) -> Option<bool> {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, certificate_key(certificate)?);
        Some(self.algorithm == RSA_SHA256 && key.verify(self.signed.as_bytes(), &self.value).is_ok())
    }
}
