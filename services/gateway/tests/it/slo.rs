//! Signing out from the identity provider: its LogoutRequests.

use axum::http::StatusCode;
use vestibule_kernel::ConnectionId;
use vestibule_rpc::saml::v1::validate_logout_request::Message;

use crate::{
    browser::encode,
    world::{ACME_CONNECTION, World},
};

fn slo(query: &str) -> String {
    format!("/saml/{ACME_CONNECTION}/slo?{query}")
}

fn endpoint() -> String {
    format!("/saml/{ACME_CONNECTION}/slo")
}

#[tokio::test]
async fn a_request_is_answered_and_the_browser_forgets_the_session() {
    let world = World::new().await;
    let browser = world.browser();
    world.sign_in(&browser, "", "valid:a").await;
    assert_eq!(browser.cookies.borrow().keys().filter(|name| name.starts_with("__Host-session.")).count(), 1);
    let query = "RelayState=%6fpaque%26&SAMLRequest=heard&SigAlg=a&Signature=b%2B";
    // The stand-in for saml looks at what comes first.
    let query = format!("SAMLRequest=heard&{}", query.replace("SAMLRequest=heard&", ""));
    let answer = browser.get(&slo(&query)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "https://idp.acme.test/slo?SAMLResponse=x&RelayState=opaque&");
    assert!(!browser.cookies.borrow().keys().any(|name| name.starts_with("__Host-session.")));
    let asked = world.asked.lock().unwrap().logouts.clone();
    assert!(matches!(&asked[0].message, Some(Message::Query(raw)) if *raw == query), "the bytes as they came");
    assert_eq!((asked[0].relay_state.as_str(), asked[0].request_id.as_str()), ("opaque&", ""));
    let found = world.traced("logout", "SIGNED_OUT").await;
    assert_eq!(found.answer, "signed out; a LogoutResponse");
    assert!(found.connection.ends_with(&ACME_CONNECTION.to_string()));
}

#[tokio::test]
async fn the_browser_forgets_a_session_that_it_did_not_show() {
    let world = World::new().await;
    // A POST from another site brings no `Lax` cookie along.
    let answer = world.browser().post(&endpoint(), "SAMLRequest=heard&RelayState=r".to_owned()).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with(&format!("__Host-session.{ACME_CONNECTION}=; Max-Age=0;")), "{cookie}");
}

#[tokio::test]
async fn a_request_and_its_answer_may_go_by_form() {
    let world = World::new().await;
    let page =
        world.browser().post(&endpoint(), format!("SAMLRequest=form&RelayState={}", encode("\"><script>"))).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("name=\"SAMLResponse\" value=\"PGRvbmU+\"") || page.body.contains("value=\"PGRvbmU&#43;\"")
    );
    assert!(!page.body.contains("\"><script>") && !page.body.contains("name=\"SAMLRequest\""));
    let asked = world.asked.lock().unwrap().logouts.clone();
    assert!(matches!(&asked[0].message, Some(Message::SamlRequest(value)) if value == "form"));
}

#[tokio::test]
async fn whether_anybody_was_known_is_not_told() {
    let world = World::new().await;
    let known = world.browser().get(&slo("SAMLRequest=heard&RelayState=r")).await;
    let unknown = world.browser().get(&slo("SAMLRequest=nobody&RelayState=r")).await;
    assert_eq!((known.status, known.location(), &known.body), (unknown.status, unknown.location(), &unknown.body));
    assert_eq!(known.header("set-cookie"), unknown.header("set-cookie"));
}

#[tokio::test]
async fn where_the_identity_provider_takes_no_answer_the_person_reads_it() {
    let world = World::new().await;
    let page = world.browser().get(&slo("SAMLRequest=unanswered")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("You are signed out"));
}

#[tokio::test]
async fn what_is_not_heard_leaves_the_session_and_is_explained() {
    let world = World::new().await;
    let browser = world.browser();
    world.sign_in(&browser, "", "valid:a").await;
    for (query, status, reason, words) in [
        ("SAMLRequest=forged", StatusCode::FORBIDDEN, "SIGNATURE_MISSING", "did not pass our checks"),
        ("SAMLRequest=replayed", StatusCode::FORBIDDEN, "LOGOUT_REQUEST_REPLAYED", "signed out already"),
        ("SAMLRequest=down", StatusCode::SERVICE_UNAVAILABLE, "PEER_UNAVAILABLE", "on our side"),
        ("", StatusCode::BAD_REQUEST, "LOGOUT_MESSAGE_MALFORMED", "did not pass our checks"),
        ("RelayState=r", StatusCode::BAD_REQUEST, "LOGOUT_MESSAGE_MALFORMED", "did not pass our checks"),
        ("SAMLRequest=heard&SAMLResponse=done", StatusCode::BAD_REQUEST, "LOGOUT_MESSAGE_MALFORMED", "checks"),
    ] {
        let page = browser.get(&slo(query)).await;
        let found = world.find(page.reference()).await.expect("the reference id resolves");
        assert_eq!((page.status, found.reason.as_str(), found.stage.as_str()), (status, reason, "logout"), "{query}");
        assert!(page.body.contains(words) && !page.body.contains("internal words"), "{query}: {}", page.body);
        assert!(browser.cookies.borrow().keys().any(|name| name.starts_with("__Host-session.")), "{query}");
    }
}

#[tokio::test]
async fn a_form_that_is_none_is_not_heard() {
    let world = World::new().await;
    let large = format!("SAMLRequest={}", "x".repeat(65 * 1024));
    for body in ["", "SAMLRequest=heard&SAMLResponse=done", "SAMLRequest=heard&SAMLRequest=heard", &large] {
        let page = world.browser().post(&endpoint(), body.to_owned()).await;
        let found = world.find(page.reference()).await.unwrap();
        assert_eq!((page.status, found.reason.as_str()), (StatusCode::BAD_REQUEST, "LOGOUT_MESSAGE_MALFORMED"));
    }
    assert!(world.asked.lock().unwrap().logouts.is_empty());
}

#[tokio::test]
async fn only_a_connection_that_exists_hears() {
    let world = World::new().await;
    let nobody = ConnectionId::from_uuid(uuid::uuid!("01890a5d-0000-7000-8000-0000000000cc"));
    for path in [format!("/saml/{nobody}/slo?SAMLRequest=heard"), "/saml/x/slo?SAMLRequest=heard".to_owned()] {
        let page = world.browser().get(&path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert_eq!(world.find(page.reference()).await.unwrap().reason, "CONNECTION_NOT_FOUND");
    }
    assert!(world.asked.lock().unwrap().logouts.is_empty());
}
