//! Logout messages of ours. They are signed where they are bound: see [`crate::OutgoingMessage`].

use url::Url;
use vestibule_kernel::Timestamp;

use crate::{
    NameId, RequestId,
    name::{ASSERTION, PROTOCOL, REQUESTER, RESPONDER, SUCCESS},
    xml::escape,
};

/// A request to end somebody's session at the identity provider (SAML core section 3.7.1).
#[derive(Clone, Debug)]
pub struct LogoutRequest<'a> {
    /// Its ID; the answer repeats it as InResponseTo.
    pub id: &'a RequestId,
    /// Our entity id.
    pub issuer: &'a str,
    /// Where it is sent: the identity provider's SingleLogoutService.
    pub destination: &'a Url,
    /// The present.
    pub issue_instant: Timestamp,
    /// From when on it must not be heard any more.
    pub not_on_or_after: Timestamp,
    /// Whose session: the NameID exactly as it was asserted, qualifiers included.
    pub subject: &'a NameId,
    /// Which session, as it was asserted; `None` asks for all of them.
    pub session_index: Option<&'a str>,
}

/// The answer to a LogoutRequest (SAML core section 3.7.2).
#[derive(Clone, Debug)]
pub struct LogoutResponse<'a> {
    /// Its ID.
    pub id: &'a RequestId,
    /// The ID of the request that is answered.
    pub in_response_to: &'a str,
    /// Our entity id.
    pub issuer: &'a str,
    /// Where it is sent.
    pub destination: &'a Url,
    /// The present.
    pub issue_instant: Timestamp,
    /// What became of the request.
    pub status: LogoutStatus,
}

/// What became of a request (SAML core section 3.2.2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogoutStatus {
    /// Whoever was named is not signed in any more, or never was: which of them is not told.
    Success,
    /// The request cannot be heard.
    Requester,
    /// Something here does not work.
    Responder,
}

impl LogoutRequest<'_> {
    /// The request itself, not signed.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let NameId { value, format, name_qualifier, sp_name_qualifier } = self.subject;
        let attribute = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| format!(" {name}=\"{}\"", escape(value)))
        };
        let session_index = self
            .session_index
            .map_or_else(String::new, |index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index)));
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issue_instant}\" Destination=\"{destination}\" NotOnOrAfter=\"{not_on_or_after}\" \
             Reason=\"urn:oasis:names:tc:SAML:2.0:logout:user\"><saml:Issuer>{issuer}</saml:Issuer>\
             <saml:NameID{name_qualifier}{sp_name_qualifier} Format=\"{format}\">{value}</saml:NameID>{session_index}\
             </samlp:LogoutRequest>",
            id = escape(self.id.as_str()),
            issue_instant = self.issue_instant,
            destination = escape(self.destination.as_str()),
            not_on_or_after = self.not_on_or_after,
            issuer = escape(self.issuer),
            name_qualifier = attribute("NameQualifier", name_qualifier),
            sp_name_qualifier = attribute("SPNameQualifier", sp_name_qualifier),
            format = escape(format),
            value = escape(value),
        )
    }
}

impl LogoutResponse<'_> {
    /// The answer itself, not signed.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let status = match self.status {
            LogoutStatus::Success => SUCCESS,
            LogoutStatus::Requester => REQUESTER,
            LogoutStatus::Responder => RESPONDER,
        };
        format!(
            "<samlp:LogoutResponse xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issue_instant}\" Destination=\"{destination}\" InResponseTo=\"{in_response_to}\">\
             <saml:Issuer>{issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value=\"{status}\"/></samlp:Status>\
             </samlp:LogoutResponse>",
            id = escape(self.id.as_str()),
            issue_instant = self.issue_instant,
            destination = escape(self.destination.as_str()),
            in_response_to = escape(self.in_response_to),
            issuer = escape(self.issuer),
        )
    }
}
