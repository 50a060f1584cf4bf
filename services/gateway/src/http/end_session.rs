//! The end session endpoint (OpenID Connect RP-Initiated Logout 1.0), where Cognito's `/logout` sends the browser when it is
//! registered as a `logout_uri`: from here the person is signed out at the identity provider, and then goes back to the
//! application.
//!
//! Nothing is written to the log, and nobody is signed out anywhere but in this browser: any site can send a browser here.

use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use tracing::Instrument as _;
use uuid::Uuid;
use vestibule_kernel::{Chain, Explain, Explanation, Kind, UserPoolId};
use vestibule_rpc::{
    resource,
    saml::v1::{CreateLogoutRequestRequest, create_logout_request_response::Binding},
};

use crate::{
    gateway::Gateway,
    limit::{END_SESSION_BYTES_MAX, FORM_BODY_BYTES_MAX, POST_LOGOUT_REDIRECT_URI_BYTES_MAX, STATE_BYTES_MAX},
    logout::{PendingLogout, PendingLogouts, Session, SessionCookies},
    page::{self, Words},
    peer::{self, PeerError},
    pending::{Handle, UnsealError},
    refusal::{Known, OUR_FAULT, Refusal, refuse},
    report::{Responsible, Stage},
    route::{redirect, with_cookies},
    telemetry,
};

use super::body;

/// What the relying party asks (section 2). `id_token_hint`, `logout_hint` and `ui_locales` may be there and say nothing
/// that the browser's own session does not say better.
#[derive(Default)]
struct Request {
    client_id: Option<String>,
    post_logout_redirect_uri: Option<String>,
    state: Option<String>,
}

