//! Signing out from the application: Cognito's `/logout` sends the browser here.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use vestibule_rpc::saml::v1::validate_logout_request::Message;

use crate::{
    browser::{Answer, Browser, encode},
    world::{ACME_CONNECTION, GLOBEX_CONNECTION, POOL, World},
};

const APPLICATION: &str = "https://acme-pool.test/";
const SESSION: &str = "__Host-session.01890a5d-0000-7000-8000-0000000000aa";

fn end_session(extra: &str) -> String {
    format!("/oauth2/end_session?client_id=acme-pool&post_logout_redirect_uri={}{extra}", encode(APPLICATION))
}

/// A browser that holds a session of this kind.
async fn signed_in(world: &World, kind: &str) -> Browser {
    let browser = world.browser();
    world.sign_in(&browser, "", &format!("valid:assertion-{kind}:{kind}")).await;
    browser
}

fn has_session(browser: &Browser) -> bool {
    browser.cookies.borrow().contains_key(SESSION)
}

fn pending(browser: &Browser) -> usize {
    browser.cookies.borrow().keys().filter(|name| name.starts_with("__Host-signout.")).count()
}

fn slo(query: &str) -> String {
    format!("/saml/{ACME_CONNECTION}/slo?{query}")
}

async fn traced(world: &World, page: &Answer) -> (String, String) {
    let found = world.find(page.reference()).await.expect("the reference id resolves");
    assert_eq!(found.stage, "logout");
    (found.reason, found.answer)
}

#[tokio::test]
async fn a_person_signs_out_at_the_identity_provider_and_returns_to_the_application() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let written = world.head().await;
    let sent = browser.get(&end_session("&state=a%26b&logout_hint=ada&id_token_hint=x&ui_locales=de")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(sent.location().starts_with("https://idp.acme.test/slo?SAMLRequest="));
    assert_eq!((has_session(&browser), pending(&browser)), (false, 1));
    let handle = sent.parameter("RelayState").unwrap();
    let asked = world.asked.lock().unwrap().logout_requests.clone();
    assert_eq!((asked.len(), asked[0].session.as_str()), (1, "sealed-"));
    assert_eq!(asked[0].user_pool, format!("userPools/{POOL}"));
    assert_eq!(asked[0].connection, ACME_CONNECTION.to_string());

    let query = format!("SAMLResponse=done&RelayState={handle}&SigAlg=%61&Signature=%2b");
    let back = browser.get(&slo(&query)).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, "https://acme-pool.test/?state=a%26b"));
    assert_eq!(pending(&browser), 0);
    let asked = world.asked.lock().unwrap().logouts.clone();
    // The signature covers the bytes as they came.
    assert!(matches!(&asked[0].message, Some(Message::Query(raw)) if *raw == query));
    assert_eq!(
        (asked[0].request_id.as_str(), asked[0].connection.as_str()),
        ("_logout-1", &*ACME_CONNECTION.to_string())
    );
    assert_eq!(world.head().await, written, "whoever is sent here writes nothing to the log");
}

#[tokio::test]
async fn the_request_and_the_answer_may_go_by_form() {
    let world = World::new().await;
    let browser = signed_in(&world, "form").await;
    let page = browser.get(&end_session("")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("action=\"https://idp.globex.test/slo\""));
    assert!(page.body.contains("name=\"SAMLRequest\" value=\"PGxvZ291dD4\""));
    let handle = page.between("name=\"RelayState\" value=\"", "\"").to_owned();
    let form = format!("SAMLResponse=done&RelayState={handle}");
    let back = browser.post(&format!("/saml/{ACME_CONNECTION}/slo"), form).await;
    assert_eq!((back.status, back.location()), (StatusCode::SEE_OTHER, APPLICATION));
}

#[tokio::test]
async fn where_there_is_nothing_to_end_the_person_goes_straight_on() {
    let world = World::new().await;
    let nobody = world.browser().get(&end_session("")).await;
    assert_eq!((nobody.status, nobody.location()), (StatusCode::SEE_OTHER, APPLICATION));
    assert!(world.asked.lock().unwrap().logout_requests.is_empty());
    for kind in ["nowhere", "old", "session"] {
        let browser = signed_in(&world, kind).await;
        assert_eq!(has_session(&browser), kind != "session", "the saml service gave one, or none");
        let on = browser.get(&end_session("")).await;
        assert_eq!((on.status, on.location()), (StatusCode::SEE_OTHER, APPLICATION), "{kind}");
        assert_eq!((has_session(&browser), pending(&browser)), (false, 0));
    }
}

