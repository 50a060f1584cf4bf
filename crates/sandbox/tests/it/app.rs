//! The demo application, with routing made here and the pool's own login behind it.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, service::Routes};
use url::Url;
use vestibule_kernel::{ManualClock, SecretString, SeededIds, Timestamp};
use vestibule_rpc::{
    memory,
    routing::v1::{
        ConnectionChoice, CreateTicketRequest, CreateTicketResponse, Decision, ResolveSignInRequest,
        ResolveSignInResponse,
        resolve_sign_in_request::Person,
        routing_service_server::{RoutingService, RoutingServiceServer},
    },
};
use vestibule_sandbox::{
    app::{AppConfig, DemoApplication},
    bind,
    check::{Answer, Browser},
    cognito::{Cognito, PoolConfig, Surroundings, Trigger, TriggerError},
    serve,
};

use crate::fixture::{NOW, pool};

type Deciding = dyn Fn(&ResolveSignInRequest) -> ResolveSignInResponse + Send + Sync;

struct Routing {
    asked: Arc<Mutex<Vec<ResolveSignInRequest>>>,
    deciding: Arc<Deciding>,
}

#[tonic::async_trait]
impl RoutingService for Routing {
    async fn resolve_sign_in(
        &self,
        request: Request<ResolveSignInRequest>,
    ) -> Result<Response<ResolveSignInResponse>, Status> {
        let request = request.into_inner();
        if matches!(&request.person, Some(Person::Email(email)) if !email.contains('@')) {
            return Err(Status::invalid_argument("not an address"));
        }
        let answer = (self.deciding)(&request);
        self.asked.lock().unwrap().push(request);
        Ok(Response::new(answer))
    }

    async fn create_ticket(&self, _: Request<CreateTicketRequest>) -> Result<Response<CreateTicketResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

/// Everybody belongs to the organization `o-1`.
struct OneOrganization;

#[async_trait::async_trait]
impl Trigger for OneOrganization {
    async fn invoke(&self, mut event: Value) -> Result<Value, TriggerError> {
        let generation = json!({ "claimsToAddOrOverride": { "org_id": "o-1" } });
        event["response"] = json!({ "claimsAndScopeOverrideDetails": { "idTokenGeneration": generation } });
        Ok(event)
    }
}

struct Site {
    url: Url,
    cognito_url: String,
    browser: Browser,
    asked: Arc<Mutex<Vec<ResolveSignInRequest>>>,
    _stop: DropGuard,
}

async fn start(deciding: impl Fn(&ResolveSignInRequest) -> ResolveSignInResponse + Send + Sync + 'static) -> Site {
    let stop = CancellationToken::new();
    let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(NOW)));
    let (cognito_listener, cognito_url) = bind(0).await.unwrap();
    let (listener, url) = bind(0).await.unwrap();
    let mut pool: PoolConfig = pool(&cognito_url, "http://localhost:9");
    pool.clients[0].callback_urls = vec![format!("{url}/callback")];
    pool.clients[0].logout_urls = vec![format!("{url}/")];
    let issuer = pool.issuer();
    let surroundings = Surroundings {
        trigger: Arc::new(OneOrganization),
        clock: Arc::clone(&clock) as Arc<_>,
        ids: Arc::new(SeededIds::new(2)),
    };
    let cognito = Cognito::new(pool, surroundings).unwrap();
    let asked = Arc::default();
    let routing = Routing { asked: Arc::clone(&asked), deciding: Arc::new(deciding) };
    let app = DemoApplication::new(AppConfig {
        base_url: url.clone(),
        cognito_url: cognito_url.clone(),
        issuer,
        client_id: "app".to_owned(),
        client_secret: SecretString::from("app-secret"),
        scopes: vec!["openid".to_owned(), "email".to_owned()],
        logout_uri: format!("{url}/"),
        user_pool: "userPools/1".to_owned(),
        routing: memory::serve(Routes::new(RoutingServiceServer::new(routing))),
        clock,
        ids: Arc::new(SeededIds::new(3)),
    })
    .unwrap();
    tokio::spawn(serve(cognito_listener, cognito.router(), stop.clone()));
    tokio::spawn(serve(listener, app.router(), stop.clone()));
    let url = Url::parse(&url).unwrap();
    Site { url, cognito_url, browser: Browser::new().unwrap(), asked, _stop: stop.drop_guard() }
}

impl Site {
    async fn submit(&mut self, email: &str) -> Answer {
        let page = self.browser.get(&self.url).await.unwrap();
        let form = page.forms().remove(0).with("email", email);
        self.browser.submit(&form, None).await.unwrap()
    }

