use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, RawForm, RawQuery, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use vestibule_kernel::{Clock, IdSource};
use vestibule_saml_idp::{
    Forgery, IdentityProvider, IdpError, KnownServiceProvider, ReceivedRequest, SigningKey, saml_response_value,
};

use super::{
    SetUpError, keyring,
    logout::{self, SESSION_LIFETIME, Session},
    page::{PostPage, ProblemPage, SignInPage},
    portal::{self, Application},
    response::{Answer, Decision, respond},
    service_provider,
    subject::subject,
};
use crate::{
    roster::Login,
    web::{Expiring, assets, http_client, page, pairs, random_token, text_of},
};

/// How long a person may look at the sign-in page.
const REQUEST_LIFETIME: Duration = Duration::from_mins(10);

/// What the simulated identity providers need to know.
pub struct IdpConfig {
    /// The address they are served at, without a trailing slash.
    pub base_url: String,
    /// Which logins there are.
    pub logins: &'static [Login],
    /// Answers go only to assertion consumer services below this address: the gateway's public URL.
    pub accepted_service: String,
    /// Signing keys by software; a key that is not given is made.
    pub keys: Vec<(&'static str, SigningKey)>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn IdSource>,
}

/// The simulated identity providers. Cheap to clone.
#[derive(Clone)]
pub struct IdentityProviders(Arc<Site>);

pub(super) struct Site {
    logins: &'static [Login],
    pub(super) accepted_service: String,
    providers: BTreeMap<&'static str, IdentityProvider>,
    stranger: SigningKey,
    pub(super) client: reqwest::Client,
    requests: Expiring<Waiting>,
    /// By login: where its portal leads.
    pub(super) applications: Mutex<BTreeMap<&'static str, Application>>,
    /// By person and by SessionIndex.
    pub(super) sessions: Expiring<Session>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

/// A request whose person is looking at the page.
#[derive(Clone)]
struct Waiting {
    path: &'static str,
    acs_url: String,
    request: Arc<ReceivedRequest>,
    /// Where keys matter, whose request it is.
    service_provider: Option<Arc<KnownServiceProvider>>,
}

impl IdentityProviders {
    /// Makes the keys that are not given. RSA keys take some 100 ms each.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn new(config: IdpConfig) -> Result<Self, SetUpError> {
        let providers = keyring::providers(&config.base_url, config.logins, config.keys, config.clock.now())?;
        let stranger = keyring::stranger(config.clock.now())?;
        Ok(Self(Arc::new(Site {
            stranger,
            client: http_client("vestibule-sandbox-idp")?,
            logins: config.logins,
            accepted_service: format!("{}/saml/", config.accepted_service),
            providers,
            requests: Expiring::new(REQUEST_LIFETIME),
            applications: Mutex::default(),
            sessions: Expiring::new(SESSION_LIFETIME),
            clock: config.clock,
            ids: config.ids,
        })))
    }

    /// The identity provider behind a login: its key, its metadata, and the way to sign what it would sign.
    #[must_use]
    pub fn provider(&self, path: &str) -> Option<&IdentityProvider> {
        self.0.providers.get(path)
    }

    /// Makes a service provider known to the people of a login: their portal leads there.
    pub fn introduce(&self, path: &'static str, entity_id: &str, acs_url: &str) {
        self.0.introduce(path, Application { entity_id: entity_id.to_owned(), acs_url: acs_url.to_owned() });
    }

    /// The pages and endpoints.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/{login}/metadata", get(metadata))
            .route("/{login}/sso", get(sso_redirect).post(sso_post))
            .route("/{login}/sign-in", post(sign_in))
            .route("/{login}/portal", get(portal::show).post(portal::open))
            .route("/{login}/slo", get(logout::slo_redirect).post(logout::slo_post))
            .route("/{login}/sign-out", get(logout::ask).post(logout::sign_out))
            .with_state(Arc::clone(&self.0))
            .merge(assets())
    }
}

async fn metadata(State(site): State<Arc<Site>>, Path(path): Path<String>) -> Response {
    match site.providers.get(path.as_str()) {
        Some(provider) => {
            let media_type = HeaderValue::from_static("application/samlmetadata+xml");
            ([(CONTENT_TYPE, media_type)], provider.metadata_xml()).into_response()
        }
        None => problem(StatusCode::NOT_FOUND, "There is no such identity provider."),
    }
}

async fn sso_redirect(State(site): State<Arc<Site>>, Path(path): Path<String>, RawQuery(query): RawQuery) -> Response {
    site.ask(&path, |provider| provider.read_authn_request_redirect(query.as_deref().unwrap_or_default())).await
}

async fn sso_post(State(site): State<Arc<Site>>, Path(path): Path<String>, RawForm(form): RawForm) -> Response {
    site.ask(&path, |provider| provider.read_authn_request_post(&String::from_utf8_lossy(&form))).await
}

async fn sign_in(State(site): State<Arc<Site>>, Path(path): Path<String>, RawForm(form): RawForm) -> Response {
    let form = pairs(&String::from_utf8_lossy(&form));
    site.answer(&path, &form)
}

