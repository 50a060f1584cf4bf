use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use serde_json::Value;
use vestibule_oidc::{AdditionalClaims, EmailClaim, Grant, PersonClaims, success_location};
use vestibule_rpc::{
    from_proto_timestamp, resource,
    saml::v1::{Identity, ValidateResponseRequest, ValidateResponseResponse, validate_response_response::Outcome},
};

use crate::{
    directory::RelyingParty,
    gateway::Gateway,
    peer::{self, PeerError},
    record::{CodeRecord, ReleasedIdentity, StoredToken},
    report::{ACCEPTED, Facts, Report, Responsible, Stage},
    route::{redirect, with_cookies},
    telemetry,
};

use super::{Arrived, Refused, error::AcsError};

/// Has the answer judged; when it is valid it is used up, and the person goes back to Cognito with a code.
pub(super) async fn accept(gateway: &Gateway, arrived: Arrived) -> Result<Response, Refused> {
    let mut facts = Facts { routing_decision: arrived.sent.routing_decision.clone(), ..Facts::default() };
    match judge(gateway, &arrived, &mut facts).await {
        Ok(identity) => match finish(gateway, &arrived, &identity, facts).await {
            Ok(response) => Ok(response),
            Err((error, facts)) => Err(refused(arrived, error, facts)),
        },
        Err(error) => Err(refused(arrived, error, facts)),
    }
}

fn refused(arrived: Arrived, error: AcsError, facts: Facts) -> Refused {
    let connection = Some((arrived.sent.organization, arrived.sent.connection));
    Refused { error, connection, pending: Some(Box::new(arrived.pending)), facts }
}

async fn judge(gateway: &Gateway, arrived: &Arrived, facts: &mut Facts) -> Result<Identity, AcsError> {
    let party = relying_party(gateway, arrived)?;
    let request = ValidateResponseRequest {
        connection: arrived.sent.connection.to_string(),
        saml_response: arrived.saml_response.clone(),
        request_id: arrived.sent.request_id.clone(),
        user_pool: resource::user_pool_name(arrived.pending.user_pool),
        email_required: party.requires_email,
        sign_in: arrived.pending.sign_in.to_string(),
    };
    let verdict = peer::call(gateway.saml().validate_response(request)).await?;
    let ValidateResponseResponse { outcome, checks, .. } = verdict;
    *facts = Facts::of_checks(&facts.routing_decision, &checks);
    match outcome {
        Some(Outcome::Accepted(identity)) => {
            // What was asked for is what must have come: another organization's person is nobody here.
            let expected = resource::connection_name(arrived.sent.organization, arrived.sent.connection);
            if identity.connection == expected { Ok(identity) } else { Err(PeerError::OffContract(None).into()) }
        }
        Some(Outcome::Refused(refusal)) => {
            let responsible = Responsible::of(refusal.responsible());
            Err(AcsError::Refused { reason: refusal.reason, responsible })
        }
        None => Err(PeerError::OffContract(None).into()),
    }
}

/// The client as it is now: meanwhile it may have lost the address that the answer would go to.
fn relying_party(gateway: &Gateway, arrived: &Arrived) -> Result<Arc<RelyingParty>, AcsError> {
    let request = &arrived.pending.request;
    let party = gateway.relying_party(&request.client_id).ok_or(AcsError::ClientChanged)?;
    if party.client.redirect_uris.contains(&request.redirect_uri) { Ok(party) } else { Err(AcsError::ClientChanged) }
}

async fn finish(
    gateway: &Gateway,
    arrived: &Arrived,
    identity: &Identity,
    mut facts: Facts,
) -> Result<Response, (AcsError, Facts)> {
    let (request, now) = (&arrived.pending.request, gateway.now());
    let (code, access_token) = (gateway.new_code(), gateway.new_access_token());
    facts.certificate_status = certificate_status(identity, &facts);
    facts.normalised_claims = normalised_claims(identity);
    let record = CodeRecord {
        grant: Grant::new(request, now),
        user_pool: arrived.pending.user_pool,
        organization: arrived.sent.organization,
        connection: arrived.sent.connection,
        identity: released(identity),
        assertion: identity.assertion.clone(),
        access_token: StoredToken::of(&access_token),
        sign_in: arrived.pending.sign_in,
        facts: facts.clone(),
        traceparent: telemetry::traceparent(),
    };
    let stored = match record.seal(&code, now) {
        Ok(sealed) => gateway.expiring.put(&sealed).await.map_err(AcsError::from),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = stored {
        return Err((error, facts));
    }
    gateway.recorder.accepted(report(arrived, facts));
    let location = success_location(&request.redirect_uri, request.state.as_ref(), &code);
    // 303: the browser came by POST and must not repeat it at Cognito (RFC 9700 section 4.12).
    let session = arrived.sessions.keep((arrived.sent.connection, arrived.pending.user_pool), &identity.session, now);
    let cookies = arrived.cookies.finish(&arrived.handle).into_iter().chain(session).collect();
    Ok(with_cookies(redirect(StatusCode::SEE_OTHER, &location), cookies))
}

fn released(identity: &Identity) -> ReleasedIdentity {
    let email = if identity.email_verified && !identity.email.is_empty() {
        EmailClaim::Verified(identity.email.clone())
    } else {
        EmailClaim::Withheld
    };
    let mut additional = AdditionalClaims::default();
    let groups = identity.groups.iter().cloned().map(Value::from).collect::<Vec<_>>();
    // `groups` is no registered claim; present also when it is empty, so that Cognito forgets old ones.
    let _ = additional.insert("groups", groups);
    ReleasedIdentity {
        sub: identity.sub.clone(),
        person: PersonClaims {
            email,
            name: identity.name.clone(),
            given_name: identity.given_name.clone(),
            family_name: identity.family_name.clone(),
            additional,
        },
        auth_time: identity.auth_time.as_ref().and_then(from_proto_timestamp),
        acr: (!identity.acr.is_empty()).then(|| identity.acr.clone()),
    }
}

fn certificate_status(identity: &Identity, facts: &Facts) -> String {
    let warning = facts.checks.iter().find(|check| check.name == "signature.certificate");
    let warning = warning.map(|check| check.found.as_str()).filter(|found| !found.is_empty());
    match warning {
        Some(found) => format!("verified by {}, {found}", identity.certificate_fingerprint),
        None => format!("verified by {}", identity.certificate_fingerprint),
    }
}

/// Names only: what they hold is nobody's business here.
fn normalised_claims(identity: &Identity) -> Vec<String> {
    let claims = [
        ("email", !identity.email.is_empty()),
        ("name", !identity.name.is_empty()),
        ("given_name", !identity.given_name.is_empty()),
        ("family_name", !identity.family_name.is_empty()),
        ("groups", !identity.groups.is_empty()),
    ];
    claims.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
}

fn report(arrived: &Arrived, facts: Facts) -> Report {
    Report {
        sign_in: arrived.pending.sign_in,
        organization: Some(arrived.sent.organization),
        connection: Some(arrived.sent.connection),
        stage: Stage::Acs,
        reason: ACCEPTED.to_owned(),
        responsible: None,
        facts: Facts { answer: "a code".to_owned(), ..facts },
    }
}
