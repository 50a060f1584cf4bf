//! How an operation that a browser started ends when it does not go on: counted, traced, and on a page.

use axum::{http::StatusCode, response::Response};
use uuid::Uuid;
use vestibule_kernel::{Chain, ConnectionId, Explain, Kind, OrganizationId};
use vestibule_oidc::{AuthorizeErrorCode, AuthorizeRequest};

use crate::{
    gateway::Gateway,
    page::{self, Words},
    report::{Facts, Report, Responsible, Stage},
};

/// An error that a person may have to read.
pub(crate) trait Refusal: Explain {
    /// Who has to mend it.
    fn responsible(&self) -> Responsible;

    /// What the person reads.
    fn words(&self) -> Words;

    /// The stable reason; another service's where that knows better.
    fn reason(&self) -> String {
        self.explain().reason.to_owned()
    }

    /// What OAuth calls it when the person goes back to the relying party.
    fn oauth_error(&self) -> AuthorizeErrorCode {
        match self.explain().kind {
            Kind::Unavailable => AuthorizeErrorCode::TemporarilyUnavailable,
            Kind::Corrupt | Kind::Internal => AuthorizeErrorCode::ServerError,
            _ => AuthorizeErrorCode::AccessDenied,
        }
    }
}

/// What is known of the sign-in that is refused.
#[derive(Default)]
pub(crate) struct Known<'a> {
    pub(crate) request: Option<&'a AuthorizeRequest>,
    pub(crate) organization: Option<OrganizationId>,
    /// Only a connection that exists: the trace is bounded for each.
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) facts: Facts,
    /// Where the person may go, when there is no request to answer.
    pub(crate) way_back: Option<String>,
}

/// Records the refusal and shows it. The way back leads to the relying party with its `state`, as OAuth says
/// (RFC 6749 section 4.1.2.1).
pub(crate) async fn refuse(
    gateway: &Gateway,
    sign_in: Uuid,
    stage: Stage,
    error: &impl Refusal,
    known: Known<'_>,
) -> Response {
    let explanation = error.explain();
    if !explanation.kind.is_public() {
        tracing::error!(%sign_in, reason = explanation.reason, error = %Chain(error), "sign-in failed");
    }
    let code = error.oauth_error();
    let failure = known.request.map(|request| request.failure(code, "the sign-in was not completed").location());
    let mut facts = known.facts;
    facts.answer = match (&failure, &known.way_back) {
        (Some(_), _) => format!("a page, and {} on the way back", code.as_str()),
        (None, Some(_)) => "a page that leads back to the application".to_owned(),
        (None, None) => "a page".to_owned(),
    };
    let way_back = failure.or(known.way_back);
    let report = Report {
        sign_in,
        organization: known.organization,
        connection: known.connection,
        stage,
        reason: error.reason(),
        responsible: Some(error.responsible()),
        facts,
    };
    gateway.recorder.refused(report).await;
    page::problem(status(explanation.kind), error.words(), sign_in, way_back.as_deref())
}

const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated | Kind::Forbidden | Kind::Precondition => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::AlreadyExists | Kind::Conflict => StatusCode::CONFLICT,
        Kind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Corrupt | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a person reads when the fault is ours.
pub(crate) const OUR_FAULT: Words = Words {
    title: "Sign-in is not possible at the moment",
    text: "Something on our side does not work as it should. Your organization and your account are fine.",
    advice: "Please wait a minute and start again from the application.",
};