impl Site {
    /// An AuthnRequest has arrived: ask who is signing in.
    async fn ask(
        &self,
        path: &str,
        read: impl FnOnce(&IdentityProvider) -> Result<ReceivedRequest, IdpError>,
    ) -> Response {
        let Some((login, provider)) = self.login(path) else {
            return problem(StatusCode::NOT_FOUND, "There is no such identity provider.");
        };
        let request = match read(provider) {
            Ok(request) => request,
            Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("The AuthnRequest is refused: {error}.")),
        };
        // SAML core section 3.2.1: a Destination that is present must be the address the message arrived at.
        if request.destination.as_deref().is_some_and(|destination| destination != provider.sso_url()) {
            return problem(StatusCode::BAD_REQUEST, "The AuthnRequest is meant for another identity provider.");
        }
        // A real identity provider knows its service providers by their metadata; this one by their address.
        let Some(acs_url) = request.acs_url.clone().filter(|url| url.starts_with(&self.accepted_service)) else {
            return problem(StatusCode::BAD_REQUEST, "The AuthnRequest does not come from a known service provider.");
        };
        let service_provider = if login.keyed {
            match service_provider::known(&self.client, &request, &acs_url).await {
                Ok(known) => Some(Arc::new(known)),
                Err(error) => {
                    return problem(StatusCode::BAD_REQUEST, &format!("The AuthnRequest is refused: {error}."));
                }
            }
        } else {
            None
        };
        let handle = random_token(&*self.ids);
        let waiting = Waiting { path: login.path, acs_url, request: Arc::new(request), service_provider };
        let answer = sign_in_page(login, &waiting, &handle, None);
        self.requests.put(handle, waiting, self.clock.now());
        answer
    }

    /// The person has decided: answer the service provider.
    fn answer(&self, path: &str, form: &[(String, String)]) -> Response {
        let handle = text_of(form, "handle").unwrap_or_default();
        let now = self.clock.now();
        let waiting = self.requests.get(handle, now).filter(|waiting| waiting.path == path);
        let (Some((login, provider)), Some(waiting)) = (self.login(path), waiting) else {
            return problem(StatusCode::BAD_REQUEST, "This sign-in is over or has taken too long.");
        };
        let person = login.people.iter().find(|person| Some(person.id) == text_of(form, "person"));
        let decision = match (text_of(form, "decision"), person) {
            (Some("cancel"), _) => Decision::Cancel,
            (_, None) => return sign_in_page(login, &waiting, handle, Some("Please choose who is signing in.")),
            (Some("forge"), Some(person)) => match forgery_of(form) {
                Some(forgery) => Decision::Forge { person, forgery, stranger: &self.stranger },
                None => return sign_in_page(login, &waiting, handle, Some("There is no such forgery.")),
            },
            (_, Some(person)) => Decision::SignIn(person),
        };
        // One request is answered once.
        if self.requests.take(handle, now).is_none() {
            return problem(StatusCode::BAD_REQUEST, "This sign-in is over or has taken too long.");
        }
        let asked = (&*waiting.request, waiting.acs_url.as_str(), waiting.service_provider.as_deref());
        let response = respond(provider, login, asked, &decision, now, &*self.ids);
        if let (Ok(Answer { session_index, .. }), Decision::SignIn(person)) = (&response, &decision) {
            let (path, acs_url) = (login.path, waiting.acs_url.clone());
            let (subject, index) = (subject(login.dialect, person), session_index.clone());
            self.begin_session(person.id, Session { path, subject, index, acs_url });
        }
        match response {
            Ok(Answer { xml, .. }) => page(
                StatusCode::OK,
                &PostPage {
                    acs_url: &waiting.acs_url,
                    saml_response: &saml_response_value(&xml),
                    relay_state: waiting.request.relay_state.as_deref(),
                },
            ),
            Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &format!("No Response could be made: {error}.")),
        }
    }

    pub(super) fn login(&self, path: &str) -> Option<(&'static Login, &IdentityProvider)> {
        Some((self.logins.iter().find(|login| login.path == path)?, self.providers.get(path)?))
    }
}

/// The forgery that the form names, by its place in the list.
fn forgery_of(form: &[(String, String)]) -> Option<Forgery> {
    Forgery::ALL.get(text_of(form, "forgery")?.parse::<usize>().ok()?).copied()
}

fn sign_in_page(login: &Login, waiting: &Waiting, handle: &str, asked_again: Option<&'static str>) -> Response {
    let status = if asked_again.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (request_id, issuer) = (waiting.request.id.as_str(), waiting.request.issuer.as_str());
    let signed = waiting.service_provider.is_some();
    page(
        status,
        &SignInPage { login, handle, request_id, issuer, signed, problem: asked_again, forgeries: Forgery::ALL },
    )
}

fn problem(status: StatusCode, problem: &str) -> Response {
    page(status, &ProblemPage { problem })
}