#[tokio::test]
async fn without_an_address_the_person_stays_here() {
    let world = World::new().await;
    let page = world.browser().get("/oauth2/end_session?client_id=acme-pool&post_logout_redirect_uri=&state=x").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("You are signed out"));
}

#[tokio::test]
async fn an_address_counts_only_as_it_was_registered() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let with = |uri: &str| format!("/oauth2/end_session?client_id=acme-pool&post_logout_redirect_uri={}", encode(uri));
    for uri in [
        "https://acme-pool.test",
        "https://acme-pool.test/?x",
        "https://acme-pool.test/%2e",
        "https://ACME-pool.test/",
        "https://acme-pool.test/bye",
        "https://other-pool.test/",
        "https://eve.test/",
        "javascript:alert(1)",
        "//eve.test/",
    ] {
        let page = browser.get(&with(uri)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{uri}");
        assert_eq!(traced(&world, &page).await.0, "POST_LOGOUT_REDIRECT_URI_UNREGISTERED");
        assert!(!page.body.contains("eve.test") && !page.body.contains("Back to the application"));
    }
    assert!(has_session(&browser), "a request that is refused does nothing");
    let on = world.browser().get(&format!("{}&state=s", with("https://acme-pool.test/bye?a=b"))).await;
    assert_eq!(on.location(), "https://acme-pool.test/bye?a=b&state=s");
}

#[tokio::test]
async fn a_request_that_is_not_clear_does_nothing() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let long = format!("/oauth2/end_session?client_id=acme-pool&a={}", "x".repeat(8 * 1024));
    for (path, reason) in [
        ("/oauth2/end_session", "END_SESSION_MALFORMED"),
        ("/oauth2/end_session?client_id=", "END_SESSION_MALFORMED"),
        ("/oauth2/end_session?client_id=acme-pool&client_id=acme-pool", "END_SESSION_MALFORMED"),
        (&end_session("&post_logout_redirect_uri=x"), "END_SESSION_MALFORMED"),
        (&end_session("&state=a&state=a"), "END_SESSION_MALFORMED"),
        ("/oauth2/end_session?client_id=nobody", "END_SESSION_CLIENT_UNKNOWN"),
        (&end_session(&format!("&state={}", "x".repeat(513))), "END_SESSION_TOO_LONG"),
        (&long, "END_SESSION_TOO_LONG"),
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status, traced(&world, &page).await.0.as_str()), (StatusCode::BAD_REQUEST, reason), "{path}");
    }
    assert!(has_session(&browser));
    assert!(world.asked.lock().unwrap().logout_requests.is_empty());
}

#[tokio::test]
async fn another_pools_sign_out_leaves_the_session_alone() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let other = encode("https://other-pool.test/");
    let path = format!("/oauth2/end_session?client_id=other-pool&post_logout_redirect_uri={other}");
    assert_eq!(browser.get(&path).await.location(), "https://other-pool.test/");
    assert!(has_session(&browser));
}

#[tokio::test]
async fn by_post_it_is_the_same() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let body = end_session("&state=s").split_once('?').unwrap().1.to_owned();
    let sent = browser.post("/oauth2/end_session", body).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(sent.location().starts_with("https://idp.acme.test/slo"));
    let request =
        Request::post("/oauth2/end_session").header("content-type", "text/plain").body(Body::empty()).unwrap();
    let page = browser.send(request).await;
    assert_eq!(traced(&world, &page).await.0, "END_SESSION_MALFORMED");
}

#[tokio::test]
async fn when_the_identity_provider_cannot_be_told_the_page_says_so_and_leads_on() {
    let world = World::new().await;
    let browser = signed_in(&world, "down").await;
    let page = browser.get(&end_session("&state=s")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("signed out of the application only"));
    assert!(page.body.contains("href=\"https://acme-pool.test/?state=s\""));
    let (reason, answer) = traced(&world, &page).await;
    assert_eq!((reason.as_str(), answer.as_str()), ("PEER_UNAVAILABLE", "a page that leads back to the application"));
    assert!(!has_session(&browser));
}

