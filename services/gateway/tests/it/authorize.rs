use axum::http::StatusCode;

use crate::{
    browser::{encode, form},
    world::{ACME_CONNECTION, GLOBEX_CONNECTION, IDP_RESPONSE, POOL, World, acs, answer, authorize},
};

#[tokio::test]
async fn a_known_address_goes_straight_to_the_identity_provider() {
    let world = World::new().await;
    let sent = world.browser().get(&authorize("&login_hint=ada%40acme.test")).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    assert!(sent.location().starts_with("https://idp.acme.test/sso?SAMLRequest="));
    assert_eq!(sent.header("cache-control"), "no-store");
    let asked = world.asked.lock().unwrap().authn_requests[0].clone();
    assert_eq!(asked.connection, ACME_CONNECTION.to_string());
}

#[tokio::test]
async fn nobody_is_turned_away_because_routing_is_a_moment_behind() {
    let world = World::new().await;
    let sent = world.browser().get(&authorize("&login_hint=ada%40moved.test")).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    assert!(sent.location().starts_with("https://idp.acme.test/sso?SAMLRequest="));
    let asked = world.asked.lock().unwrap().authn_requests.clone();
    assert_eq!((asked.len(), &*asked[0].connection), (1, &*ACME_CONNECTION.to_string()));
    // It is asked again once; what it says then counts.
    let page = world.browser().get(&authorize("&login_hint=ada%40off.test")).await;
    assert!(page.body.contains("Your organization’s sign-in is not ready"), "{}", page.body);
    assert_eq!(world.find(page.reference()).await.unwrap().reason, "CONNECTION_DISABLED");
}

