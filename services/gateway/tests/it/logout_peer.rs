//! What the stand-in for saml answers about logout.
//!
//! The session says what becomes of a LogoutRequest: `sealed-` goes by redirect, `sealed-form` by form, `sealed-nowhere` to
//! an identity provider that takes none, `sealed-old` cannot be read, `sealed-down` meets a service that is down. A message
//! holds `=heard`, `=unanswered`, `=done`, `=partial`, `=denied`, `=down` or something that is refused.

use tonic::Status;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::{
    resource,
    saml::v1::{
        Check, CreateLogoutRequestRequest, CreateLogoutRequestResponse, LogoutAnswered, LogoutHeard, PostForm, Refusal,
        ValidateLogoutRequest, ValidateLogoutResponse, check, create_logout_request_response, logout_answered,
        logout_heard, refusal, validate_logout_request::Message, validate_logout_response::Outcome,
    },
    to_status,
};

use crate::world::ACME;

#[derive(Debug, thiserror::Error)]
#[error("the session cannot be read")]
struct Unreadable;

impl Explain for Unreadable {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, "SESSION_UNREADABLE")
    }
}

pub(crate) fn create(asked: &[CreateLogoutRequestRequest]) -> Result<CreateLogoutRequestResponse, Status> {
    use create_logout_request_response::Binding;
    let request = asked.last().unwrap();
    assert!(request.relay_state.len() <= 80, "SAML Bindings section 3.4.3");
    let relay_state = request.relay_state.clone();
    let binding = match request.session.as_str() {
        "sealed-old" => return Err(to_status("saml.vestibule", &Unreadable)),
        "sealed-down" => return Err(Status::unavailable("saml is down")),
        "sealed-nowhere" => None,
        "sealed-form" => Some(Binding::PostForm(PostForm {
            action: "https://idp.globex.test/slo".to_owned(),
            saml_request: "PGxvZ291dD4".to_owned(),
            relay_state,
            saml_response: String::new(),
        })),
        _ => Some(Binding::RedirectUrl(format!("https://idp.acme.test/slo?SAMLRequest=x&RelayState={relay_state}"))),
    };
    Ok(CreateLogoutRequestResponse {
        request_id: format!("_logout-{}", asked.len()),
        binding,
        organization: resource::organization_name(ACME),
    })
}

pub(crate) fn validate(request: &ValidateLogoutRequest) -> Result<ValidateLogoutResponse, Status> {
    let text = match request.message.as_ref().unwrap() {
        Message::Query(query) => query.clone(),
        Message::SamlRequest(value) => format!("SAMLRequest={value}"),
        Message::SamlResponse(value) => format!("SAMLResponse={value}"),
    };
    let answered = |outcome: logout_answered::Outcome| Outcome::Answered(LogoutAnswered { outcome: outcome.into() });
    let redirect = || {
        let url = format!("https://idp.acme.test/slo?SAMLResponse=x&RelayState={}", request.relay_state);
        logout_heard::Binding::RedirectUrl(url)
    };
    let form = || {
        logout_heard::Binding::PostForm(PostForm {
            action: "https://idp.acme.test/slo".to_owned(),
            saml_request: String::new(),
            relay_state: request.relay_state.clone(),
            saml_response: "PGRvbmU+".to_owned(),
        })
    };
    let outcome = match text.split('&').next().unwrap() {
        "SAMLRequest=heard" => Outcome::Heard(LogoutHeard { binding: Some(redirect()), signed_out: true }),
        "SAMLRequest=nobody" => Outcome::Heard(LogoutHeard { binding: Some(redirect()), signed_out: false }),
        "SAMLRequest=form" => Outcome::Heard(LogoutHeard { binding: Some(form()), signed_out: true }),
        "SAMLRequest=unanswered" => Outcome::Heard(LogoutHeard { binding: None, signed_out: true }),
        "SAMLRequest=replayed" => refused("LOGOUT_REQUEST_REPLAYED"),
        "SAMLResponse=done" if !request.request_id.is_empty() => answered(logout_answered::Outcome::Success),
        "SAMLResponse=partial" if !request.request_id.is_empty() => answered(logout_answered::Outcome::Partial),
        "SAMLResponse=denied" if !request.request_id.is_empty() => answered(logout_answered::Outcome::Refused),
        "SAMLResponse=down" | "SAMLRequest=down" => return Err(Status::unavailable("saml is down")),
        _ => refused("SIGNATURE_MISSING"),
    };
    let check = Check {
        name: "signature.present".to_owned(),
        status: check::Status::Passed.into(),
        expected: "a signature".to_owned(),
        found: "one".to_owned(),
    };
    Ok(ValidateLogoutResponse {
        outcome: Some(outcome),
        checks: vec![check],
        organization: resource::organization_name(ACME),
    })
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused(Refusal {
        reason: reason.to_owned(),
        responsible: refusal::Responsible::IdentityProvider.into(),
        message: "internal words that no person should read".to_owned(),
    })
}
