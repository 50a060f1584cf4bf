//! From a person to an identity provider: the step that authorize and the organization page share.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use vestibule_kernel::{Explain, Explanation, Kind, OrganizationId};
use vestibule_oidc::AuthorizeErrorCode;
use vestibule_rpc::{
    resource,
    routing::v1::{
        ConnectionChoice, Decision, ResolveSignInRequest, ResolveSignInResponse, resolve_sign_in_request::Person,
    },
    saml::v1::{CreateAuthnRequestRequest, create_authn_request_response::Binding},
};

use crate::{
    gateway::Gateway,
    page::{self, Words},
    peer::{self, PeerError},
    pending::{Handle, Pending, PendingCookies, Sent, TooLarge, UnsealError, Waiting},
    refusal::{Known, OUR_FAULT, Refusal},
    report::{Facts, Responsible},
};

/// Why a person is not sent to an identity provider.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    /// Routing sends the person elsewhere. Cognito has chosen us already, so all that is left is to say so.
    #[error("the person signs in elsewhere, or nowhere: {reason}")]
    Elsewhere { decision: Elsewhere, reason: String, organization: Option<OrganizationId> },
    /// What was given is no address, ticket or code; the person may try again.
    #[error("what was given names no organization: {0}")]
    Unintelligible(String),
    /// The connection cannot be used.
    #[error("the connection cannot be used: {reason}")]
    Connection { reason: String, source: PeerError },
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Seal(#[from] UnsealError),
    #[error(transparent)]
    Cookie(#[from] TooLarge),
}

/// The decisions that are not ours to carry out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Elsewhere {
    /// Through an identity provider of the pool itself.
    Direct,
    /// By the pool's own login.
    Standard,
    /// Not at all.
    Refused,
}

impl Elsewhere {
    fn as_str(self) -> &'static str {
        let decision = match self {
            Self::Direct => Decision::Direct,
            Self::Standard => Decision::Standard,
            Self::Refused => Decision::Refused,
        };
        decision.as_str_name()
    }
}

/// Shows the page that asks for an address.
pub(crate) async fn ask(
    gateway: &Gateway,
    cookies: &PendingCookies,
    pending: &Pending,
) -> Result<Response, RouteError> {
    let handle = Handle::new(gateway.ids());
    let set = remember(gateway, cookies, &handle, pending).await?;
    Ok(with_cookies(page::organization(&handle, None, &way_back(pending)), set))
}

/// Sends the person on, or asks which connection it is. `asked` names the sign-in when a page has been shown before: one
/// sign-in keeps one handle, so that several tabs do not push each other out.
pub(crate) async fn route(
    gateway: &Gateway,
    cookies: &PendingCookies,
    pending: Pending,
    asked: Option<&Handle>,
    person: Person,
) -> Result<Response, RouteError> {
    match resolve(gateway, cookies, pending.clone(), asked, (person.clone(), false)).await {
        // What routing answers from may be a moment older than what the connection's own service knows: somebody has just
        // turned this connection off, or moved the domain, and there is another one. Nobody is turned away on old knowledge.
        Err(RouteError::Connection { reason, .. }) if OUTDATED.contains(&&*reason) => {
            resolve(gateway, cookies, pending, asked, (person, true)).await
        }
        outcome => outcome,
    }
}

/// What a connection is not when routing knows how things are.
const OUTDATED: [&str; 4] =
    ["CONNECTION_DISABLED", "CONNECTION_NOT_FOUND", "ORGANIZATION_SUSPENDED", "ORGANIZATION_WITHOUT_DOMAIN"];

