use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;
use uppsala::{Document, NodeId};

use crate::{
    IdpError,
    request_signature::Detached,
    xml::{ASSERTION, PROTOCOL},
};

/// What a request may inflate to; real ones are far below 4 KiB.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;

/// An AuthnRequest as it arrived (SAML core section 3.4.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedRequest {
    /// Its ID, to be repeated as InResponseTo.
    pub id: String,
    /// Its Issuer: the service provider's entity id, and the audience of the answer.
    pub issuer: String,
    /// The AssertionConsumerServiceURL, where the answer goes.
    pub acs_url: Option<String>,
    /// Its Destination.
    pub destination: Option<String>,
    /// Its IssueInstant, as written.
    pub issue_instant: Option<String>,
    /// The ProtocolBinding it wants the answer by.
    pub protocol_binding: Option<String>,
    /// The Format of its NameIDPolicy.
    pub name_id_format: Option<String>,
    /// Whether the person must prove themselves again.
    pub force_authn: bool,
    /// The AuthnContextClassRefs of its RequestedAuthnContext.
    pub requested_authn_context: Vec<String>,
    /// The RelayState that came with it and must go back unchanged.
    pub relay_state: Option<String>,
    /// The request as it was written.
    pub xml: String,
    pub(crate) detached: Option<Detached>,
}

/// HTTP Redirect binding with DEFLATE encoding (SAML bindings section 3.4.4.1).
pub(crate) fn from_redirect(query: &str) -> Result<ReceivedRequest, IdpError> {
    let (value, relay_state) = fields(query)?;
    let request = parse(inflated(&value)?, relay_state)?;
    Ok(ReceivedRequest { detached: Detached::of(query), ..request })
}

/// What a parameter of the Redirect binding holds: at most 64 KiB.
pub(crate) fn inflated(value: &str) -> Result<String, IdpError> {
    let compressed = STANDARD.decode(value).map_err(IdpError::Base64)?;
    let mut xml = String::new();
    let mut decoder = DeflateDecoder::new(compressed.as_slice()).take(REQUEST_BYTES_MAX + 1);
    let read = decoder.read_to_string(&mut xml).map_err(|_| IdpError::Deflate)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > REQUEST_BYTES_MAX {
        return Err(IdpError::Deflate);
    }
    Ok(xml)
}

/// HTTP POST binding (SAML bindings section 3.5.4).
pub(crate) fn from_post(form: &str) -> Result<ReceivedRequest, IdpError> {
    let (value, relay_state) = fields(form)?;
    let xml = STANDARD.decode(value).map_err(IdpError::Base64)?;
    parse(String::from_utf8(xml).map_err(|_| IdpError::Utf8)?, relay_state)
}

fn fields(encoded: &str) -> Result<(String, Option<String>), IdpError> {
    let (mut request, mut relay_state) = (None, None);
    for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()) {
        match &*name {
            "SAMLRequest" => request = Some(value.into_owned()),
            "RelayState" => relay_state = Some(value.into_owned()),
            _ => {}
        }
    }
    Ok((request.ok_or(IdpError::RequestMissing)?, relay_state))
}

fn parse(xml: String, relay_state: Option<String>) -> Result<ReceivedRequest, IdpError> {
    let document = uppsala::Parser::new().with_forbid_dtd(true).parse(&xml).map_err(IdpError::Xml)?;
    let root = document.document_element().ok_or(IdpError::NotAnAuthnRequest)?;
    if !document.element(root).is_some_and(|element| element.matches_name_ns(PROTOCOL, "AuthnRequest")) {
        return Err(IdpError::NotAnAuthnRequest);
    }
    let attribute = |name| document.get_attribute(root, name).map(str::to_owned);
    let name_id_policy = document.first_child_element_by_name_ns(root, PROTOCOL, "NameIDPolicy");
    let request = ReceivedRequest {
        id: attribute("ID").ok_or(IdpError::NotAnAuthnRequest)?,
        issuer: issuer(&document, root).ok_or(IdpError::NotAnAuthnRequest)?,
        acs_url: attribute("AssertionConsumerServiceURL"),
        destination: attribute("Destination"),
        issue_instant: attribute("IssueInstant"),
        protocol_binding: attribute("ProtocolBinding"),
        name_id_format: name_id_policy.and_then(|policy| document.get_attribute(policy, "Format")).map(str::to_owned),
        force_authn: matches!(document.get_attribute(root, "ForceAuthn"), Some("true" | "1")),
        requested_authn_context: authn_context(&document, root),
        relay_state,
        xml: String::new(),
        detached: None,
    };
    drop(document);
    Ok(ReceivedRequest { xml, ..request })
}

fn authn_context(document: &Document<'_>, root: NodeId) -> Vec<String> {
    let requested = document.first_child_element_by_name_ns(root, PROTOCOL, "RequestedAuthnContext");
    let classes = requested.into_iter().flat_map(|requested| document.children(requested));
    classes.map(|class| document.text_content_deep(class).trim().to_owned()).filter(|class| !class.is_empty()).collect()
}

pub(crate) fn issuer(document: &Document<'_>, root: NodeId) -> Option<String> {
    let issuer = document.first_child_element_by_name_ns(root, ASSERTION, "Issuer")?;
    Some(document.text_content_deep(issuer).trim().to_owned())
}
