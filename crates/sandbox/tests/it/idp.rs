//! The simulated identity providers.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio_util::sync::{CancellationToken, DropGuard};
use vestibule_kernel::{ManualClock, SeededIds, Timestamp};
use vestibule_sandbox::{
    bind,
    check::{Answer, Browser, Form},
    idp::{IdentityProviders, IdpConfig},
    roster::LOGINS,
    serve,
};

use crate::fixture::NOW;

const ACS: &str = "https://gateway.test/saml/c1/acs";

struct Site {
    url: String,
    providers: IdentityProviders,
    browser: Browser,
    _stop: DropGuard,
}

async fn start() -> Site {
    start_for("https://gateway.test").await
}

async fn start_for(accepted_service: &str) -> Site {
    let (listener, url) = bind(0).await.unwrap();
    let providers = IdentityProviders::new(IdpConfig {
        base_url: url.clone(),
        logins: LOGINS,
        accepted_service: accepted_service.to_owned(),
        keys: Vec::new(),
        clock: Arc::new(ManualClock::at(Timestamp::from_unix_seconds(NOW))),
        ids: Arc::new(SeededIds::new(7)),
    })
    .unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, providers.router(), stop.clone()));
    Site { url, providers, browser: Browser::new().unwrap(), _stop: stop.drop_guard() }
}

impl Site {
    async fn request(&mut self, login: &str, acs_url: &str, destination: &str, relay_state: &str) -> Answer {
        let xml = format!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r1\" Version=\"2.0\" \
             IssueInstant=\"2027-01-15T08:00:00Z\" Destination=\"{destination}\" \
             AssertionConsumerServiceURL=\"{acs_url}\"><saml:Issuer \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://gateway.test/saml/c1</saml:Issuer>\
             </samlp:AuthnRequest>"
        );
        let fields = [("SAMLRequest", BASE64_STANDARD.encode(xml)), ("RelayState", relay_state.to_owned())];
        let form = Form {
            action: format!("{}/{login}/sso", self.url).parse().unwrap(),
            is_post: true,
            fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
            buttons: Vec::new(),
        };
        self.browser.submit(&form, None).await.unwrap()
    }

    async fn sign_in(&mut self, page: &Answer, decision: &str) -> Answer {
        let form = page.forms().remove(0).with("person", "a-1001").with("decision", decision);
        self.browser.submit(&form, None).await.unwrap()
    }
}