async fn resolve(
    gateway: &Gateway,
    cookies: &PendingCookies,
    pending: Pending,
    asked: Option<&Handle>,
    (person, fresh): (Person, bool),
) -> Result<Response, RouteError> {
    let request = ResolveSignInRequest {
        person: Some(person),
        user_pool: resource::user_pool_name(pending.user_pool),
        application: None,
        fresh,
    };
    let answer = match peer::call(gateway.routing().resolve_sign_in(request)).await {
        Ok(answer) => answer,
        Err(PeerError::Refused { reason, .. }) => return Err(RouteError::Unintelligible(reason)),
        Err(error) => return Err(error.into()),
    };
    let decision = answer.decision();
    match decision {
        Decision::Brokered => {
            let choice = answer.connections.first().ok_or(PeerError::OffContract(None))?;
            let routing_decision = format!("{}: {}", decision.as_str_name(), answer.reason);
            send(gateway, cookies, pending, asked, choice, routing_decision).await
        }
        Decision::Choose => choose(gateway, cookies, &pending, asked, &answer).await,
        Decision::Direct => Err(elsewhere(Elsewhere::Direct, answer)),
        Decision::Standard => Err(elsewhere(Elsewhere::Standard, answer)),
        Decision::Refused => Err(elsewhere(Elsewhere::Refused, answer)),
        Decision::Unspecified => Err(PeerError::OffContract(None).into()),
    }
}

async fn choose(
    gateway: &Gateway,
    cookies: &PendingCookies,
    pending: &Pending,
    asked: Option<&Handle>,
    answer: &ResolveSignInResponse,
) -> Result<Response, RouteError> {
    let (handle, set) = if let Some(handle) = asked {
        (handle.clone(), Vec::new())
    } else {
        let handle = Handle::new(gateway.ids());
        let set = remember(gateway, cookies, &handle, pending).await?;
        (handle, set)
    };
    let page = page::choose(&handle, &answer.organization_display_name, &answer.connections, &way_back(pending));
    Ok(with_cookies(page, set))
}

/// Makes the `AuthnRequest`, puts the sealed sign-in into the browser and sends the browser on its way.
async fn send(
    gateway: &Gateway,
    cookies: &PendingCookies,
    mut pending: Pending,
    asked: Option<&Handle>,
    choice: &ConnectionChoice,
    routing_decision: String,
) -> Result<Response, RouteError> {
    let (organization, connection) =
        resource::connection("connections.connection", &choice.connection).map_err(PeerError::from)?;
    let handle = asked.cloned().unwrap_or_else(|| Handle::new(gateway.ids()));
    let request = CreateAuthnRequestRequest {
        connection: connection.to_string(),
        relay_state: handle.to_string(),
        // `max_age` cannot be held against a session of the identity provider before it answers, so it asks anew.
        force_authn: pending.request.prompt.login || pending.request.max_age.is_some(),
        acr_values: pending.request.acr_values.iter().flat_map(|values| values.split(' ')).map(str::to_owned).collect(),
    };
    let answer = match peer::call(gateway.saml().create_authn_request(request)).await {
        Ok(answer) => answer,
        Err(PeerError::Refused { reason, status }) => {
            let source = PeerError::Refused { reason: reason.clone(), status };
            return Err(RouteError::Connection { reason, source });
        }
        Err(error) => return Err(error.into()),
    };
    let request_id = answer.request_id;
    pending.waiting = Waiting::IdentityProvider(Sent { organization, connection, request_id, routing_decision });
    let set = remember(gateway, cookies, &handle, &pending).await?;
    let response = match answer.binding {
        Some(Binding::RedirectUrl(url)) => redirect(StatusCode::FOUND, &url),
        Some(Binding::PostForm(form)) => page::forward(&form),
        None => return Err(PeerError::OffContract(None).into()),
    };
    Ok(with_cookies(response, set))
}

async fn remember(
    gateway: &Gateway,
    cookies: &PendingCookies,
    handle: &Handle,
    pending: &Pending,
) -> Result<Vec<HeaderValue>, RouteError> {
    let sealed = gateway.seal.seal(handle, pending).await?;
    Ok(cookies.put(handle, pending.started_at, &sealed)?)
}

fn elsewhere(decision: Elsewhere, answer: ResolveSignInResponse) -> RouteError {
    let organization = resource::organization("organization", &answer.organization).ok();
    RouteError::Elsewhere { decision, reason: answer.reason, organization }
}

/// Where "cancel" leads.
fn way_back(pending: &Pending) -> String {
    pending.request.failure(AuthorizeErrorCode::AccessDenied, "the person cancelled the sign-in").location()
}

