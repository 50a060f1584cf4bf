//! An answer that nobody in this browser asked for (SAML Profiles section 4.1.5). Whoever sends it may want somebody to be
//! signed in as somebody else, so it signs nobody in. Where the connection allows it, it is taken for a wish: the
//! application is asked to begin a sign-in with this organization (OpenID Connect Core 1.0 section 4), which then is one
//! like any other.

use axum::{http::StatusCode, response::Response};
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_rpc::{resource, routing::v1::CreateTicketRequest, saml::v1::ValidateUnsolicitedResponseRequest};

use crate::{
    gateway::Gateway,
    peer,
    report::{Facts, INITIATED, Report, Responsible, Stage},
    route::redirect,
};

use super::{Refused, error::AcsError};

/// Over which connection it came, and what.
pub(super) struct Unsolicited {
    pub(super) organization: OrganizationId,
    pub(super) connection: ConnectionId,
    pub(super) saml_response: String,
}

/// Has it judged; when it is valid and allowed, the browser goes to where the application begins sign-ins.
pub(super) async fn begin(gateway: &Gateway, unsolicited: Unsolicited) -> Result<Response, Refused> {
    let Unsolicited { organization, connection, saml_response } = unsolicited;
    let mut facts = Facts::default();
    match initiate(gateway, (organization, connection), saml_response, &mut facts).await {
        Ok(location) => {
            gateway.recorder.accepted(Report {
                sign_in: gateway.new_sign_in(),
                organization: Some(organization),
                connection: Some(connection),
                stage: Stage::Acs,
                reason: INITIATED.to_owned(),
                responsible: None,
                facts: Facts { answer: "the application's login initiation".to_owned(), ..facts },
            });
            Ok(redirect(StatusCode::SEE_OTHER, &location))
        }
        Err(error) => Err(Refused { error, connection: Some((organization, connection)), pending: None, facts }),
    }
}

async fn initiate(
    gateway: &Gateway,
    (organization, connection): (OrganizationId, ConnectionId),
    saml_response: String,
    facts: &mut Facts,
) -> Result<String, AcsError> {
    let request = ValidateUnsolicitedResponseRequest { connection: connection.to_string(), saml_response };
    let verdict = peer::call(gateway.saml().validate_unsolicited_response(request)).await?;
    *facts = Facts::of_checks("", &verdict.checks);
    if let Some(refusal) = verdict.refused {
        let responsible = Responsible::of(refusal.responsible());
        return Err(match refusal.reason.as_str() {
            // What a person can do about it is another thing than about a refused answer.
            "RESPONSE_UNSOLICITED" => AcsError::Unsolicited,
            _ => AcsError::Refused { reason: refusal.reason, responsible },
        });
    }
    let request = CreateTicketRequest {
        organization: resource::organization_name(organization),
        connection: resource::connection_name(organization, connection),
        lifetime: None,
    };
    let ticket = peer::call(gateway.routing().create_ticket(request)).await?;
    if ticket.initiate_login_url.is_empty() { Err(AcsError::NoInitiation) } else { Ok(ticket.initiate_login_url) }
}
