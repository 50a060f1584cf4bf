//! Single logout, the identity provider's half (SAML core section 3.7).

use std::{fmt::Write as _, io::Write as _};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use url::form_urlencoded::byte_serialize;
use vestibule_kernel::{IdSource, Timestamp};

use crate::{
    IdpError, SigningKey, Subject, request,
    request_signature::Detached,
    xml::{ASSERTION, PROTOCOL, escape},
};

/// Whether a logout message asks or answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogoutKind {
    /// A LogoutRequest.
    Request,
    /// A LogoutResponse.
    Response,
}

impl LogoutKind {
    /// The parameter or form field that carries it.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// What a logout message says. [`Self::new`] makes terms that a service provider accepts; every field may be changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogoutTerms {
    /// Its ID.
    pub id: String,
    /// The service provider's single logout service.
    pub destination: Option<String>,
    /// The IssueInstant, as it is written.
    pub issue_instant: Option<String>,
    /// The NotOnOrAfter of a request, as it is written.
    pub not_on_or_after: Option<String>,
    /// The SessionIndexes of a request.
    pub session_indexes: Vec<String>,
    /// The request that a response answers.
    pub in_response_to: Option<String>,
    /// The status code of a response, and a second-level one below it.
    pub status: (String, Option<String>),
}

impl LogoutTerms {
    /// Terms of an acceptable message to `destination` with a fresh id: all sessions, or success.
    #[must_use]
    pub fn new(destination: impl Into<String>, now: Timestamp, ids: &(dyn IdSource + 'static)) -> Self {
        Self {
            id: format!("_{}", hex::encode(ids.bytes::<16>())),
            destination: Some(destination.into()),
            issue_instant: Some(now.to_string()),
            not_on_or_after: None,
            session_indexes: Vec::new(),
            in_response_to: None,
            status: ("urn:oasis:names:tc:SAML:2.0:status:Success".to_owned(), None),
        }
    }

    /// The same terms for one session more.
    #[must_use]
    pub fn of_session(mut self, session_index: impl Into<String>) -> Self {
        self.session_indexes.push(session_index.into());
        self
    }

    /// The same terms as the answer to a request.
    #[must_use]
    pub fn answering(mut self, request_id: impl Into<String>) -> Self {
        self.in_response_to = Some(request_id.into());
        self
    }

    /// The same terms with another status.
    #[must_use]
    pub fn with_status(mut self, code: &str, detail: Option<&str>) -> Self {
        let uri = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{name}");
        self.status = (uri(code), detail.map(uri));
        self
    }
}

/// A logout message of a service provider, as it arrived.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedLogout {
    /// Whether it asks or answers.
    pub kind: LogoutKind,
    /// Its ID.
    pub id: String,
    /// Its Issuer.
    pub issuer: String,
    /// Its Destination.
    pub destination: Option<String>,
    /// The NameID of a request.
    pub name_id: Option<String>,
    /// The Format of the NameID.
    pub name_id_format: Option<String>,
    /// The SessionIndexes of a request.
    pub session_indexes: Vec<String>,
    /// What a response answers.
    pub in_response_to: Option<String>,
    /// The status code of a response.
    pub status: Option<String>,
    /// The RelayState that came with it and must go back unchanged.
    pub relay_state: Option<String>,
    /// The message as it was written.
    pub xml: String,
    /// The signature beside it.
    pub(crate) detached: Option<Detached>,
}

/// SAML core section 3.7.1.
pub(crate) fn request(entity_id: &str, subject: &Subject, terms: &LogoutTerms) -> String {
    let format = attribute("Format", subject.name_id_format.as_ref());
    let mut indexes = String::new();
    for index in &terms.session_indexes {
        // Writing to a string does not fail.
        let _ = write!(indexes, "<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index));
    }
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\"{}{}>{}\
         <saml:NameID{format}>{}</saml:NameID>{indexes}</samlp:LogoutRequest>",
        attributes(terms),
        attribute("NotOnOrAfter", terms.not_on_or_after.as_ref()),
        issuer(entity_id),
        escape(&subject.name_id),
    )
}

/// SAML core section 3.7.2.
pub(crate) fn response(entity_id: &str, terms: &LogoutTerms) -> String {
    let (code, detail) = &terms.status;
    let detail =
        detail.as_ref().map_or_else(String::new, |detail| format!("<samlp:StatusCode Value=\"{}\"/>", escape(detail)));
    format!(
        "<samlp:LogoutResponse xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\"{}{}>{}\
         <samlp:Status><samlp:StatusCode Value=\"{}\">{detail}</samlp:StatusCode></samlp:Status></samlp:LogoutResponse>",
        attributes(terms),
        attribute("InResponseTo", terms.in_response_to.as_ref()),
        issuer(entity_id),
        escape(code),
    )
}

