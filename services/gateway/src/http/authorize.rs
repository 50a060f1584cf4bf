use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use tracing::Instrument as _;
use uuid::Uuid;
use vestibule_kernel::Explain as _;
use vestibule_oidc::{
    AuthorizeError as Refused, AuthorizeErrorCode, AuthorizeFailure, AuthorizePageError, AuthorizeQuery,
    AuthorizeRequest,
};
use vestibule_rpc::routing::v1::resolve_sign_in_request::Person;

use crate::{
    gateway::Gateway,
    limit::FORM_BODY_BYTES_MAX,
    logout::SessionCookies,
    page::Words,
    pending::{Pending, PendingCookies, Waiting},
    refusal::{Known, Refusal, refuse},
    report::{Facts, Report, Responsible, Stage},
    route::{RouteError, ask, redirect, route, with_cookies},
    telemetry,
};

use super::body::{self, FormError};

/// The authorization endpoint (OpenID Connect Core 1.0 section 3.1.2): where Cognito sends the browser.
///
/// Nothing is written for a visitor, known or not: the sign-in travels sealed in the browser.
pub(super) async fn authorize(
    State(gateway): State<Gateway>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let span = tracing::info_span!("gateway.authorize", otel.kind = "server");
    telemetry::continue_request(&span, &headers);
    answer(&gateway, &headers, query.as_deref().unwrap_or_default()).instrument(span).await
}

/// The same by POST, which OpenID Connect Core 1.0 section 3.1.2.1 requires; Cognito does not use it.
pub(super) async fn posted(State(gateway): State<Gateway>, headers: HeaderMap, body: Body) -> Response {
    let span = tracing::info_span!("gateway.authorize", otel.kind = "server");
    telemetry::continue_request(&span, &headers);
    async {
        match body::form(&headers, body, FORM_BODY_BYTES_MAX).await {
            Ok(form) => answer(&gateway, &headers, &form).await,
            Err(error) => {
                let error = match error {
                    FormError::TooLarge => AuthorizePageError::TooLong,
                    FormError::NotAForm => AuthorizePageError::Malformed,
                };
                refuse(&gateway, gateway.new_sign_in(), Stage::Authorize, &error, Known::default()).await
            }
        }
    }
    .instrument(span)
    .await
}

async fn answer(gateway: &Gateway, headers: &HeaderMap, query: &str) -> Response {
    let sign_in = gateway.new_sign_in();
    let pending = match accept(gateway, sign_in, query) {
        Ok(pending) => pending,
        Err(Refused::Page(error)) => return refuse(gateway, sign_in, Stage::Authorize, &error, Known::default()).await,
        Err(Refused::Failure(failure)) => return return_to_client(gateway, sign_in, &failure).await,
    };
    let cookies = PendingCookies::read(headers);
    let hint = pending.request.login_hint.clone();
    let outcome = match hint {
        None => ask(gateway, &cookies, &pending).await,
        Some(hint) => match route(gateway, &cookies, pending.clone(), None, Person::LoginHint(hint)).await {
            // The application guessed wrong or its ticket has expired; the person knows better.
            Err(RouteError::Unintelligible(_)) => ask(gateway, &cookies, &pending).await,
            outcome => outcome,
        },
    };
    let response = match outcome {
        Ok(response) => response,
        Err(error) => refuse(gateway, sign_in, Stage::Authorize, &error, error.known(&pending)).await,
    };
    with_cookies(response, SessionCookies::read(headers).drop_surplus())
}

fn accept(gateway: &Gateway, sign_in: Uuid, query: &str) -> Result<Pending, Refused> {
    let query = AuthorizeQuery::parse(query)?;
    let party = gateway.relying_party(query.client_id());
    let request: AuthorizeRequest = query.validate(party.as_deref().map(|party| &party.client))?;
    let party = party.ok_or(AuthorizePageError::UnknownClient)?;
    Ok(Pending {
        sign_in,
        request,
        user_pool: party.user_pool,
        started_at: gateway.now(),
        traceparent: telemetry::traceparent(),
        waiting: Waiting::Organization,
    })
}

/// The error response of RFC 6749 section 4.1.2.1: no page, the relying party deals with it.
async fn return_to_client(gateway: &Gateway, sign_in: Uuid, failure: &AuthorizeFailure) -> Response {
    let report = Report {
        sign_in,
        organization: None,
        connection: None,
        stage: Stage::Authorize,
        reason: failure.explain().reason.to_owned(),
        // What `prompt` and the like hold comes from the application; everything else from the pool's settings.
        responsible: Some(match failure.code {
            AuthorizeErrorCode::LoginRequired => Responsible::Application,
            _ => Responsible::Cognito,
        }),
        facts: Facts { answer: failure.code.as_str().to_owned(), ..Facts::default() },
    };
    gateway.recorder.refused(report).await;
    redirect(StatusCode::FOUND, &failure.location())
}

impl Refusal for AuthorizePageError {
    fn responsible(&self) -> Responsible {
        match self {
            Self::UnknownClient | Self::RedirectUriUnregistered => Responsible::Operator,
            Self::TooLong | Self::Malformed | Self::ClientIdMissing | Self::RedirectUriMissing => Responsible::Cognito,
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::UnknownClient | Self::RedirectUriUnregistered => Words {
                title: "This application is not set up here",
                text: "The application that sent you is not registered, or not with the address it gave.",
                advice: "Please tell the people who run the application, with the reference below.",
            },
            Self::TooLong | Self::Malformed | Self::ClientIdMissing | Self::RedirectUriMissing => Words {
                title: "This link does not work",
                text: "The address you came by is incomplete or damaged.",
                advice: "Please start again from the application.",
            },
        }
    }
}