    /// From Cognito's authorize address through its own login to the application's callback address.
    async fn native_login(&mut self, cognito: &Url, email: &str) -> Url {
        let answer = self.browser.get(cognito).await.unwrap();
        let page = self.browser.get(&answer.location.unwrap()).await.unwrap();
        let page = self.browser.submit(&page.forms().remove(0).with("email", email), None).await.unwrap();
        let form = page.forms().remove(0).with("code", &page.text("email-code").unwrap());
        self.browser.submit(&form, None).await.unwrap().location.unwrap()
    }
}

fn standard(_: &ResolveSignInRequest) -> ResolveSignInResponse {
    ResolveSignInResponse { decision: Decision::Standard.into(), ..ResolveSignInResponse::default() }
}

#[tokio::test]
async fn an_unknown_domain_signs_in_at_cognito_itself_and_out_again() {
    let mut site = start(standard).await;
    let cognito = site.submit("eve@unknown.test").await.location.unwrap();
    assert!(cognito.as_str().starts_with(&format!("{}/oauth2/authorize?", site.cognito_url)), "{cognito}");
    let callback = site.native_login(&cognito, "eve@unknown.test").await;
    let answer = site.browser.get(&callback).await.unwrap();
    assert_eq!(answer.location.as_ref(), Some(&site.url), "{}", answer.problem());
    let page = site.browser.get(&site.url).await.unwrap();
    let claims: Value = serde_json::from_str(&page.text("id-token-claims").unwrap()).unwrap();
    assert_eq!(claims["email"], "eve@unknown.test");
    assert!(page.text("access-token-claims").unwrap().contains("\"token_use\": \"access\""));
    let sign_out = page.forms().into_iter().find(|form| form.action.path() == "/sign-out").unwrap();
    let logout = site.browser.submit(&sign_out, None).await.unwrap().location.unwrap();
    let home = site.browser.get(&logout).await.unwrap().location.unwrap();
    let page = site.browser.get(&home).await.unwrap();
    assert_eq!(page.text("id-token-claims"), None);
    // Cognito has forgotten the person too.
    let cognito = site.submit("eve@unknown.test").await.location.unwrap();
    let answer = site.browser.get(&cognito).await.unwrap();
    assert!(answer.location.unwrap().path().starts_with("/login"));
}

#[tokio::test]
async fn the_state_belongs_to_one_browser_and_one_sign_in() {
    let mut site = start(standard).await;
    let cognito = site.submit("eve@unknown.test").await.location.unwrap();
    let callback = site.native_login(&cognito, "eve@unknown.test").await;
    let mut forged = callback.clone();
    forged.query_pairs_mut().clear().append_pair("code", "c").append_pair("state", "forged");
    assert_eq!(site.browser.get(&forged).await.unwrap().status, StatusCode::BAD_REQUEST);
    let victim = site.browser.another().get(&callback).await.unwrap();
    assert_eq!(victim.status, StatusCode::BAD_REQUEST, "a sign-in that another browser began");
    let late = site.browser.get(&callback).await.unwrap();
    assert_eq!(late.status, StatusCode::BAD_REQUEST, "the state has been used");
}

#[tokio::test]
async fn a_token_with_another_nonce_is_refused() {
    let mut site = start(standard).await;
    let mut cognito = site.submit("eve@unknown.test").await.location.unwrap();
    let changed: Vec<(String, String)> = cognito
        .query_pairs()
        .map(|(name, value)| if name == "nonce" { (name, "another".into()) } else { (name, value) })
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    cognito.query_pairs_mut().clear().extend_pairs(changed);
    let callback = site.native_login(&cognito, "eve@unknown.test").await;
    let answer = site.browser.get(&callback).await.unwrap();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text("detail").unwrap().contains("nonce"), "{}", answer.body);
}

#[tokio::test]
async fn an_error_of_cognito_is_shown_as_text() {
    let mut site = start(standard).await;
    let cognito = site.submit("eve@unknown.test").await.location.unwrap();
    let state = cognito.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mut callback = site.url.join("/callback").unwrap();
    callback
        .query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_description", "<script>alert(1)</script>")
        .append_pair("state", &state);
    let answer = site.browser.get(&callback).await.unwrap();
    assert_eq!(answer.text("problem").unwrap(), "access_denied");
    assert_eq!(answer.text("detail").unwrap(), "<script>alert(1)</script>");
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
}

