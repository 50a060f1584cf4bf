//! Messages of ours on their way to an identity provider, signed or not.

mod enveloped;

use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use url::{Url, form_urlencoded::byte_serialize};
use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{Credential, CredentialError, RelayState, name::RSA_SHA256};

/// Whether a message asks or answers: the name of the parameter that carries it (SAML bindings sections 3.4.4 and
/// 3.5.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageKind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl MessageKind {
    /// The parameter's name.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message on its way out. How it is signed depends on the binding, so it is signed where it is bound.
#[derive(Clone, Copy, Debug)]
pub struct OutgoingMessage<'a> {
    /// Whether it asks or answers.
    pub kind: MessageKind,
    /// The message: one element with an ID and an Issuer.
    pub xml: &'a str,
    /// Where it goes.
    pub destination: &'a Url,
    /// What travels beside it.
    pub relay_state: Option<&'a RelayState>,
}

/// A message cannot be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The key cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The message is not one element with an ID and an Issuer.
    #[error("only a message with an ID and an Issuer can be signed")]
    NotAMessage,
}

impl Explain for SigningError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Credential(error) => error.explain(),
            Self::NotAMessage => Explanation::new(Kind::Internal, "MESSAGE_UNSIGNABLE"),
        }
    }
}

impl OutgoingMessage<'_> {
    /// Where to send the browser in the HTTP Redirect binding (SAML bindings section 3.4.4): the destination with the
    /// message and the RelayState behind what its query already holds. A signature is detached and covers exactly the
    /// bytes of the query that are sent, in the order that section 3.4.4.1 prescribes.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn redirect_url(&self, signer: Option<&Credential>) -> Result<Url, SigningError> {
        let mut query = String::new();
        parameter(&mut query, self.kind.parameter(), &STANDARD.encode(deflate(self.xml.as_bytes())));
        if let Some(relay_state) = self.relay_state {
            parameter(&mut query, "RelayState", relay_state.as_str());
        }
        if let Some(signer) = signer {
            parameter(&mut query, "SigAlg", RSA_SHA256);
            let signature = signer.rsa_sha256(query.as_bytes())?;
            parameter(&mut query, "Signature", &STANDARD.encode(signature));
        }
        let mut url = self.destination.clone();
        let before = url.query().filter(|before| !before.is_empty());
        let query = before.map_or_else(|| query.clone(), |before| format!("{before}&{query}"));
        url.set_query(Some(&query));
        Ok(url)
    }

    /// The value of the form field named [`MessageKind::parameter`] in the HTTP POST binding (SAML bindings section
    /// 3.5.4). The form goes to the destination, the RelayState in a field of its own; both must be escaped for HTML. A
    /// signature is enveloped (SAML core section 5.4) and stands behind the Issuer.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn post_value(&self, signer: Option<&Credential>) -> Result<String, SigningError> {
        Ok(match signer {
            Some(signer) => STANDARD.encode(enveloped::sign(self.xml, signer)?),
            None => STANDARD.encode(self.xml),
        })
    }
}

/// Adds a parameter. Its value is encoded here and never again, because the signature covers the encoded form.
fn parameter(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.extend(byte_serialize(value.as_bytes()));
}

/// Raw DEFLATE (RFC 1951), as the Redirect binding wants it.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let written = encoder.write_all(bytes);
    debug_assert!(written.is_ok(), "a vector takes all bytes");
    encoder.finish().unwrap_or_default()
}
