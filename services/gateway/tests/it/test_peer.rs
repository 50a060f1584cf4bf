//! What the stand-in for saml says of test sign-ins: the tickets `good` and `globex` are good, `old` has expired, all others
//! are none; it judges as for other Responses, and `used` says that the ticket was.

use tonic::Status;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::{
    resource,
    saml::v1::{
        CreateTestAuthnRequestRequest, CreateTestAuthnRequestResponse, PostForm, TestIdentity,
        ValidateTestResponseRequest, ValidateTestResponseResponse, create_test_authn_request_response::Binding,
        refusal, validate_response_response, validate_test_response_response::Outcome,
    },
    to_status,
};

use crate::{
    peer::refused,
    world::{ACME, ACME_CONNECTION, GLOBEX, GLOBEX_CONNECTION},
};

#[derive(Debug, thiserror::Error)]
enum Ticket {
    #[error("the ticket has expired")]
    Expired,
    #[error("not a ticket")]
    Invalid,
    #[error("used")]
    Used,
}

impl Explain for Ticket {
    fn explain(&self) -> Explanation {
        match self {
            Self::Expired => Explanation::new(Kind::Invalid, "TEST_TICKET_EXPIRED"),
            Self::Invalid => Explanation::new(Kind::Invalid, "TEST_TICKET_INVALID"),
            Self::Used => Explanation::new(Kind::Precondition, "TEST_TICKET_USED"),
        }
    }
}

fn no(ticket: &Ticket) -> Status {
    to_status("saml.vestibule", ticket)
}

pub(crate) fn create(asked: &CreateTestAuthnRequestRequest) -> Result<CreateTestAuthnRequestResponse, Status> {
    assert!(asked.relay_state.len() <= 80, "SAML Bindings section 3.4.3");
    let relay_state = asked.relay_state.clone();
    let (organization, connection, binding) = match &*asked.ticket {
        "good" => {
            let url = format!("https://idp.acme.test/sso?SAMLRequest=x&RelayState={relay_state}");
            (ACME, ACME_CONNECTION, Binding::RedirectUrl(url))
        }
        "globex" => {
            let action = "https://idp.globex.test/sso".to_owned();
            let form = PostForm { action, saml_request: "PHNhbWw+".to_owned(), relay_state, ..PostForm::default() };
            (GLOBEX, GLOBEX_CONNECTION, Binding::PostForm(form))
        }
        "old" => return Err(no(&Ticket::Expired)),
        _ => return Err(no(&Ticket::Invalid)),
    };
    let connection = resource::connection_name(organization, connection);
    let (request_id, tried) = ("_test-1".to_owned(), "as-it-is".to_owned());
    Ok(CreateTestAuthnRequestResponse { request_id, binding: Some(binding), connection, tried })
}

pub(crate) fn validate(asked: &ValidateTestResponseRequest) -> Result<ValidateTestResponseResponse, Status> {
    let verdict = refused("SIGNATURE_MISSING", refusal::Responsible::IdentityProvider);
    match asked.saml_response.split(':').next() {
        Some("valid") => {}
        Some("used") => return Err(no(&Ticket::Used)),
        _ => {
            let Some(validate_response_response::Outcome::Refused(refusal)) = verdict.outcome else { unreachable!() };
            return Ok(ValidateTestResponseResponse {
                outcome: Some(Outcome::Refused(refusal)),
                checks: verdict.checks,
            });
        }
    }
    Ok(ValidateTestResponseResponse {
        outcome: Some(Outcome::Passed(TestIdentity {
            email: "ada@acme.test".to_owned(),
            email_verified: true,
            name: "Ada <b>Lovelace</b>".to_owned(),
            groups: vec!["engineers".to_owned()],
            subject: "a1b2c3".to_owned(),
            ..TestIdentity::default()
        })),
        checks: verdict.checks,
    })
}
