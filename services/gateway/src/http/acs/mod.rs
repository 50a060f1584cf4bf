//! The assertion consumer service (SAML Profiles section 4.1.4.5): where the identity provider's answer arrives.

mod accept;
mod error;
mod unsolicited;

use axum::{
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use tracing::Instrument as _;
use vestibule_kernel::{Chain, ConnectionId, OrganizationId};

use crate::{
    gateway::Gateway,
    limit::{ACS_BODY_BYTES_MAX, LOOK_MAX},
    logout::SessionCookies,
    pending::{Found, Handle, Pending, PendingCookies, Sent, Waiting},
    refusal::{Known, refuse},
    report::{Facts, Stage},
    telemetry,
};

use super::{
    body::{self, FormError},
    test_sign_in::{self, PendingTests},
};
use error::AcsError;
use unsolicited::Unsolicited;

#[derive(Deserialize)]
struct Form {
    #[serde(rename = "SAMLResponse")]
    saml_response: String,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

/// An answer for which the browser holds the sign-in that asked for it.
struct Arrived {
    handle: Handle,
    pending: Pending,
    sent: Sent,
    cookies: PendingCookies,
    sessions: SessionCookies,
    saml_response: String,
}

/// What came.
enum Arrival {
    /// What this browser's sign-in waits for.
    Answer(Box<Arrived>),
    /// What a test sign-in of this browser waits for.
    Test(Box<test_sign_in::Arrived>),
    /// What it does not wait for.
    Unsolicited(Unsolicited),
}

/// What is known of an answer that is not taken.
struct Refused {
    error: AcsError,
    connection: Option<(OrganizationId, ConnectionId)>,
    pending: Option<Box<Pending>>,
    facts: Facts,
}

/// Takes the answer, has it judged, and sends the person back to Cognito with a code.
pub(super) async fn acs(
    State(gateway): State<Gateway>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let span = tracing::info_span!("gateway.acs", otel.kind = "server");
    let taken = match arrive(&gateway, &connection, &headers, body).await {
        Ok(Arrival::Test(arrived)) => return test_sign_in::finish(&gateway, *arrived).await,
        Ok(Arrival::Answer(arrived)) => {
            // The trace is that of the authorize request, which only the sealed sign-in knows.
            telemetry::continue_sign_in(&span, arrived.pending.traceparent.as_deref());
            accept::accept(&gateway, *arrived).instrument(span.clone()).await
        }
        Ok(Arrival::Unsolicited(unsolicited)) => {
            telemetry::continue_request(&span, &headers);
            unsolicited::begin(&gateway, unsolicited).instrument(span.clone()).await
        }
        Err(refused) => {
            telemetry::continue_request(&span, &headers);
            Err(refused)
        }
    };
    match taken {
        Ok(response) => response,
        Err(refused) => show(&gateway, refused).instrument(span).await,
    }
}

/// Somebody types the address, or loads it again after the answer was taken: there is nothing to take.
#[tracing::instrument(name = "gateway.acs", skip_all)]
pub(super) async fn visited(State(gateway): State<Gateway>, Path(connection): Path<String>) -> Response {
    let connection = known_connection(&gateway, &connection).await;
    let error = if connection.is_some() { AcsError::Unsolicited } else { AcsError::UnknownConnection };
    show(&gateway, Refused { error, connection, pending: None, facts: Facts::default() }).await
}

async fn arrive(gateway: &Gateway, connection: &str, headers: &HeaderMap, body: Body) -> Result<Arrival, Refused> {
    let known = known_connection(gateway, connection).await;
    let refused = |error| Refused { error, connection: known, pending: None, facts: Facts::default() };
    let Some((organization, connection)) = known else { return Err(refused(AcsError::UnknownConnection)) };
    let form = body::form(headers, body, ACS_BODY_BYTES_MAX).await.map_err(|error| match error {
        FormError::TooLarge => refused(AcsError::TooLarge),
        FormError::NotAForm => refused(AcsError::Malformed),
    })?;
    let form: Form = serde_html_form::from_str(&form).map_err(|_| refused(AcsError::Malformed))?;
    let cookies = PendingCookies::read(headers);
    // Without a handle of ours nobody asked for this answer: it may be a login that somebody else began.
    let Some(handle) = form.relay_state.as_deref().and_then(Handle::parse) else {
        let saml_response = form.saml_response;
        return Ok(Arrival::Unsolicited(Unsolicited { organization, connection, saml_response }));
    };
    // A handle is random, so it is that of a sign-in or of a test; and what is sealed opens as what it is only.
    let tests = PendingTests::read(headers);
    if let Some(sealed) = tests.find(&handle) {
        let saml_response = form.saml_response;
        let arrived = test_sign_in::Arrived { handle, sealed, tests, connection, saml_response };
        return Ok(Arrival::Test(Box::new(arrived)));
    }
    let sealed = match cookies.find(&handle) {
        Found::Sealed(sealed) => sealed,
        Found::Finished => return Err(refused(AcsError::Reloaded)),
        Found::Nothing => return Err(refused(AcsError::CookieLost)),
    };
    let pending: Pending = gateway.seal.open(&handle, &sealed).await.map_err(|error| refused(error.into()))?;
    let with_pending = |error, pending: Pending| Refused { pending: Some(Box::new(pending)), ..refused(error) };
    if pending.is_late(gateway.now()) {
        return Err(with_pending(AcsError::Late, pending));
    }
    match pending.waiting.clone() {
        Waiting::IdentityProvider(sent) if sent.connection == connection => {
            let sessions = SessionCookies::read(headers);
            let saml_response = form.saml_response;
            Ok(Arrival::Answer(Box::new(Arrived { handle, pending, sent, cookies, sessions, saml_response })))
        }
        Waiting::IdentityProvider(_) | Waiting::Organization => Err(with_pending(AcsError::OtherConnection, pending)),
    }
}

/// Only a connection that exists is looked at, and only such a one has a place of its own in the trace. Others may know of it
/// already, and have sent somebody there.
async fn known_connection(gateway: &Gateway, connection: &str) -> Option<(OrganizationId, ConnectionId)> {
    let connection = connection.parse().ok()?;
    let find = || gateway.directory.read(|directory| directory.organization_of(connection));
    if let Some(organization) = find() {
        return Some((organization, connection));
    }
    if let Err(error) = gateway.looks.look(LOOK_MAX).await {
        tracing::warn!(error = %Chain(&error), "a connection that is not known could not be looked for");
    }
    Some((find()?, connection))
}

async fn show(gateway: &Gateway, refused: Refused) -> Response {
    let Refused { error, connection, pending, facts } = refused;
    let sign_in = pending.as_ref().map_or_else(|| gateway.new_sign_in(), |pending| pending.sign_in);
    // Cognito has given up on a late sign-in: its `state` leads nowhere any more.
    let request = pending.as_ref().map(|pending| &pending.request).filter(|_| !matches!(error, AcsError::Late));
    let known = Known {
        request,
        organization: connection.map(|(organization, _)| organization),
        connection: connection.map(|(_, connection)| connection),
        facts,
        ..Known::default()
    };
    refuse(gateway, sign_in, Stage::Acs, &error, known).await
}
