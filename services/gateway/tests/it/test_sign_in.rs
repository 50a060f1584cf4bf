//! Test sign-ins in the browser: from the link to a page, and never to Cognito.

use std::time::Duration;

use axum::http::StatusCode;

use crate::{
    browser::Browser,
    world::{ACME_CONNECTION, GLOBEX_CONNECTION, World, acs, answer, authorize},
};

async fn begin(browser: &Browser) -> String {
    let sent = browser.get("/test-sign-in?ticket=good").await;
    assert_eq!(sent.status, StatusCode::FOUND);
    assert!(sent.location().starts_with("https://idp.acme.test/sso?"), "{}", sent.location());
    sent.parameter("RelayState").unwrap()
}

#[tokio::test]
async fn a_test_ends_on_a_page_with_every_check_and_what_would_be_released() {
    let world = World::new().await;
    let before = world.head().await;
    let browser = world.browser();
    let relay_state = begin(&browser).await;
    let page = browser.post(&acs(ACME_CONNECTION), answer("valid:one", &relay_state)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.headers.get("location").is_none(), "nothing goes to Cognito");
    for text in ["passed", "ada@acme.test", "engineers", "a1b2c3", "signature.present"] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(page.body.contains("Ada &#60;b&#62;Lovelace") && !page.body.contains("<b>Lovelace"), "{}", page.body);
    assert!(!page.body.contains("idpresponse"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(browser.cookies.borrow().is_empty(), "neither a test nor a session is left: {:?}", browser.cookies);
    let traced = world.traced("test", "TEST_PASSED").await;
    assert_eq!(traced.name, format!("signIns/{}", page.reference()));
    assert_eq!(traced.normalised_claims, ["email", "name", "groups"]);
    assert_eq!(world.head().await, before, "the gateway records nothing of a test");
    let asked = world.asked.lock().unwrap().clone();
    assert_eq!((asked.tests.len(), asked.validations.len(), asked.authn_requests.len()), (1, 0, 0));
    let brought = &asked.tests[0];
    assert_eq!((&*brought.ticket, &*brought.request_id, &*brought.tried), ("good", "_test-1", "as-it-is"));
}

#[tokio::test]
async fn a_refused_test_says_why_and_can_be_tried_again() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser).await;
    let page = browser.post(&acs(ACME_CONNECTION), answer("unsigned", &relay_state)).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    for text in ["SIGNATURE_MISSING", "the administrator of the identity provider", "found none"] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(page.body.contains("href=\"/test-sign-in?ticket=good\""));
    let traced = world.find(page.reference()).await.unwrap();
    assert_eq!((&*traced.stage, &*traced.reason), ("test", "SIGNATURE_MISSING"));
    begin(&browser).await;
}

#[tokio::test]
async fn an_identity_provider_that_takes_forms_gets_one() {
    let world = World::new().await;
    let page = world.browser().get("/test-sign-in?ticket=globex").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("action=\"https://idp.globex.test/sso\""), "{}", page.body);
}

#[tokio::test]
async fn links_that_are_none_end_on_a_page_and_leave_no_cookie() {
    let world = World::new().await;
    let long = format!("?ticket={}", "x".repeat(600));
    let links = [
        ("", "TEST_LINK_INVALID"),
        ("?other=1", "TEST_LINK_INVALID"),
        (&*long, "TEST_LINK_INVALID"),
        ("?ticket=forged", "TEST_TICKET_INVALID"),
        ("?ticket=old", "TEST_TICKET_EXPIRED"),
    ];
    for (query, reason) in links {
        let browser = world.browser();
        let page = browser.get(&format!("/test-sign-in{query}")).await;
        assert!(page.status.is_client_error(), "{query}: {}", page.status);
        assert!(page.body.contains("This link does not work"), "{query}: {}", page.body);
        assert_eq!(world.find(page.reference()).await.unwrap().reason, reason, "{query}");
        assert!(browser.cookies.borrow().is_empty());
    }
}

#[tokio::test]
async fn a_ticket_that_was_used_says_so() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser).await;
    let page = browser.post(&acs(ACME_CONNECTION), answer("used:one", &relay_state)).await;
    assert!(page.body.contains("This test has passed already"), "{}", page.body);
}

#[tokio::test]
async fn a_late_answer_and_one_over_another_connection_are_not_judged() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser).await;
    let page = browser.post(&acs(GLOBEX_CONNECTION), answer("valid:one", &relay_state)).await;
    assert_eq!(world.find(page.reference()).await.unwrap().reason, "RESPONSE_OVER_OTHER_CONNECTION");
    let relay_state = begin(&browser).await;
    world.clock.advance(Duration::from_mins(5));
    let page = browser.post(&acs(ACME_CONNECTION), answer("valid:one", &relay_state)).await;
    assert_eq!(world.find(page.reference()).await.unwrap().reason, "PENDING_SIGN_IN_LATE");
    assert!(world.asked.lock().unwrap().tests.is_empty());
}

#[tokio::test]
async fn another_browser_cannot_finish_it() {
    let world = World::new().await;
    let relay_state = begin(&world.browser()).await;
    let page = world.browser().post(&acs(ACME_CONNECTION), answer("valid:one", &relay_state)).await;
    assert_eq!(world.find(page.reference()).await.unwrap().reason, "PENDING_SIGN_IN_LOST");
    assert!(world.asked.lock().unwrap().tests.is_empty());
}

#[tokio::test]
async fn the_cookie_of_a_test_is_none_of_a_sign_in_and_the_other_way_about() {
    let world = World::new().await;
    let browser = world.browser();
    let of_test = begin(&browser).await;
    let sent = browser.get(&authorize("&login_hint=ada%40acme.test")).await;
    let of_sign_in = sent.parameter("RelayState").unwrap();
    // A person who edits their cookies: each sealed value under the name of the other.
    let cookies = browser.cookies.borrow().clone();
    let (test, sealed_test) = cookies.iter().find(|(name, _)| name.contains(&of_test)).unwrap();
    let (sign_in, sealed_sign_in) = cookies.iter().find(|(name, _)| name.contains(&of_sign_in)).unwrap();
    let swapped = world.browser();
    swapped.cookies.borrow_mut().insert(sign_in.replace(&of_sign_in, &of_test), sealed_test.clone());
    swapped.cookies.borrow_mut().insert(test.replace(&of_test, &of_sign_in), sealed_sign_in.clone());
    for (relay_state, saml_response) in [(&of_test, "valid:one"), (&of_sign_in, "valid:two")] {
        let page = swapped.post(&acs(ACME_CONNECTION), answer(saml_response, relay_state)).await;
        assert!(page.status.is_client_error(), "{}: {}", page.status, page.body);
        assert_eq!(world.find(page.reference()).await.unwrap().reason, "PENDING_SIGN_IN_UNREADABLE");
    }
    let asked = world.asked.lock().unwrap().clone();
    assert!(asked.tests.is_empty() && asked.validations.is_empty());
}

#[tokio::test]
async fn a_browser_keeps_three_tests_under_way() {
    let world = World::new().await;
    let browser = world.browser();
    let mut begun = Vec::new();
    for _ in 0..4 {
        begun.push(begin(&browser).await);
        world.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(browser.cookies.borrow().len(), 3);
    let page = browser.post(&acs(ACME_CONNECTION), answer("valid:one", &begun[0])).await;
    assert_eq!(world.find(page.reference()).await.unwrap().reason, "PENDING_SIGN_IN_LOST");
    let page = browser.post(&acs(ACME_CONNECTION), answer("valid:one", &begun[3])).await;
    assert_eq!(page.status, StatusCode::OK);
}