#[tokio::test]
async fn an_identity_provider_that_never_answers_holds_nobody_up() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let sent = browser.get(&end_session("")).await;
    let handle = sent.parameter("RelayState").unwrap();
    // The person goes back and signs out again.
    assert_eq!(browser.get(&end_session("")).await.location(), APPLICATION);
    world.clock.advance(Duration::from_mins(5));
    let page = browser.get(&slo(&format!("SAMLResponse=done&RelayState={handle}"))).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(traced(&world, &page).await.0, "LOGOUT_RESPONSE_LATE");
    assert!(page.body.contains("href=\"https://acme-pool.test/\""));
    assert!(world.asked.lock().unwrap().logouts.is_empty(), "what comes too late is not judged");
}

#[tokio::test]
async fn whatever_the_identity_provider_answers_the_page_says_it_and_leads_on() {
    let world = World::new().await;
    for (answer, status, reason, words) in [
        ("partial", StatusCode::FORBIDDEN, "LOGOUT_PARTIAL", "still be signed in elsewhere"),
        ("denied", StatusCode::FORBIDDEN, "LOGOUT_NOT_DONE", "did not sign you out"),
        ("forged", StatusCode::FORBIDDEN, "SIGNATURE_MISSING", "did not pass our checks"),
        ("down", StatusCode::SERVICE_UNAVAILABLE, "PEER_UNAVAILABLE", "could not be checked"),
    ] {
        let browser = signed_in(&world, &format!("for-{answer}")).await;
        let sent = browser.get(&end_session("&state=s")).await;
        let handle = sent.parameter("RelayState").unwrap();
        let page = browser.get(&slo(&format!("SAMLResponse={answer}&RelayState={handle}"))).await;
        assert_eq!((page.status, traced(&world, &page).await.0.as_str()), (status, reason), "{answer}");
        assert!(page.body.contains(words), "{}", page.body);
        assert!(page.body.contains("href=\"https://acme-pool.test/?state=s\""), "{answer}");
        assert!(!page.body.contains("internal words"));
        assert_eq!(pending(&browser), 0, "one answer for each request");
    }
}

#[tokio::test]
async fn an_answer_counts_in_the_browser_and_over_the_connection_that_asked() {
    let world = World::new().await;
    let browser = signed_in(&world, "").await;
    let sent = browser.get(&end_session("")).await;
    let query = format!("SAMLResponse=done&RelayState={}", sent.parameter("RelayState").unwrap());
    let elsewhere = world.browser().get(&slo(&query)).await;
    assert_eq!(traced(&world, &elsewhere).await.0, "LOGOUT_RESPONSE_UNSOLICITED");
    for query in ["SAMLResponse=done", "SAMLResponse=done&RelayState=x"] {
        let page = browser.get(&slo(query)).await;
        assert_eq!(
            (page.status, traced(&world, &page).await.0.as_str()),
            (StatusCode::BAD_REQUEST, "LOGOUT_RESPONSE_UNSOLICITED")
        );
    }
    let other = browser.get(&format!("/saml/{GLOBEX_CONNECTION}/slo?{query}")).await;
    assert_eq!(traced(&world, &other).await.0, "LOGOUT_OVER_OTHER_CONNECTION");
    assert!(world.asked.lock().unwrap().logouts.is_empty());
}

#[tokio::test]
async fn a_sealed_sign_in_is_no_sealed_sign_out() {
    let world = World::new().await;
    let browser = world.browser();
    let sent = browser.get(&crate::world::authorize("&login_hint=ada%40acme.test")).await;
    let handle = sent.parameter("RelayState").unwrap();
    let (name, value) =
        browser.cookies.borrow().first_key_value().map(|(name, value)| (name.clone(), value.clone())).unwrap();
    let started = name.split('.').nth(1).unwrap();
    browser.cookies.borrow_mut().insert(format!("__Host-signout.{started}.{handle}"), value);
    let page = browser.get(&slo(&format!("SAMLResponse=done&RelayState={handle}"))).await;
    assert_eq!(traced(&world, &page).await.0, "PENDING_SIGN_IN_UNREADABLE");
}

#[tokio::test]
async fn three_sign_outs_may_be_under_way() {
    let world = World::new().await;
    let browser = world.browser();
    for number in 0..4 {
        world.sign_in(&browser, "", &format!("valid:assertion-{number}")).await;
        browser.get(&end_session("&state=x")).await;
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(pending(&browser), 3);
}
