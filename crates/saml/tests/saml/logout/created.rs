//! What we send, as an identity provider reads it.

use vestibule_kernel::SeededIds;
use vestibule_saml::{
    LogoutRequest, LogoutResponse, LogoutStatus, MessageKind, NameId, OutgoingMessage, RelayState, RequestId,
};
use vestibule_saml_idp::{LogoutKind, ReceivedLogout};

use super::terms;
use crate::support::{IDP, NOW, RSA, SP, days, provider};

const AT_IDP: &str = "https://idp.acme.test/slo?tenant=acme";

fn bound(kind: MessageKind, xml: &str) -> ReceivedLogout {
    let destination = AT_IDP.parse().unwrap();
    let relay_state = RelayState::new("handle").unwrap();
    let message = OutgoingMessage { kind, xml, destination: &destination, relay_state: Some(&relay_state) };
    let url = message.redirect_url(None).unwrap();
    provider(&RSA).read_logout_redirect(url.query().unwrap()).unwrap()
}

#[test]
fn a_request_names_exactly_whom_and_what_was_asserted() {
    let id = RequestId::random(&SeededIds::new(3));
    let subject = NameId {
        value: "a<b>&\"c\" \n".to_owned(),
        format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: Some("<sp>".to_owned()),
    };
    let destination = AT_IDP.parse().unwrap();
    let request = LogoutRequest {
        id: &id,
        issuer: SP,
        destination: &destination,
        issue_instant: NOW,
        not_on_or_after: NOW.plus(days(1)),
        subject: &subject,
        session_index: Some("_s<1>"),
    };
    let received = bound(MessageKind::Request, &request.to_xml());
    assert_eq!((received.kind, received.id.as_str()), (LogoutKind::Request, id.as_str()));
    assert_eq!((received.issuer.as_str(), received.destination.as_deref()), (SP, Some(AT_IDP)));
    assert_eq!(received.name_id.as_deref(), Some(subject.value.as_str()));
    assert_eq!(received.name_id_format.as_deref(), Some(subject.format.as_str()));
    assert_eq!(received.session_indexes, ["_s<1>"]);
    assert_eq!(received.relay_state.as_deref(), Some("handle"));
    assert!(received.xml.contains("SPNameQualifier=\"&lt;sp&gt;\"") && received.xml.contains("NotOnOrAfter="));
}

#[test]
fn an_answer_names_the_request() {
    let id = RequestId::random(&SeededIds::new(4));
    let destination = AT_IDP.parse().unwrap();
    for (status, code) in [
        (LogoutStatus::Success, "Success"),
        (LogoutStatus::Requester, "Requester"),
        (LogoutStatus::Responder, "Responder"),
    ] {
        let asked = terms().id;
        let response = LogoutResponse {
            id: &id,
            in_response_to: &asked,
            issuer: SP,
            destination: &destination,
            issue_instant: NOW,
            status,
        };
        let received = bound(MessageKind::Response, &response.to_xml());
        assert_eq!(received.kind, LogoutKind::Response);
        assert_eq!(received.in_response_to.as_deref(), Some(asked.as_str()));
        assert_eq!(received.status.as_deref(), Some(format!("urn:oasis:names:tc:SAML:2.0:status:{code}").as_str()));
        assert_eq!((received.issuer.as_str(), received.destination.as_deref()), (SP, Some(AT_IDP)));
    }
}
