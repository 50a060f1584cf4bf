use std::{fmt, io::Write, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use url::Url;
use vestibule_kernel::{Explain, Explanation, IdSource, Kind, Timestamp};

use crate::{
    ServiceProvider, limit,
    name::{ASSERTION, HTTP_POST, PROTOCOL},
    xml::escape,
};

/// The ID of a request: `_` and 128 random bits in lower-case hexadecimal.
///
/// SAML core section 1.3.4 asks for at least 128 bits; an ID is an XML name and must not begin with a digit.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RequestId(String);

impl RequestId {
    /// A fresh ID.
    #[must_use]
    pub fn random(ids: &(dyn IdSource + 'static)) -> Self {
        Self(format!("_{}", hex::encode(ids.bytes::<16>())))
    }

    /// The ID as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not the ID of a request of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a request id: expected an underscore and 32 lower-case hexadecimal digits")]
pub struct ParseRequestIdError;

impl FromStr for RequestId {
    type Err = ParseRequestIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('_').filter(|digits| digits.len() == 32).ok_or(ParseRequestIdError)?;
        let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hexadecimal { Ok(Self(text.to_owned())) } else { Err(ParseRequestIdError) }
    }
}

/// What travels beside a request and comes back unchanged: at most 80 bytes (SAML bindings section 3.4.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelayState(String);

/// The RelayState is empty or longer than 80 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a RelayState has 1 to {} bytes", limit::RELAY_STATE_BYTES_MAX)]
pub struct RelayStateError;

impl Explain for RelayStateError {
    fn explain(&self) -> Explanation {
        Explanation::field("RELAY_STATE_INVALID", "relay_state", self.to_string())
    }
}

impl Explain for ParseRequestIdError {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, "REQUEST_ID_INVALID")
    }
}

impl RelayState {
    /// Takes a value of 1 to 80 bytes.
    ///
    /// # Errors
    /// When it is empty or longer.
    pub fn new(value: impl Into<String>) -> Result<Self, RelayStateError> {
        let value = value.into();
        if value.is_empty() || value.len() > limit::RELAY_STATE_BYTES_MAX {
            Err(RelayStateError)
        } else {
            Ok(Self(value))
        }
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request to authenticate somebody (SAML core section 3.4.1).
#[derive(Clone, Debug)]
pub struct AuthnRequest<'a> {
    /// Its ID; the answer repeats it as InResponseTo.
    pub id: &'a RequestId,
    /// Who asks, and where the answer goes.
    pub service_provider: &'a ServiceProvider,
    /// Where it is sent: the identity provider's SingleSignOnService.
    pub destination: &'a Url,
    /// The present.
    pub issue_instant: Timestamp,
    /// Whether the person must prove themselves again, whatever session they have.
    pub force_authn: bool,
    /// The NameID format to ask for; `None` leaves the choice to the identity provider.
    pub name_id_format: Option<&'a str>,
}

impl AuthnRequest<'_> {
    /// The request itself.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let force_authn = if self.force_authn { " ForceAuthn=\"true\"" } else { "" };
        let format = self.name_id_format.map_or_else(String::new, |format| format!(" Format=\"{}\"", escape(format)));
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issue_instant}\" Destination=\"{destination}\"{force_authn} \
             ProtocolBinding=\"{HTTP_POST}\" AssertionConsumerServiceURL=\"{acs_url}\">\
             <saml:Issuer>{issuer}</saml:Issuer><samlp:NameIDPolicy{format} AllowCreate=\"true\"/>\
             </samlp:AuthnRequest>",
            id = escape(self.id.as_str()),
            issue_instant = self.issue_instant,
            destination = escape(self.destination.as_str()),
            acs_url = escape(&self.service_provider.acs_url),
            issuer = escape(&self.service_provider.entity_id),
        )
    }

    /// Where to send the browser in the HTTP Redirect binding (SAML bindings section 3.4.4): the destination with
    /// `SAMLRequest` and `RelayState` behind what its query already holds.
    #[must_use]
    pub fn redirect_url(&self, relay_state: Option<&RelayState>) -> Url {
        let mut url = self.destination.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("SAMLRequest", &STANDARD.encode(deflate(self.to_xml().as_bytes())));
            if let Some(relay_state) = relay_state {
                query.append_pair("RelayState", relay_state.as_str());
            }
        }
        url
    }

    /// The value of the form field `SAMLRequest` in the HTTP POST binding (SAML bindings section 3.5.4). The form
    /// goes to the destination, the RelayState in a field of its own; both must be escaped for HTML.
    #[must_use]
    pub fn post_value(&self) -> String {
        STANDARD.encode(self.to_xml())
    }
}

/// Raw DEFLATE (RFC 1951), as the Redirect binding wants it.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let written = encoder.write_all(bytes);
    debug_assert!(written.is_ok(), "a vector takes all bytes");
    encoder.finish().unwrap_or_default()
}