fn response(answer: &Answer) -> String {
    let form = answer.forms().remove(0);
    String::from_utf8(BASE64_STANDARD.decode(form.field("SAMLResponse").unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_hostile_relay_state_stays_text_and_comes_back_unchanged() {
    let mut site = start().await;
    let hostile = "\"><script>alert(1)</script>&amp;'";
    let sso = format!("{}/acme/sso", site.url);
    let page = site.request("acme", ACS, &sso, hostile).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.text("authn-request-id").unwrap(), "_r1");
    let answer = site.sign_in(&page, "sign-in").await;
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
    let form = answer.forms().remove(0);
    assert_eq!((form.action.as_str(), form.field("RelayState").unwrap()), (ACS, hostile));
    let xml = response(&answer);
    assert!(xml.contains("InResponseTo=\"_r1\"") && xml.contains("ada@acme.test"), "{xml}");
}

#[tokio::test]
async fn a_request_is_answered_once() {
    let mut site = start().await;
    let sso = format!("{}/acme/sso", site.url);
    let page = site.request("acme", ACS, &sso, "r").await;
    let nobody = page.forms().remove(0).with("decision", "sign-in");
    let nobody = site.browser.submit(&nobody, None).await.unwrap();
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody was chosen");
    assert_eq!(site.sign_in(&page, "sign-in").await.status, StatusCode::OK);
    assert_eq!(site.sign_in(&page, "sign-in").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn cancelling_answers_without_an_assertion() {
    let mut site = start().await;
    let sso = format!("{}/acme/sso", site.url);
    let page = site.request("acme", ACS, &sso, "r").await;
    let answer = site.sign_in(&page, "cancel").await;
    let xml = response(&answer);
    assert!(xml.contains("status:AuthnFailed") && !xml.contains("Assertion"), "{xml}");
}

#[tokio::test]
async fn nothing_is_signed_for_strangers() {
    let mut site = start().await;
    let sso = format!("{}/acme/sso", site.url);
    let stranger = site.request("acme", "https://elsewhere.test/saml/c1/acs", &sso, "r").await;
    assert_eq!(stranger.status, StatusCode::BAD_REQUEST);
    let misdirected = site.request("acme", ACS, "https://other.test/sso", "r").await;
    assert_eq!(misdirected.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.request("nobody", ACS, &sso, "r").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn logins_of_one_software_share_entity_id_and_key() {
    let mut site = start().await;
    let (globex, partners, acme) = (
        site.providers.provider("globex").unwrap(),
        site.providers.provider("initech-partners").unwrap(),
        site.providers.provider("acme").unwrap(),
    );
    assert_eq!(globex.entity_id(), partners.entity_id());
    assert_eq!(globex.signing_key().certificate_der(), partners.signing_key().certificate_der());
    assert_ne!(globex.sso_url(), partners.sso_url());
    assert_ne!(globex.signing_key().certificate_der(), acme.signing_key().certificate_der());
    let expected = globex.metadata_xml();
    let metadata = format!("{}/globex/metadata", site.url).parse().unwrap();
    assert_eq!(site.browser.get(&metadata).await.unwrap().body, expected);
}

/// Metadata of a service provider, served by itself.
async fn service_provider(answer: &'static str) -> (String, DropGuard) {
    let (listener, url) = bind(0).await.unwrap();
    let stop = CancellationToken::new();
    let router = axum::Router::new().route("/saml/c1/metadata", axum::routing::get(move || async move { answer }));
    tokio::spawn(serve(listener, router, stop.clone()));
    (url, stop.drop_guard())
}

#[tokio::test]
async fn where_keys_matter_only_the_service_providers_own_request_is_taken() {
    let metadata = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
        entityID=\"https://gateway.test/saml/c1\"><md:SPSSODescriptor/></md:EntityDescriptor>";
    let another = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
        entityID=\"https://gateway.test/saml/c2\"><md:SPSSODescriptor/></md:EntityDescriptor>";
    for (answer, problem) in [
        (metadata, "the request is not signed"),
        (another, "another service provider"),
        ("<html/>", "not the metadata of one service provider"),
    ] {
        let (url, _stop) = service_provider(answer).await;
        let mut site = start_for(&url).await;
        let sso = format!("{}/initech-staff/sso", site.url);
        let page = site.request("initech-staff", &format!("{url}/saml/c1/acs"), &sso, "").await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.body.contains(problem), "{}", page.body);
    }
}

#[tokio::test]
async fn the_portal_sends_a_person_to_the_application_without_a_request() {
    let mut site = start().await;
    let portal = format!("{}/globex/portal", site.url).parse().unwrap();
    assert_eq!(site.browser.get(&portal).await.unwrap().status, StatusCode::NOT_FOUND, "it knows no application");
    site.providers.introduce("globex", "https://gateway.test/saml/c1", ACS);
    let page = site.browser.get(&portal).await.unwrap();
    let form = page.forms().remove(0).with("person", "g-2001");
    let page = site.browser.submit(&form, None).await.unwrap();
    let posted = page.forms().remove(0);
    assert_eq!((posted.action.as_str(), posted.field("RelayState")), (ACS, None));
    let xml = String::from_utf8(BASE64_STANDARD.decode(posted.field("SAMLResponse").unwrap()).unwrap()).unwrap();
    assert!(!xml.contains("InResponseTo") && xml.contains("alan@globex.test"), "{xml}");
    let nobody = form.with("person", "a-1001");
    assert_eq!(site.browser.submit(&nobody, None).await.unwrap().status, StatusCode::BAD_REQUEST);
}
