use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use tracing::Instrument as _;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_oidc::AuthorizeErrorCode;
use vestibule_rpc::routing::v1::resolve_sign_in_request::Person;

use crate::{
    gateway::Gateway,
    limit::{ADDRESS_BYTES_MAX, FORM_BODY_BYTES_MAX},
    page::{self, Words},
    pending::{Found, Handle, Pending, PendingCookies, UnsealError},
    refusal::{Known, OUR_FAULT, Refusal, refuse},
    report::{Responsible, Stage},
    route::{RouteError, route},
    telemetry,
};

use super::body;

/// What the person answers: an address, or one of the connections that were offered.
#[derive(Deserialize)]
struct Answer {
    handle: String,
    email: Option<String>,
    ticket: Option<String>,
}

/// The answer cannot be taken.
#[derive(Debug, thiserror::Error)]
enum OrganizationError {
    /// Not a form of ours.
    #[error("the form cannot be read")]
    Malformed,
    /// Another site sent the form; a person does not do that.
    #[error("the form was sent by another site")]
    Foreign,
    /// The browser holds no sign-in under this handle: no cookies, or it was dropped for newer ones.
    #[error("the browser holds no pending sign-in")]
    Lost,
    /// Cognito has given the sign-in up.
    #[error("the sign-in has taken too long")]
    Late,
    #[error(transparent)]
    Seal(#[from] UnsealError),
}

/// Takes the person's answer from the page that asks for an organization, and sends the person on.
pub(super) async fn organization(State(gateway): State<Gateway>, headers: HeaderMap, body: Body) -> Response {
    let arrived = arrive(&gateway, &headers, body).await;
    // The trace is that of the authorize request, which only the sealed sign-in knows.
    let span = tracing::info_span!("gateway.organization", otel.kind = "server");
    match &arrived {
        Ok((_, pending, _)) => telemetry::continue_sign_in(&span, pending.traceparent.as_deref()),
        Err(_) => telemetry::continue_request(&span, &headers),
    }
    let answered = async {
        match arrived {
            Ok((handle, pending, answer)) => answered(&gateway, &headers, &handle, pending, answer).await,
            Err(error) => {
                let sign_in = gateway.new_sign_in();
                refuse(&gateway, sign_in, Stage::Authorize, &error, Known::default()).await
            }
        }
    };
    answered.instrument(span).await
}

/// Somebody loads the address again after the page was left: there is nothing to show.
#[tracing::instrument(name = "gateway.organization", skip_all)]
pub(super) async fn visited(State(gateway): State<Gateway>) -> Response {
    let sign_in = gateway.new_sign_in();
    refuse(&gateway, sign_in, Stage::Authorize, &OrganizationError::Lost, Known::default()).await
}

async fn arrive(
    gateway: &Gateway,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Handle, Pending, Answer), OrganizationError> {
    // Browsers say which site made them send a form (Fetch Metadata); the cookie alone would come along with any.
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err(OrganizationError::Foreign);
    }
    let form = body::form(headers, body, FORM_BODY_BYTES_MAX).await.map_err(|_| OrganizationError::Malformed)?;
    let answer: Answer = serde_html_form::from_str(&form).map_err(|_| OrganizationError::Malformed)?;
    let handle = Handle::parse(&answer.handle).ok_or(OrganizationError::Malformed)?;
    // Only the browser that was asked holds the cookie, so nobody can answer in another's place.
    let sealed = match PendingCookies::read(headers).find(&handle) {
        Found::Sealed(sealed) => sealed,
        Found::Nothing | Found::Finished => return Err(OrganizationError::Lost),
    };
    let pending: Pending = gateway.seal.open(&handle, &sealed).await?;
    if pending.is_late(gateway.now()) { Err(OrganizationError::Late) } else { Ok((handle, pending, answer)) }
}

async fn answered(
    gateway: &Gateway,
    headers: &HeaderMap,
    handle: &Handle,
    pending: Pending,
    answer: Answer,
) -> Response {
    let cookies = PendingCookies::read(headers);
    let (person, email) = match (answer.ticket, answer.email) {
        (Some(ticket), _) => (Person::Ticket(ticket), String::new()),
        (None, email) => {
            let email = email.unwrap_or_default().trim().to_owned();
            (Person::Email(email.clone()), email)
        }
    };
    let way_back = || {
        let description = "the person cancelled the sign-in";
        pending.request.failure(AuthorizeErrorCode::AccessDenied, description).location()
    };
    if email.len() > ADDRESS_BYTES_MAX {
        return page::organization(handle, Some(""), &way_back());
    }
    match route(gateway, &cookies, pending.clone(), Some(handle), person).await {
        Ok(response) => response,
        Err(RouteError::Unintelligible(_)) => page::organization(handle, Some(&email), &way_back()),
        Err(error) => refuse(gateway, pending.sign_in, Stage::Authorize, &error, error.known(&pending)).await,
    }
}

impl Explain for OrganizationError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Malformed => Explanation::new(Kind::Invalid, "ORGANIZATION_FORM_MALFORMED"),
            Self::Foreign => Explanation::new(Kind::Forbidden, "ORGANIZATION_FORM_FOREIGN"),
            Self::Lost => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_LOST"),
            Self::Late => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_LATE"),
            Self::Seal(error) => error.explain(),
        }
    }
}

impl Refusal for OrganizationError {
    fn responsible(&self) -> Responsible {
        match self {
            Self::Malformed | Self::Foreign | Self::Lost | Self::Late | Self::Seal(UnsealError::Foreign) => {
                Responsible::Person
            }
            Self::Seal(UnsealError::Key(_)) => Responsible::Operator,
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::Foreign => Words {
                title: "Please start from the application",
                text: "Another website tried to choose your organization for you.",
                advice: "Open the application and sign in from there.",
            },
            Self::Malformed | Self::Lost | Self::Seal(UnsealError::Foreign) => Words {
                title: "We lost track of your sign-in",
                text: "Your browser did not send the cookie that belongs to this page.",
                advice: "Please allow cookies for this site and start again from the application.",
            },
            Self::Late => Words {
                title: "That took too long",
                text: "A sign-in must be finished within five minutes.",
                advice: "Please start again from the application.",
            },
            Self::Seal(UnsealError::Key(_)) => OUR_FAULT,
        }
    }
}
