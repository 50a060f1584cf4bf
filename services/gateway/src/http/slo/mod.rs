//! The single logout service (SAML profiles section 4.4): where identity providers send their LogoutRequests, and their
//! answers to ours.

mod error;

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use tracing::Instrument as _;
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_rpc::saml::v1::{
    LogoutAnswered, LogoutHeard, Refusal as Refused, ValidateLogoutRequest, ValidateLogoutResponse, logout_answered,
    logout_heard::Binding, validate_logout_request::Message, validate_logout_response::Outcome,
};

use crate::{
    gateway::Gateway,
    limit::LOGOUT_BODY_BYTES_MAX,
    logout::{PendingLogout, PendingLogouts, forget_session},
    page,
    peer::{self, PeerError},
    pending::Handle,
    refusal::{Known, refuse},
    report::{Facts, Report, Responsible, SIGNED_OUT, Stage},
    route::{redirect, with_cookies},
    telemetry,
};

use super::{body, end_session::lead_on};
use error::SloError;

/// The HTTP POST binding (SAML bindings section 3.5.4).
#[derive(Deserialize)]
struct Form {
    #[serde(rename = "SAMLRequest")]
    saml_request: Option<String>,
    #[serde(rename = "SAMLResponse")]
    saml_response: Option<String>,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

/// A message, as far as it can be told without believing it.
struct Arrived {
    message: Message,
    is_answer: bool,
    relay_state: String,
}

/// The HTTP Redirect binding (SAML bindings section 3.4.4).
pub(super) async fn redirected(
    State(gateway): State<Gateway>,
    Path(connection): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let arrived = Arrived::by_redirect(query.unwrap_or_default());
    take(&gateway, &connection, &headers, arrived).await
}

/// The HTTP POST binding (SAML bindings section 3.5.4).
pub(super) async fn posted(
    State(gateway): State<Gateway>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let form = body::form(&headers, body, LOGOUT_BODY_BYTES_MAX).await;
    let arrived = form.map_err(|_| SloError::Malformed).and_then(|form| Arrived::by_form(&form));
    take(&gateway, &connection, &headers, arrived).await
}

async fn take(
    gateway: &Gateway,
    connection: &str,
    headers: &HeaderMap,
    arrived: Result<Arrived, SloError>,
) -> Response {
    let span = tracing::info_span!("gateway.slo", otel.kind = "server");
    telemetry::continue_request(&span, headers);
    async {
        let known = known_connection(gateway, connection);
        let arrived = arrived.and_then(|arrived| Ok((arrived, known.ok_or(SloError::UnknownConnection)?)));
        match arrived {
            Ok((arrived, known)) if arrived.is_answer => answered(gateway, known, headers, arrived).await,
            Ok((arrived, known)) => requested(gateway, known, arrived).await,
            Err(error) => show(gateway, known, error, Facts::default()).await,
        }
    }
    .instrument(span)
    .await
}

/// Only a connection that exists is looked at, and only such a one has a place of its own in the trace.
fn known_connection(gateway: &Gateway, connection: &str) -> Option<(OrganizationId, ConnectionId)> {
    let connection = connection.parse().ok()?;
    let organization = gateway.directory.read(|directory| directory.organization_of(connection))?;
    Some((organization, connection))
}

/// The identity provider wants somebody signed out, in whatever browser.
async fn requested(gateway: &Gateway, known: (OrganizationId, ConnectionId), arrived: Arrived) -> Response {
    let (organization, connection) = known;
    let mut facts = Facts::default();
    match judge(gateway, connection, arrived, String::new(), &mut facts).await {
        Ok(Outcome::Heard(LogoutHeard { binding, signed_out })) => {
            let answer = match (signed_out, &binding) {
                (true, Some(_)) => "signed out; a LogoutResponse",
                (true, None) => "signed out; a page, because the identity provider takes no answer",
                (false, _) => "nobody is signed in by that name and session",
            };
            let facts = Facts { answer: answer.to_owned(), ..facts };
            let sign_in = gateway.new_sign_in();
            let reason = SIGNED_OUT.to_owned();
            gateway.recorder.accepted(Report {
                sign_in,
                organization: Some(organization),
                connection: Some(connection),
                stage: Stage::Logout,
                reason,
                responsible: None,
                facts,
            });
            let response = match binding {
                Some(Binding::RedirectUrl(url)) => redirect(StatusCode::SEE_OTHER, &url),
                Some(Binding::PostForm(form)) => page::forward_logout(&form),
                None => page::signed_out(),
            };
            with_cookies(response, forget_session(connection).into_iter().collect())
        }
        Ok(_) => show(gateway, Some(known), PeerError::OffContract(None).into(), facts).await,
        Err(error) => show(gateway, Some(known), error, facts).await,
    }
}

/// The identity provider answers a request of ours, which this browser carried.
async fn answered(
    gateway: &Gateway,
    known: (OrganizationId, ConnectionId),
    headers: &HeaderMap,
    arrived: Arrived,
) -> Response {
    let logouts = PendingLogouts::read(headers);
    let handle = Handle::parse(&arrived.relay_state);
    let sealed = handle.as_ref().and_then(|handle| Some((handle, logouts.find(handle)?)));
    // Nobody asked for it, or not in this browser: whatever it says, there is nothing to do about it.
    let Some((handle, sealed)) = sealed else {
        return show(gateway, Some(known), SloError::Unsolicited, Facts::default()).await;
    };
    let pending: PendingLogout = match gateway.seal.open(handle, &sealed).await {
        Ok(pending) => pending,
        Err(error) => return show(gateway, Some(known), error.into(), Facts::default()).await,
    };
    let response = finish(gateway, known, &pending, arrived).await;
    with_cookies(response, logouts.finish(handle))
}

async fn finish(
    gateway: &Gateway,
    (organization, connection): (OrganizationId, ConnectionId),
    pending: &PendingLogout,
    arrived: Arrived,
) -> Response {
    let mut facts = Facts::default();
    let error = if pending.connection != connection {
        SloError::OtherConnection
    } else if pending.is_late(gateway.now()) {
        SloError::Late
    } else {
        match judge(gateway, connection, arrived, pending.request_id.clone(), &mut facts).await {
            Ok(Outcome::Answered(answer)) => match became(answer) {
                Ok(()) => return lead_on(pending.way_on.as_deref()),
                Err(error) => error,
            },
            Ok(_) => PeerError::OffContract(None).into(),
            Err(error) => error,
        }
    };
    let known = Known {
        organization: Some(organization),
        connection: Some(connection),
        facts,
        way_back: pending.way_on.clone(),
        ..Known::default()
    };
    refuse(gateway, pending.sign_out, Stage::Logout, &error, known).await
}

fn became(answer: LogoutAnswered) -> Result<(), SloError> {
    match answer.outcome() {
        logout_answered::Outcome::Success => Ok(()),
        logout_answered::Outcome::Partial => Err(SloError::Partial),
        logout_answered::Outcome::Refused => Err(SloError::NotDone),
        logout_answered::Outcome::Unspecified => Err(PeerError::OffContract(None).into()),
    }
}

async fn judge(
    gateway: &Gateway,
    connection: ConnectionId,
    arrived: Arrived,
    request_id: String,
    facts: &mut Facts,
) -> Result<Outcome, SloError> {
    let request = ValidateLogoutRequest {
        connection: connection.to_string(),
        message: Some(arrived.message),
        relay_state: arrived.relay_state,
        request_id,
    };
    let ValidateLogoutResponse { outcome, checks, .. } = peer::call(gateway.saml().validate_logout(request)).await?;
    *facts = Facts::of_checks("", &checks);
    match outcome {
        Some(Outcome::Refused(Refused { reason, responsible, .. })) => {
            let responsible = responsible.try_into().map_or(Responsible::Operator, Responsible::of);
            Err(SloError::Refused { reason, responsible })
        }
        Some(outcome) => Ok(outcome),
        None => Err(PeerError::OffContract(None).into()),
    }
}

async fn show(
    gateway: &Gateway,
    known: Option<(OrganizationId, ConnectionId)>,
    error: SloError,
    facts: Facts,
) -> Response {
    let known = Known {
        organization: known.map(|(organization, _)| organization),
        connection: known.map(|(_, connection)| connection),
        facts,
        ..Known::default()
    };
    refuse(gateway, gateway.new_sign_in(), Stage::Logout, &error, known).await
}

impl Arrived {
    /// The query goes on as it came: the signature covers its bytes.
    fn by_redirect(query: String) -> Result<Self, SloError> {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(&query).map_err(|_| SloError::Malformed)?;
        let value = |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let is_answer = match (value("SAMLRequest"), value("SAMLResponse")) {
            (Some(_), None) => false,
            (None, Some(_)) => true,
            _ => return Err(SloError::Malformed),
        };
        Ok(Self { relay_state: value("RelayState").unwrap_or_default(), message: Message::Query(query), is_answer })
    }

    fn by_form(form: &str) -> Result<Self, SloError> {
        let form: Form = serde_html_form::from_str(form).map_err(|_| SloError::Malformed)?;
        let (message, is_answer) = match (form.saml_request, form.saml_response) {
            (Some(request), None) => (Message::SamlRequest(request), false),
            (None, Some(response)) => (Message::SamlResponse(response), true),
            _ => return Err(SloError::Malformed),
        };
        Ok(Self { message, is_answer, relay_state: form.relay_state.unwrap_or_default() })
    }
}
