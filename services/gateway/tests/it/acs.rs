use std::time::Duration;

use axum::http::StatusCode;
use vestibule_rpc::gateway::v1::ListSignInsRequest;

use crate::{
    browser::Browser,
    world::{ACME_CONNECTION, GLOBEX_CONNECTION, World, acs, answer, authorize, exchange},
};

async fn begin(browser: &Browser, extra: &str) -> String {
    let sent = browser.get(&authorize(&format!("&login_hint=ada%40acme.test{extra}"))).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    sent.parameter("RelayState").unwrap()
}

async fn reason(world: &World, browser: &Browser, body: String) -> (StatusCode, String, String) {
    let page = browser.post(&acs(ACME_CONNECTION), body).await;
    let found = world.find(page.reference()).await.expect("the reference id resolves");
    (page.status, found.reason, page.body)
}

#[tokio::test]
async fn several_tabs_each_come_back_to_their_own_sign_in() {
    let world = World::new().await;
    let browser = world.browser();
    let tabs = [
        begin(&browser, "&state=one").await,
        begin(&browser, "&state=two").await,
        begin(&browser, "&state=three").await,
    ];
    for (tab, state) in [(1, "two"), (2, "three"), (0, "one")] {
        let back = browser.post(&acs(ACME_CONNECTION), answer(&format!("valid:tab-{tab}"), &tabs[tab])).await;
        assert_eq!(back.parameter("state").as_deref(), Some(state));
    }
}

#[tokio::test]
async fn a_fourth_sign_in_takes_the_place_of_the_oldest() {
    let world = World::new().await;
    let browser = world.browser();
    let long = format!("&state={}", "s".repeat(4096));
    let mut tabs = Vec::new();
    for _ in 0..4 {
        tabs.push(begin(&browser, &long).await);
        world.clock.advance(Duration::from_secs(1));
    }
    let held: usize = browser.cookies.borrow().iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(held < 24 * 1024, "three sign-ins with the longest state take {held} bytes");
    let (status, reason, body) = reason(&world, &browser, answer("valid:oldest", &tabs[0])).await;
    assert_eq!((status, reason.as_str()), (StatusCode::BAD_REQUEST, "PENDING_SIGN_IN_LOST"));
    assert!(body.contains("We lost track of your sign-in"));
    for (number, tab) in tabs[1..].iter().enumerate() {
        let back = browser.post(&acs(ACME_CONNECTION), answer(&format!("valid:newer-{number}"), tab)).await;
        assert_eq!(back.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn a_lost_cookie_is_explained() {
    let world = World::new().await;
    let relay_state = begin(&world.browser(), "").await;
    let (status, reason, body) = reason(&world, &world.browser(), answer("valid:lost", &relay_state)).await;
    assert_eq!((status, reason.as_str()), (StatusCode::BAD_REQUEST, "PENDING_SIGN_IN_LOST"));
    assert!(body.contains("allow cookies"));
}

#[tokio::test]
async fn a_late_answer_is_explained_and_not_judged() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser, "").await;
    world.clock.advance(Duration::from_mins(5));
    let (status, reason, body) = reason(&world, &browser, answer("valid:late", &relay_state)).await;
    assert_eq!((status, reason.as_str()), (StatusCode::BAD_REQUEST, "PENDING_SIGN_IN_LATE"));
    assert!(body.contains("within five minutes"));
    assert!(!body.contains("idpresponse"), "Cognito has given up: there is no way back to it");
    assert!(world.asked.lock().unwrap().validations.is_empty());
}

#[tokio::test]
async fn an_answer_within_five_minutes_counts() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser, "").await;
    world.clock.advance(Duration::from_mins(5).checked_sub(Duration::from_millis(1)).unwrap());
    let back = browser.post(&acs(ACME_CONNECTION), answer("valid:in-time", &relay_state)).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_reload_is_explained_and_changes_nothing() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser, "").await;
    let back = browser.post(&acs(ACME_CONNECTION), answer("valid:reload", &relay_state)).await;
    let before = world.head().await;
    let (status, reason, body) = reason(&world, &browser, answer("valid:reload", &relay_state)).await;
    assert_eq!((status, reason.as_str()), (StatusCode::CONFLICT, "PENDING_SIGN_IN_FINISHED"));
    assert!(body.contains("You have signed in already"));
    assert_eq!(world.head().await, before);
    let code = back.parameter("code").unwrap();
    assert_eq!(world.token(exchange(&code)).await.status, StatusCode::OK, "the code is as good as before");
}