/// A redirect. What cannot stand in a header is a fault of whoever made the address.
pub(crate) fn redirect(status: StatusCode, location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (status, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

pub(crate) fn with_cookies(mut response: Response, cookies: Vec<HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl RouteError {
    /// What the trace should know beside the reason.
    pub(crate) fn known<'a>(&self, pending: &'a Pending) -> Known<'a> {
        let (organization, decision) = match self {
            Self::Elsewhere { decision, reason, organization } => {
                (*organization, format!("{}: {reason}", decision.as_str()))
            }
            _ => (None, String::new()),
        };
        let facts = Facts { routing_decision: decision, ..Facts::default() };
        Known { request: Some(&pending.request), organization, facts, ..Known::default() }
    }
}

impl Explain for RouteError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Elsewhere { decision: Elsewhere::Direct, .. } => {
                Explanation::new(Kind::Forbidden, "SIGN_IN_IS_DIRECT")
            }
            Self::Elsewhere { decision: Elsewhere::Standard, .. } => {
                Explanation::new(Kind::Forbidden, "SIGN_IN_IS_STANDARD")
            }
            Self::Elsewhere { decision: Elsewhere::Refused, .. } => {
                Explanation::new(Kind::Forbidden, "SIGN_IN_REFUSED")
            }
            Self::Unintelligible(_) => Explanation::new(Kind::Invalid, "SIGN_IN_UNINTELLIGIBLE"),
            Self::Connection { .. } => Explanation::new(Kind::Precondition, "CONNECTION_UNUSABLE"),
            Self::Peer(error) => error.explain(),
            Self::Seal(error) => error.explain(),
            Self::Cookie(_) => Explanation::new(Kind::Invalid, "PENDING_SIGN_IN_TOO_LARGE"),
        }
    }
}

impl Refusal for RouteError {
    fn responsible(&self) -> Responsible {
        match self {
            // The application asks routing first, and then never sends such a person here.
            Self::Elsewhere { decision: Elsewhere::Direct | Elsewhere::Standard, .. } => Responsible::Application,
            Self::Unintelligible(_) => Responsible::Person,
            Self::Cookie(_) => Responsible::Cognito,
            Self::Elsewhere { decision: Elsewhere::Refused, .. }
            | Self::Connection { .. }
            | Self::Peer(_)
            | Self::Seal(_) => Responsible::Operator,
        }
    }

    fn words(&self) -> Words {
        match self {
            Self::Elsewhere { decision: Elsewhere::Direct, .. } => Words {
                title: "Your organization signs in another way",
                text: "Your organization has a sign-in of its own for this application.",
                advice: "Go back to the application and start again: it will take you there.",
            },
            Self::Elsewhere { decision: Elsewhere::Standard, .. } => Words {
                title: "We do not know this organization",
                text: "The address does not belong to an organization that signs in here.",
                advice: "Go back to the application and use its own sign-in, for example with a code sent by e-mail.",
            },
            Self::Elsewhere { decision: Elsewhere::Refused, .. } => Words {
                title: "Your organization cannot sign in",
                text: "Signing in is switched off for your organization at the moment.",
                advice: "Please ask the administrator of your organization.",
            },
            Self::Unintelligible(_) => Words {
                title: "We could not find your organization",
                text: "What was given is neither an e-mail address nor a valid link.",
                advice: "Please go back to the application and start again.",
            },
            Self::Connection { .. } => Words {
                title: "Your organization’s sign-in is not ready",
                text: "The connection to your organization’s sign-in page is switched off or not set up yet.",
                advice: "Please ask the administrator of your organization.",
            },
            Self::Peer(_) | Self::Seal(_) | Self::Cookie(_) => OUR_FAULT,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Elsewhere { reason, .. } | Self::Connection { reason, .. } | Self::Unintelligible(reason) => {
                reason.clone()
            }
            Self::Peer(_) | Self::Seal(_) | Self::Cookie(_) => self.explain().reason.to_owned(),
        }
    }
}