/// The person stays signed in, or is left here.
#[derive(Debug, thiserror::Error)]
enum EndSessionError {
    /// Longer than anybody's.
    #[error("the request is too long")]
    TooLong,
    /// A parameter twice, or no `client_id`.
    #[error("the request is malformed")]
    Malformed,
    /// No user pool has this client id.
    #[error("the client is not registered")]
    UnknownClient,
    /// The user pool has not registered this address.
    #[error("the address to go to is not registered")]
    RedirectUriUnregistered,
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Seal(#[from] UnsealError),
}

/// By GET, as Cognito does.
pub(super) async fn visited(State(gateway): State<Gateway>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let span = tracing::info_span!("gateway.end_session", otel.kind = "server");
    telemetry::continue_request(&span, &headers);
    answer(&gateway, &headers, Ok(query.unwrap_or_default())).instrument(span).await
}

/// The same by POST, which section 2 requires. From another site it comes without the session.
pub(super) async fn posted(State(gateway): State<Gateway>, headers: HeaderMap, body: Body) -> Response {
    let span = tracing::info_span!("gateway.end_session", otel.kind = "server");
    telemetry::continue_request(&span, &headers);
    async {
        let form = body::form(&headers, body, FORM_BODY_BYTES_MAX).await.map_err(|_| EndSessionError::Malformed);
        answer(&gateway, &headers, form).await
    }
    .instrument(span)
    .await
}

async fn answer(gateway: &Gateway, headers: &HeaderMap, query: Result<String, EndSessionError>) -> Response {
    let sign_out = gateway.new_sign_in();
    let asked = query.and_then(|query| Request::parse(&query)).and_then(|request| request.accept(gateway));
    let (user_pool, way_on) = match asked {
        Ok(accepted) => accepted,
        Err(error) => return refuse(gateway, sign_out, Stage::Logout, &error, Known::default()).await,
    };
    let sessions = SessionCookies::read(headers);
    let ended = sessions.end_all_of(user_pool);
    let Some(session) = sessions.newest_of(user_pool) else {
        return with_cookies(lead_on(way_on.as_deref()), ended);
    };
    let response = match send(gateway, headers, session, sign_out, way_on.clone()).await {
        Ok(Some(response)) => response,
        Ok(None) => lead_on(way_on.as_deref()),
        Err(error) => {
            let organization = gateway.directory.read(|directory| directory.organization_of(session.connection));
            let connection = organization.map(|_| session.connection);
            let known = Known { organization, connection, way_back: way_on, ..Known::default() };
            refuse(gateway, sign_out, Stage::Logout, &error, known).await
        }
    };
    // Whatever becomes of it: the applications of this pool know the session no more.
    with_cookies(response, ended)
}

/// Sends the browser to the identity provider; `None` when there is nothing to end there.
async fn send(
    gateway: &Gateway,
    headers: &HeaderMap,
    session: &Session,
    sign_out: Uuid,
    way_on: Option<String>,
) -> Result<Option<Response>, EndSessionError> {
    let handle = Handle::new(gateway.ids());
    let request = CreateLogoutRequestRequest {
        connection: session.connection.to_string(),
        session: session.sealed.clone(),
        user_pool: resource::user_pool_name(session.user_pool),
        relay_state: handle.to_string(),
    };
    let answer = match peer::call(gateway.saml().create_logout_request(request)).await {
        Ok(answer) => answer,
        // Too old, or the connection is gone: nobody could end it.
        Err(PeerError::Refused { reason, status }) => {
            tracing::info!(reason, error = %Chain(&*status), "a session cannot be ended at the identity provider");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let Some(binding) = answer.binding else { return Ok(None) };
    let organization = resource::organization("organization", &answer.organization).map_err(PeerError::from)?;
    let pending = PendingLogout {
        sign_out,
        organization,
        connection: session.connection,
        request_id: answer.request_id,
        way_on,
        started_at: gateway.now(),
        traceparent: telemetry::traceparent(),
    };
    let sealed = gateway.seal.seal(&handle, &pending).await?;
    let cookies =
        PendingLogouts::read(headers).put(&handle, pending.started_at, &sealed).ok_or(UnsealError::Foreign)?;
    let response = match binding {
        Binding::RedirectUrl(url) => redirect(StatusCode::SEE_OTHER, &url),
        Binding::PostForm(form) => page::forward_logout(&form),
    };
    Ok(Some(with_cookies(response, cookies)))
}

/// Back to the application, or to a page that says that all is done.
pub(super) fn lead_on(way_on: Option<&str>) -> Response {
    match way_on {
        Some(way_on) => redirect(StatusCode::SEE_OTHER, way_on),
        None => page::signed_out(),
    }
}

impl Request {
    fn parse(query: &str) -> Result<Self, EndSessionError> {
        if query.len() > END_SESSION_BYTES_MAX {
            return Err(EndSessionError::TooLong);
        }
        let mut request = Self::default();
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).map_err(|_| EndSessionError::Malformed)?;
        for (name, value) in pairs {
            let slot = match &*name {
                "client_id" => &mut request.client_id,
                "post_logout_redirect_uri" => &mut request.post_logout_redirect_uri,
                "state" => &mut request.state,
                _ => continue,
            };
            // RFC 6749 section 3.1: no parameter more than once. One without a value counts as left out.
            if slot.replace(value).is_some() {
                return Err(EndSessionError::Malformed);
            }
        }
        for slot in [&mut request.client_id, &mut request.post_logout_redirect_uri, &mut request.state] {
            *slot = slot.take().filter(|value| !value.is_empty());
        }
        Ok(request)
    }

    /// Who asks, and where the person goes then. An address counts only as it was registered, character by character.
    fn accept(self, gateway: &Gateway) -> Result<(UserPoolId, Option<String>), EndSessionError> {
        let client_id = self.client_id.ok_or(EndSessionError::Malformed)?;
        let party = gateway.relying_party(&client_id).ok_or(EndSessionError::UnknownClient)?;
        let Some(uri) = self.post_logout_redirect_uri else { return Ok((party.user_pool, None)) };
        let state = self.state.unwrap_or_default();
        if uri.len() > POST_LOGOUT_REDIRECT_URI_BYTES_MAX || state.len() > STATE_BYTES_MAX {
            return Err(EndSessionError::TooLong);
        }
        if !party.post_logout_redirect_uris.contains(&uri) {
            return Err(EndSessionError::RedirectUriUnregistered);
        }
        Ok((party.user_pool, Some(with_state(uri, &state))))
    }
}

/// Section 3.1: the `state` comes back as a parameter, behind what the address already holds.
fn with_state(uri: String, state: &str) -> String {
    if state.is_empty() {
        return uri;
    }
    let separator = if uri.contains('?') { '&' } else { '?' };
    let encoded = serde_html_form::to_string([("state", state)]).unwrap_or_default();
    format!("{uri}{separator}{encoded}")
}

impl Explain for EndSessionError {
    fn explain(&self) -> Explanation {
        match self {
            Self::TooLong => Explanation::new(Kind::Invalid, "END_SESSION_TOO_LONG"),
            Self::Malformed => Explanation::new(Kind::Invalid, "END_SESSION_MALFORMED"),
            Self::UnknownClient => Explanation::new(Kind::Invalid, "END_SESSION_CLIENT_UNKNOWN"),
            Self::RedirectUriUnregistered => Explanation::new(Kind::Invalid, "POST_LOGOUT_REDIRECT_URI_UNREGISTERED"),
            Self::Peer(error) => error.explain(),
            Self::Seal(error) => error.explain(),
        }
    }
}

impl Refusal for EndSessionError {
    fn responsible(&self) -> Responsible {
        match self {
            Self::TooLong | Self::Malformed => Responsible::Cognito,
            Self::UnknownClient | Self::RedirectUriUnregistered | Self::Peer(_) | Self::Seal(_) => {
                Responsible::Operator
            }
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::TooLong | Self::Malformed => Words {
                title: "This link does not work",
                text: "The address you came by is incomplete or damaged. You may still be signed in.",
                advice: "Please go back to the application and sign out again.",
            },
            Self::UnknownClient | Self::RedirectUriUnregistered => Words {
                title: "This application is not set up here",
                text: "The application that sent you is not registered, or not with the address it gave. You may still be \
                       signed in.",
                advice: "Please tell the people who run the application, with the reference below.",
            },
            Self::Peer(_) | Self::Seal(_) => Words {
                title: "You are signed out of the application only",
                text: "Your organization could not be told. You may still be signed in there.",
                ..OUR_FAULT
            },
        }
    }
}