fn attributes(terms: &LogoutTerms) -> String {
    format!(
        "{} Version=\"2.0\"{}{}",
        attribute("ID", Some(&terms.id)),
        attribute("IssueInstant", terms.issue_instant.as_ref()),
        attribute("Destination", terms.destination.as_ref()),
    )
}

fn attribute(name: &str, value: Option<&String>) -> String {
    value.map_or_else(String::new, |value| format!(" {name}=\"{}\"", escape(value)))
}

fn issuer(entity_id: &str) -> String {
    format!("<saml:Issuer>{}</saml:Issuer>", escape(entity_id))
}

/// SAML bindings section 3.4.4.1: what is signed is exactly what is sent.
pub(crate) fn query(
    key: &SigningKey,
    kind: LogoutKind,
    xml: &str,
    relay_state: Option<&str>,
) -> Result<String, IdpError> {
    let encoded = |value: &str| byte_serialize(value.as_bytes()).collect::<String>();
    let mut compressor = DeflateEncoder::new(Vec::new(), Compression::default());
    let deflated =
        compressor.write_all(xml.as_bytes()).and_then(|()| compressor.finish()).map_err(|_| IdpError::Deflate)?;
    let mut query = format!("{}={}", kind.parameter(), encoded(&STANDARD.encode(deflated)));
    if let Some(relay_state) = relay_state {
        let _ = write!(query, "&RelayState={}", encoded(relay_state));
    }
    let _ = write!(query, "&SigAlg={}", encoded(key.algorithm().uri()));
    let signature = key.sign_bytes(query.as_bytes())?;
    Ok(format!("{query}&Signature={}", encoded(&STANDARD.encode(signature))))
}

/// HTTP Redirect binding (SAML bindings section 3.4.4.1).
pub(crate) fn from_redirect(query: &str) -> Result<ReceivedLogout, IdpError> {
    let Fields { kind, value, relay_state } = Fields::of(query)?;
    let xml = request::inflated(&value)?;
    Ok(ReceivedLogout { detached: Detached::of(query), ..parse(kind, xml, relay_state)? })
}

/// HTTP POST binding (SAML bindings section 3.5.4).
pub(crate) fn from_post(form: &str) -> Result<ReceivedLogout, IdpError> {
    let Fields { kind, value, relay_state } = Fields::of(form)?;
    let xml = STANDARD.decode(value).map_err(IdpError::Base64)?;
    parse(kind, String::from_utf8(xml).map_err(|_| IdpError::Utf8)?, relay_state)
}

struct Fields {
    kind: LogoutKind,
    value: String,
    relay_state: Option<String>,
}

impl Fields {
    fn of(encoded: &str) -> Result<Self, IdpError> {
        let field = |name: &str| {
            let mut fields = url::form_urlencoded::parse(encoded.as_bytes());
            fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let found = [LogoutKind::Request, LogoutKind::Response].map(|kind| Some((kind, field(kind.parameter())?)));
        let (kind, value) = found.into_iter().flatten().next().ok_or(IdpError::RequestMissing)?;
        Ok(Self { kind, value, relay_state: field("RelayState") })
    }
}

fn parse(kind: LogoutKind, xml: String, relay_state: Option<String>) -> Result<ReceivedLogout, IdpError> {
    let document = uppsala::Parser::new().with_forbid_dtd(true).parse(&xml).map_err(IdpError::Xml)?;
    let root = document.document_element().ok_or(IdpError::NotALogoutMessage)?;
    let name = match kind {
        LogoutKind::Request => "LogoutRequest",
        LogoutKind::Response => "LogoutResponse",
    };
    if !document.element(root).is_some_and(|element| element.matches_name_ns(PROTOCOL, name)) {
        return Err(IdpError::NotALogoutMessage);
    }
    let attribute = |node, name| document.get_attribute(node, name).map(str::to_owned);
    let name_id = document.first_child_element_by_name_ns(root, ASSERTION, "NameID");
    let status = document.first_child_element_by_name_ns(root, PROTOCOL, "Status");
    let code = status.and_then(|status| document.first_child_element_by_name_ns(status, PROTOCOL, "StatusCode"));
    let indexes = document.get_elements_by_tag_name_ns(PROTOCOL, "SessionIndex");
    let received = ReceivedLogout {
        kind,
        id: attribute(root, "ID").ok_or(IdpError::NotALogoutMessage)?,
        issuer: request::issuer(&document, root).ok_or(IdpError::NotALogoutMessage)?,
        destination: attribute(root, "Destination"),
        name_id: name_id.map(|node| document.text_content_deep(node)),
        name_id_format: name_id.and_then(|node| attribute(node, "Format")),
        session_indexes: indexes.into_iter().map(|node| document.text_content_deep(node)).collect(),
        in_response_to: attribute(root, "InResponseTo"),
        status: code.and_then(|code| attribute(code, "Value")),
        relay_state,
        xml: String::new(),
        detached: None,
    };
    drop(document);
    Ok(ReceivedLogout { xml, ..received })
}