#[tokio::test]
async fn finished_sign_ins_do_not_pile_up_in_the_browser() {
    let world = World::new().await;
    let browser = world.browser();
    for number in 0..8 {
        let relay_state = begin(&browser, "").await;
        browser.post(&acs(ACME_CONNECTION), answer(&format!("valid:pile-{number}"), &relay_state)).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let cookies = browser.cookies.borrow();
    let sign_ins = cookies.keys().filter(|name| name.starts_with("__Host-signin.")).count();
    assert!(sign_ins <= 4 && cookies.len() <= 5, "besides the session: {:?}", cookies.keys());
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_refused() {
    let world = World::new().await;
    let browser = world.browser();
    for body in ["SAMLResponse=off%3Aunsolicited%3A".to_owned(), answer("off:unsolicited", "https://rp.test")] {
        let (status, reason, body) = reason(&world, &browser, body).await;
        assert_eq!((status, reason.as_str()), (StatusCode::BAD_REQUEST, "RESPONSE_UNSOLICITED"));
        assert!(body.contains("start from the application"));
    }
    // Where the connection allows it, it is judged all the same.
    let (status, reason, _) = reason(&world, &browser, "SAMLResponse=unsigned".to_owned()).await;
    assert_eq!((status, reason.as_str()), (StatusCode::FORBIDDEN, "SIGNATURE_MISSING"));
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_may_lead_to_where_the_application_begins_and_signs_nobody_in() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = "https://app.example/deep?link=1";
    let sent = browser.post(&acs(ACME_CONNECTION), answer("valid:unsolicited", relay_state)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let location = sent.location();
    assert!(location.starts_with("https://app.example/login?login_hint=organizations/"), "{location}");
    assert!(!location.contains("deep"), "where the identity provider wants to go is nobody's business: {location}");
    assert!(browser.cookies.borrow().is_empty(), "nobody is signed in");
    assert!(world.asked.lock().unwrap().validations.is_empty(), "nothing is accepted");
    let request = ListSignInsRequest { reason: "INITIATED".to_owned(), ..ListSignInsRequest::default() };
    // The trace of what went well is written beside the path.
    while world.list(request.clone()).await.is_empty() {
        tokio::task::yield_now().await;
    }

    // The application of Globex has no such address.
    let page = browser.post(&acs(GLOBEX_CONNECTION), "SAMLResponse=valid%3Ax".to_owned()).await;
    let found = world.find(page.reference()).await.unwrap();
    assert_eq!((page.status, found.reason.as_str()), (StatusCode::FORBIDDEN, "INITIATE_LOGIN_URI_MISSING"));
    assert!(page.body.contains("start from the application"), "{}", page.body);
}

#[tokio::test]
async fn a_cookie_that_was_changed_or_moved_does_not_open() {
    let world = World::new().await;
    let browser = world.browser();
    let first = begin(&browser, "").await;
    let second = begin(&browser, "").await;
    let swapped: Vec<(String, String)> = {
        let cookies = browser.cookies.borrow();
        let value = |handle: &str| cookies.iter().find(|(name, _)| name.contains(handle)).unwrap().1.clone();
        let name = cookies.keys().find(|name| name.contains(&first)).unwrap().clone();
        vec![(name, value(&second))]
    };
    browser.cookies.borrow_mut().extend(swapped);
    let (status, reason, _) = reason(&world, &browser, answer("valid:moved", &first)).await;
    assert_eq!((status, reason.as_str()), (StatusCode::BAD_REQUEST, "PENDING_SIGN_IN_UNREADABLE"));
}

#[tokio::test]
async fn every_instance_opens_what_another_sealed() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser, "").await;
    let other = Browser::new(&world.another_instance().await);
    other.cookies.replace(browser.cookies.borrow().clone());
    let back = other.post(&acs(ACME_CONNECTION), answer("valid:other-instance", &relay_state)).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_key_that_seals_may_rotate_while_somebody_signs_in() {
    let world = World::new().await;
    let browser = world.browser();
    world.clock.advance(Duration::from_hours(25));
    let relay_state = begin(&browser, "").await;
    // A second instance makes the next key when it starts.
    let other = Browser::new(&world.another_instance().await);
    assert_eq!(world.resources.keys.all("gateway.pending", "").await.unwrap().len(), 2);
    other.cookies.replace(browser.cookies.borrow().clone());
    let back = other.post(&acs(ACME_CONNECTION), answer("valid:rotated", &relay_state)).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER);
    let relay_state = begin(&other, "").await;
    browser.cookies.replace(other.cookies.borrow().clone());
    let back = browser.post(&acs(ACME_CONNECTION), answer("valid:newer", &relay_state)).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "the first instance opens what the next key sealed");
}

#[tokio::test]
async fn malformed_and_oversized_answers_are_refused() {
    let world = World::new().await;
    let browser = world.browser();
    let relay_state = begin(&browser, "").await;
    for (body, expected) in [
        ("RelayState=only".to_owned(), "RESPONSE_FORM_MALFORMED"),
        ("SAMLResponse=a&SAMLResponse=b".to_owned(), "RESPONSE_FORM_MALFORMED"),
        (answer(&"x".repeat(256 * 1024), &relay_state), "RESPONSE_TOO_LARGE"),
    ] {
        let (status, reason, _) = reason(&world, &browser, body).await;
        assert_eq!((status, reason.as_str()), (StatusCode::BAD_REQUEST, expected));
    }
    let json = axum::http::Request::post(acs(ACME_CONNECTION)).header("content-type", "application/json");
    let page = browser.send(json.body("{}".into()).unwrap()).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let unknown = browser.post("/saml/nowhere/acs", answer("valid:x", &relay_state)).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_service_that_is_down_is_said_so_with_a_way_back() {
    let world = World::new().await;
    let page = world.sign_in(&world.browser(), "&state=s", "down").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("error=temporarily_unavailable"));
    let disabled = world.sign_in(&world.browser(), "", "disabled").await;
    assert_eq!(world.find(disabled.reference()).await.unwrap().reason, "CONNECTION_DISABLED");
}

#[tokio::test]
async fn visiting_the_address_shows_where_to_start() {
    let world = World::new().await;
    let page = world.browser().get(&acs(ACME_CONNECTION)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("start from the application"));
    assert_eq!(world.browser().get("/saml/nowhere/acs").await.status, StatusCode::NOT_FOUND);
    assert!(world.browser().get("/oauth2/organization").await.body.contains("start again from the application"));
}
