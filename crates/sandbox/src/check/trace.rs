use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    Channel, from_proto_timestamp,
    gateway::v1::{ListSignInsRequest, SignIn, sign_in_service_client::SignInServiceClient},
    routing::v1::{
        ResolveSignInRequest, ResolveSignInResponse, resolve_sign_in_request::Person,
        routing_service_client::RoutingServiceClient,
    },
    saml::v1::check::Status,
};

use super::hop::Check;

/// How often the trace is asked: an accepted sign-in is written to it beside the login path, hence a little later.
const ATTEMPTS_MAX: u32 = 40;
/// How long to wait in between.
const PAUSE: Duration = Duration::from_millis(25);

/// What routing says about an address.
pub(super) async fn routing(channel: &Channel, email: &str) -> Option<ResolveSignInResponse> {
    let person = Some(Person::Email(email.to_owned()));
    let request = ResolveSignInRequest { person, ..ResolveSignInRequest::default() };
    Some(RoutingServiceClient::new(channel.clone()).resolve_sign_in(request).await.ok()?.into_inner())
}

/// The newest sign-in of an organization in Vestibule's trace, when it is not older than `since`.
pub(super) async fn sign_in(channel: &Channel, organization: &str, since: Timestamp) -> Option<SignIn> {
    for _ in 0..ATTEMPTS_MAX {
        let found = newest(channel, organization).await?;
        let at = found.as_ref().and_then(|newest| newest.create_time.as_ref()).and_then(from_proto_timestamp);
        if at.is_some_and(|at| at >= since) {
            return found;
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}

/// `None` when the trace cannot be asked.
async fn newest(channel: &Channel, organization: &str) -> Option<Option<SignIn>> {
    let request =
        ListSignInsRequest { organization: organization.to_owned(), page_size: 1, ..ListSignInsRequest::default() };
    let answer = SignInServiceClient::new(channel.clone()).list_sign_ins(request).await.ok()?;
    Some(answer.into_inner().sign_ins.into_iter().next())
}

/// The facts of a sign-in as checks.
pub(super) fn facts(sign_in: &SignIn) -> Vec<Check> {
    let accepted = sign_in.reason == "ACCEPTED";
    let mut checks = vec![
        Check::new("sign-in trace", accepted, "ACCEPTED", format!("{} {}", sign_in.name, sign_in.reason)),
        Check::new("routing", true, "", sign_in.routing_decision.clone()),
        Check::new("certificate", true, "", sign_in.certificate_status.clone()),
        Check::new("claims from attributes", true, "", sign_in.normalised_claims.join(" ")),
        Check::new("answer to Cognito", true, "", sign_in.answer.clone()),
    ];
    checks.extend(sign_in.checks.iter().filter(|check| check.status() != Status::NotReached).map(|check| Check {
        name: check.name.clone(),
        passed: check.status() == Status::Passed || (accepted && check.status() == Status::Warning),
        expected: check.expected.clone(),
        found: check.found.clone(),
    }));
    checks
}
