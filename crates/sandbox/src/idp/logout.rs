//! Single logout at a simulated identity provider (SAML profiles section 4.4): its sessions, the requests of service
//! providers that end them, and a page on which a person ends them here.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Path, RawForm, RawQuery, State},
    http::StatusCode,
    response::Response,
};
use vestibule_saml_idp::{IdentityProvider, IdpError, LogoutKind, LogoutTerms, ReceivedLogout, Subject};

use super::{
    page::{ProblemPage, SignOutPage, SignedOutPage},
    service_provider,
    site::Site,
};
use crate::web::{found, page, pairs, text_of};

/// How long a session lasts.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_hours(8);

/// A session of a person, known to one service provider.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) path: &'static str,
    /// What the service provider was told.
    pub(super) subject: Subject,
    /// What the service provider calls it.
    pub(super) index: String,
    /// The service provider's assertion consumer service.
    pub(super) acs_url: String,
}

pub(super) async fn slo_redirect(
    State(site): State<Arc<Site>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    site.hear(&path, |provider| provider.read_logout_redirect(query.as_deref().unwrap_or_default())).await
}

pub(super) async fn slo_post(
    State(site): State<Arc<Site>>,
    Path(path): Path<String>,
    RawForm(form): RawForm,
) -> Response {
    site.hear(&path, |provider| provider.read_logout_post(&String::from_utf8_lossy(&form))).await
}

/// `GET /{login}/sign-out`: a person wants to end their session here.
pub(super) async fn ask(State(site): State<Arc<Site>>, Path(path): Path<String>) -> Response {
    match site.login(&path) {
        Some((login, _)) => page(StatusCode::OK, &SignOutPage { login }),
        None => problem(StatusCode::NOT_FOUND, "There is no such identity provider."),
    }
}

/// `POST /{login}/sign-out`: tells the service provider.
pub(super) async fn sign_out(
    State(site): State<Arc<Site>>,
    Path(path): Path<String>,
    RawForm(form): RawForm,
) -> Response {
    let form = pairs(&String::from_utf8_lossy(&form));
    let person = text_of(&form, "person").unwrap_or_default();
    let (now, known) = (site.clock.now(), site.login(&path));
    let session = site.sessions.take(&person_key(&path, person), now);
    let (Some((_, provider)), Some(session)) = (known, session) else {
        return problem(StatusCode::BAD_REQUEST, "Nobody by that name is signed in.");
    };
    site.sessions.take(&session_key(&path, &session.index), now);
    let destination = slo_of(&session.acs_url);
    let terms = LogoutTerms::new(&destination, now, &*site.ids).of_session(&session.index);
    let xml = provider.logout_request(&session.subject, &terms);
    carry(provider, LogoutKind::Request, &xml, &destination, Some("signed-out-here"))
}

impl Site {
    /// Remembers whom a service provider was told about.
    pub(super) fn begin_session(&self, person: &str, session: Session) {
        let now = self.clock.now();
        self.sessions.put(person_key(session.path, person), session.clone(), now);
        self.sessions.put(session_key(session.path, &session.index), session, now);
    }

    /// A message of a service provider, which has to be signed by it.
    async fn hear(
        &self,
        path: &str,
        read: impl FnOnce(&IdentityProvider) -> Result<ReceivedLogout, IdpError>,
    ) -> Response {
        let Some((_, provider)) = self.login(path) else {
            return problem(StatusCode::NOT_FOUND, "There is no such identity provider.");
        };
        let received = match read(provider) {
            Ok(received) => received,
            Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("The message is refused: {error}.")),
        };
        if received.destination.as_deref() != provider.slo_url() {
            return problem(StatusCode::BAD_REQUEST, "The message is meant for another identity provider.");
        }
        if !received.issuer.starts_with(&self.accepted_service) {
            return problem(StatusCode::BAD_REQUEST, "The message does not come from a known service provider.");
        }
        if let Err(error) = service_provider::sent(&self.client, &received).await {
            return problem(StatusCode::BAD_REQUEST, &format!("The message is refused: {error}."));
        }
        match received.kind {
            LogoutKind::Request => self.end(path, provider, &received),
            LogoutKind::Response => signed_out(received.status.as_deref()),
        }
    }

    /// Ends the sessions that the request names, and answers it.
    fn end(&self, path: &str, provider: &IdentityProvider, request: &ReceivedLogout) -> Response {
        let now = self.clock.now();
        let named = |session: &Session| Some(&session.subject.name_id) == request.name_id.as_ref();
        let ended = request.session_indexes.iter().filter(|index| {
            let key = session_key(path, index);
            self.sessions.get(&key, now).is_some_and(|session| named(&session))
                && self.sessions.take(&key, now).is_some()
        });
        let is_known = ended.count() > 0;
        let destination = format!("{}/slo", request.issuer);
        let terms = LogoutTerms::new(&destination, now, &*self.ids).answering(&request.id);
        let terms = if is_known { terms } else { terms.with_status("Requester", Some("UnknownPrincipal")) };
        let xml = provider.logout_response(&terms);
        carry(provider, LogoutKind::Response, &xml, &destination, request.relay_state.as_deref())
    }
}

fn carry(
    provider: &IdentityProvider,
    kind: LogoutKind,
    xml: &str,
    destination: &str,
    relay_state: Option<&str>,
) -> Response {
    match provider.logout_query(kind, xml, relay_state) {
        Ok(query) => found(&format!("{destination}?{query}")),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &format!("No message could be made: {error}.")),
    }
}

fn signed_out(status: Option<&str>) -> Response {
    page(StatusCode::OK, &SignedOutPage { status: status.unwrap_or("none") })
}

fn person_key(path: &str, person: &str) -> String {
    format!("{path} person {person}")
}

fn session_key(path: &str, session_index: &str) -> String {
    format!("{path} session {session_index}")
}

/// Both lie below the service provider's entity id.
fn slo_of(acs_url: &str) -> String {
    format!("{}/slo", acs_url.strip_suffix("/acs").unwrap_or(acs_url))
}

fn problem(status: StatusCode, problem: &str) -> Response {
    page(status, &ProblemPage { problem })
}
