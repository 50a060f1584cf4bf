use axum::response::Response;
use tracing::Instrument as _;
use vestibule_kernel::ConnectionId;
use vestibule_rpc::saml::v1::{
    self as pb, TestIdentity, ValidateTestResponseRequest, ValidateTestResponseResponse,
    validate_test_response_response::Outcome,
};

use super::{
    error::TestError,
    pending::{PendingTest, PendingTests},
};
use crate::{
    gateway::Gateway,
    page::{self, TestResult},
    peer::{self, PeerError},
    pending::Handle,
    refusal::{Known, refuse},
    report::{Facts, Report, Responsible, Stage, TEST_PASSED},
    route::with_cookies,
    telemetry,
};

/// What came back from the identity provider, for a test that this browser began.
pub(in crate::http) struct Arrived {
    pub(in crate::http) handle: Handle,
    pub(in crate::http) sealed: Vec<u8>,
    pub(in crate::http) tests: PendingTests,
    /// Over which connection it came.
    pub(in crate::http) connection: ConnectionId,
    pub(in crate::http) saml_response: String,
}

/// Has the answer judged, and shows what came of it. Nobody is signed in, whatever it says.
pub(in crate::http) async fn finish(gateway: &Gateway, arrived: Arrived) -> Response {
    let cookies = arrived.tests.finish(&arrived.handle);
    let response = match gateway.seal.open::<PendingTest>(&arrived.handle, &arrived.sealed).await {
        Ok(pending) => {
            let span = tracing::info_span!("gateway.test_sign_in", otel.kind = "server");
            telemetry::continue_sign_in(&span, pending.traceparent.as_deref());
            show(gateway, &arrived, &pending).instrument(span).await
        }
        Err(error) => {
            let error = TestError::from(error);
            refuse(gateway, gateway.new_sign_in(), Stage::Test, &error, Known::default()).await
        }
    };
    with_cookies(response, cookies)
}

async fn show(gateway: &Gateway, arrived: &Arrived, pending: &PendingTest) -> Response {
    match judge(gateway, arrived, pending).await {
        Ok((outcome, checks)) => {
            record(gateway, pending, &outcome, &checks).await;
            let again = format!("/test-sign-in?ticket={}", pending.ticket);
            page::test_result(&TestResult {
                outcome: &outcome,
                checks: &checks,
                again: &again,
                reference: pending.sign_in,
            })
        }
        Err(error) => {
            let known = Known {
                organization: Some(pending.organization),
                connection: Some(pending.connection),
                ..Known::default()
            };
            refuse(gateway, pending.sign_in, Stage::Test, &error, known).await
        }
    }
}

async fn judge(
    gateway: &Gateway,
    arrived: &Arrived,
    pending: &PendingTest,
) -> Result<(Outcome, Vec<pb::Check>), TestError> {
    if pending.is_late(gateway.now()) {
        return Err(TestError::Late);
    }
    if pending.connection != arrived.connection {
        return Err(TestError::OtherConnection);
    }
    let request = ValidateTestResponseRequest {
        ticket: pending.ticket.clone(),
        connection: arrived.connection.to_string(),
        saml_response: arrived.saml_response.clone(),
        request_id: pending.request_id.clone(),
        tried: pending.tried.clone(),
    };
    let verdict = peer::call(gateway.saml().validate_test_response(request)).await?;
    let ValidateTestResponseResponse { outcome, checks } = verdict;
    Ok((outcome.ok_or(PeerError::OffContract(None))?, checks))
}

async fn record(gateway: &Gateway, pending: &PendingTest, outcome: &Outcome, checks: &[pb::Check]) {
    let facts = Facts { answer: "nothing: a test".to_owned(), ..Facts::of_checks("TEST", checks) };
    let report = |reason: &str, responsible, facts| Report {
        sign_in: pending.sign_in,
        organization: Some(pending.organization),
        connection: Some(pending.connection),
        stage: Stage::Test,
        reason: reason.to_owned(),
        responsible,
        facts,
    };
    match outcome {
        Outcome::Passed(identity) => {
            let facts = Facts { normalised_claims: claims(identity), ..facts };
            gateway.recorder.accepted(report(TEST_PASSED, None, facts));
        }
        Outcome::Refused(refusal) => {
            let responsible = Some(Responsible::of(refusal.responsible()));
            gateway.recorder.refused(report(&refusal.reason, responsible, facts)).await;
        }
    }
}

/// Names only: what they hold is on the page, and nowhere else.
fn claims(identity: &TestIdentity) -> Vec<String> {
    let claims = [
        ("email", !identity.email.is_empty()),
        ("name", !identity.name.is_empty()),
        ("given_name", !identity.given_name.is_empty()),
        ("family_name", !identity.family_name.is_empty()),
        ("groups", !identity.groups.is_empty()),
    ];
    claims.into_iter().filter(|(_, present)| *present).map(|(name, _)| name.to_owned()).collect()
}