#[tokio::test]
async fn what_the_application_asks_of_the_authentication_is_handed_on() {
    let world = World::new().await;
    let browser = world.browser();
    let token = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";
    browser
        .get(&authorize(&format!("&login_hint=ada%40acme.test&prompt=login&acr_values=mfa+{}", encode(token))))
        .await;
    browser.get(&authorize("&login_hint=ada%40acme.test&prompt=select_account")).await;
    let asked = world.asked.lock().unwrap().authn_requests.clone();
    assert_eq!(
        (asked[0].force_authn, asked[0].acr_values.as_slice()),
        (true, ["mfa".to_owned(), token.to_owned()].as_slice())
    );
    assert!(!asked[1].force_authn && asked[1].acr_values.is_empty());
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_then_sent_on() {
    let world = World::new().await;
    let browser = world.browser();
    let page = browser.get(&authorize("&state=kept")).await;
    assert_eq!(page.status, StatusCode::OK);
    let handle = page.between("name=\"handle\" value=\"", "\"").to_owned();
    let wrong = browser.post("/oauth2/organization", format!("handle={handle}&email=nonsense")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("aria-invalid=\"true\"") && wrong.body.contains("value=\"nonsense\""));
    let sent = browser.post("/oauth2/organization", format!("handle={handle}&email=+ada%40acme.test+")).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    let relay_state = sent.parameter("RelayState").unwrap();
    let back = browser.post(&acs(ACME_CONNECTION), answer("valid:asked", &relay_state)).await;
    assert_eq!(back.parameter("state").as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_hint_that_means_nothing_is_asked_for_again() {
    let world = World::new().await;
    let page = world.browser().get(&authorize("&login_hint=expired-ticket")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Which organization are you with?"));
}

#[tokio::test]
async fn several_connections_are_offered() {
    let world = World::new().await;
    let browser = world.browser();
    let page = browser.get(&authorize("&login_hint=ada%40both.test")).await;
    assert!(page.body.contains("Acme &#38; Söhne"), "{}", page.body);
    let handle = page.between("name=\"handle\" value=\"", "\"").to_owned();
    let sent = browser.post("/oauth2/organization", format!("handle={handle}&ticket=ticket-acme")).await;
    assert_eq!(sent.status, StatusCode::FOUND);
    let back = browser.post("/oauth2/organization", format!("handle={handle}&ticket=ticket-globex")).await;
    assert_eq!(back.status, StatusCode::OK, "going back and choosing again works");
    assert!(back.body.contains("action=\"https://idp.globex.test/sso\""));
}

#[tokio::test]
async fn the_organization_page_belongs_to_one_browser() {
    let world = World::new().await;
    let page = world.browser().get(&authorize("")).await;
    let handle = page.between("name=\"handle\" value=\"", "\"").to_owned();
    let stranger = world.browser().post("/oauth2/organization", format!("handle={handle}&email=a%40acme.test")).await;
    assert_eq!(stranger.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.find(stranger.reference()).await.unwrap().reason, "PENDING_SIGN_IN_LOST");
}

#[tokio::test]
async fn tabs_that_ask_for_the_organization_do_not_push_each_other_out() {
    let world = World::new().await;
    let browser = world.browser();
    let mut tabs = Vec::new();
    for state in ["one", "two", "three"] {
        let page = browser.get(&authorize(&format!("&state={state}"))).await;
        tabs.push((state, page.between("name=\"handle\" value=\"", "\"").to_owned()));
    }
    for (state, handle) in tabs {
        let sent = browser.post("/oauth2/organization", format!("handle={handle}&email=ada%40acme.test")).await;
        let relay_state = sent.parameter("RelayState").unwrap();
        let body = answer(&format!("valid:{state}"), &relay_state);
        let back = browser.post(&acs(ACME_CONNECTION), body).await;
        assert_eq!(back.parameter("state").as_deref(), Some(state));
    }
}

#[tokio::test]
async fn only_the_last_choice_counts() {
    let world = World::new().await;
    let browser = world.browser();
    let page = browser.get(&authorize("&login_hint=ada%40both.test")).await;
    let handle = page.between("name=\"handle\" value=\"", "\"").to_owned();
    for ticket in ["ticket-globex", "ticket-acme"] {
        browser.post("/oauth2/organization", format!("handle={handle}&ticket={ticket}")).await;
    }
    let first = browser.post(&acs(GLOBEX_CONNECTION), answer("valid:first", &handle)).await;
    assert_eq!(world.find(first.reference()).await.unwrap().reason, "RESPONSE_OVER_OTHER_CONNECTION");
    let last = browser.post(&acs(ACME_CONNECTION), answer("valid:last", &handle)).await;
    assert_eq!(last.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn no_other_site_chooses_the_organization() {
    let world = World::new().await;
    let browser = world.browser();
    let page = browser.get(&authorize("")).await;
    let handle = page.between("name=\"handle\" value=\"", "\"").to_owned();
    for (site, status) in [("cross-site", StatusCode::FORBIDDEN), ("same-origin", StatusCode::FOUND)] {
        let mut request = form("/oauth2/organization", format!("handle={handle}&email=ada%40acme.test"));
        request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
        assert_eq!(browser.send(request).await.status, status, "{site}");
    }
}

#[tokio::test]
async fn who_cannot_be_redirected_safely_sees_a_page() {
    let world = World::new().await;
    let elsewhere = authorize("").replace(&encode(IDP_RESPONSE), &encode("https://evil.test/"));
    for (path, status, reason) in [
        (authorize("").replace("acme-pool", "nobody"), StatusCode::NOT_FOUND, "AUTHORIZE_UNKNOWN_CLIENT"),
        (elsewhere, StatusCode::FORBIDDEN, "AUTHORIZE_REDIRECT_URI_UNREGISTERED"),
        (authorize("&client_id=x"), StatusCode::BAD_REQUEST, "AUTHORIZE_CLIENT_ID_MISSING"),
        (authorize(&format!("&x={}", "y".repeat(17_000))), StatusCode::BAD_REQUEST, "AUTHORIZE_TOO_LONG"),
    ] {
        let page = world.browser().get(&path).await;
        assert_eq!(page.status, status);
        assert!(page.headers.get("location").is_none() && !page.body.contains("evil.test"));
        assert_eq!(world.find(page.reference()).await.unwrap().reason, reason);
    }
}

#[tokio::test]
async fn faults_of_the_request_go_back_as_oauth_says() {
    let world = World::new().await;
    for (path, error) in [
        (authorize("&prompt=none&state=s"), "login_required"),
        (authorize("&nonce=a&nonce=b&state=s"), "invalid_request"),
        (authorize("&state=s").replace("openid+", ""), "invalid_scope"),
        (authorize("&state=s").replace("=code", "=token"), "unsupported_response_type"),
    ] {
        let back = world.browser().get(&path).await;
        assert_eq!(back.status, StatusCode::FOUND);
        assert!(back.location().starts_with(&format!("{IDP_RESPONSE}?error={error}&")), "{}", back.location());
        assert_eq!(back.parameter("state").as_deref(), Some("s"));
    }
}

#[tokio::test]
async fn either_domain_of_a_pool_may_ask() {
    let world = World::new().await;
    let custom = "https://login.acme.test/oauth2/idpresponse";
    let path = authorize("&login_hint=ada%40acme.test").replace(&encode(IDP_RESPONSE), &encode(custom));
    assert_eq!(world.browser().get(&path).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn routing_that_is_down_is_said_so_with_a_way_back() {
    let world = World::new().await;
    let page = world.browser().get(&authorize("&login_hint=ada%40down.test&state=s")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.body.contains("error=temporarily_unavailable"));
    assert!(!page.body.contains("routing"), "nothing internal leaks");
}

#[tokio::test]
async fn the_request_may_come_by_post() {
    let world = World::new().await;
    let path = authorize("&login_hint=ada%40acme.test");
    let (path, query) = path.split_once('?').unwrap();
    let sent = world.browser().post(path, query.to_owned()).await;
    assert!(sent.location().starts_with("https://idp.acme.test/sso"));
    let too_long = world.browser().post(path, format!("{query}&x={}", "y".repeat(17_000))).await;
    assert_eq!(world.find(too_long.reference()).await.unwrap().reason, "AUTHORIZE_TOO_LONG");
}

/// Where a sign-in ends, by a form of the identity provider's, a browser shows no session: none can be counted there.
#[tokio::test]
async fn of_many_sessions_the_oldest_give_way_where_a_sign_in_begins() {
    let world = World::new().await;
    let browser = world.browser();
    let name = |number: u32| format!("__Host-session.01890a5d-0000-7000-8000-0000000000{number:02}");
    for number in 1..=6 {
        browser.cookies.borrow_mut().insert(name(number), format!("{number:08x}.{POOL}.sealed"));
    }
    browser.get(&authorize("&login_hint=ada%40acme.test")).await;
    let held: Vec<String> =
        browser.cookies.borrow().keys().filter(|name| name.starts_with("__Host-session.")).cloned().collect();
    assert_eq!(held, [3, 4, 5, 6].map(name));
}