#[tokio::test]
async fn decisions_of_routing_become_pages() {
    let mut site = start(|request| match &request.person {
        Some(Person::Email(email)) if email.ends_with("@hooli.test") => ResolveSignInResponse {
            decision: Decision::Refused.into(),
            reason: "ORGANIZATION_SUSPENDED".to_owned(),
            organization_display_name: "Hooli".to_owned(),
            ..ResolveSignInResponse::default()
        },
        Some(Person::Email(email)) if email.ends_with("@evil.test") => ResolveSignInResponse {
            decision: Decision::Brokered.into(),
            authorize_url: "https://elsewhere.test/oauth2/authorize?x".to_owned(),
            ..ResolveSignInResponse::default()
        },
        _ => ResolveSignInResponse {
            decision: Decision::Choose.into(),
            connections: ["One", "Two"]
                .map(|name| ConnectionChoice {
                    connection: String::new(),
                    display_name: name.to_owned(),
                    ticket: format!("ticket-{name}"),
                })
                .into(),
            ..ResolveSignInResponse::default()
        },
    })
    .await;
    let refused = site.submit("gavin@hooli.test").await;
    assert_eq!(
        (refused.status, refused.text("reason").unwrap().as_str()),
        (StatusCode::FORBIDDEN, "ORGANIZATION_SUSPENDED")
    );
    let elsewhere = site.submit("x@evil.test").await;
    assert_eq!((elsewhere.status, elsewhere.location), (StatusCode::BAD_REQUEST, None));
    let choose = site.submit("peter@initech.test").await;
    let labels: Vec<_> = choose.forms().iter().map(|form| form.buttons[0].label.clone()).collect();
    assert_eq!(labels, ["One", "Two"]);
    site.browser.submit(&choose.forms()[1], None).await.unwrap();
    let asked = site.asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!(asked.person, Some(Person::Ticket("ticket-Two".to_owned())));
}

#[tokio::test]
async fn what_is_no_address_is_asked_for_again() {
    let mut site = start(standard).await;
    let answer = site.submit("nobody").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text("problem").unwrap().contains("not an e-mail address"));
    assert!(answer.body.contains("autocomplete=\"email webauthn\"") && answer.body.contains("<label for=\"email\">"));
}

#[tokio::test]
async fn another_person_in_the_same_browser_is_asked_again() {
    let mut site = start(standard).await;
    let cognito = site.submit("eve@unknown.test").await.location.unwrap();
    let callback = site.native_login(&cognito, "eve@unknown.test").await;
    site.browser.get(&callback).await.unwrap();
    let switches = |site: &Site| {
        let asked = site.asked.lock().unwrap();
        asked.last().unwrap().application.as_ref().unwrap().switch_account
    };
    assert!(!switches(&site), "nobody was signed in before");
    // The session here is lost, Cognito's is not.
    site.browser.forget(|cookie| cookie.name == "demo-session");
    let again = site.submit("eve@unknown.test").await.location.unwrap();
    assert!(!switches(&site));
    assert!(!again.as_str().contains("prompt=login"));
    let another = site.submit("mallory@unknown.test").await.location.unwrap();
    assert!(switches(&site));
    assert!(another.as_str().contains("prompt=login"));
    // Whoever presses "Switch account" may type the same address.
    let callback = site.native_login(&another, "mallory@unknown.test").await;
    site.browser.get(&callback).await.unwrap();
    let page = site.browser.get(&site.url).await.unwrap();
    let switch = page.forms().into_iter().find(|form| form.action.path() == "/switch-account").unwrap();
    let page = site.browser.submit(&switch, None).await.unwrap();
    let form = page.forms().remove(0).with("email", "mallory@unknown.test");
    site.browser.submit(&form, None).await.unwrap();
    assert!(switches(&site));
}

#[tokio::test]
async fn a_session_of_cognito_for_another_organization_is_noticed() {
    let mut site = start(|request| ResolveSignInResponse {
        organization: match &request.person {
            Some(Person::Email(email)) if email == "ada@acme.test" => "organizations/o-1".to_owned(),
            _ => "organizations/o-2".to_owned(),
        },
        ..standard(request)
    })
    .await;
    let cognito = site.submit("ada@acme.test").await.location.unwrap();
    let callback = site.native_login(&cognito, "ada@acme.test").await;
    assert_eq!(site.browser.get(&callback).await.unwrap().location.as_ref(), Some(&site.url));
    // A browser that has forgotten this application, but not Cognito.
    site.browser.forget(|cookie| cookie.name.starts_with("demo-"));
    let cognito = site.submit("alan@globex.test").await.location.unwrap();
    let callback = site.browser.get(&cognito).await.unwrap().location.unwrap();
    assert_eq!(callback.path(), "/callback", "Cognito answers out of its session");
    let answer = site.browser.get(&callback).await.unwrap();
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.forms()[0].action.path(), "/switch-account");
    assert_eq!(site.browser.get(&site.url).await.unwrap().text("id-token-claims"), None);
}
