//! The rules of the login path, as far as they are the gateway's: one test or more for each, named after what it protects.

use axum::http::StatusCode;
use serde_json::json;
use vestibule_rpc::gateway::v1::ListSignInsRequest;

use crate::{
    browser::{encode, form, send},
    world::{ACME_CONNECTION, GLOBEX_CONNECTION, PERSON, World, acs, answer, authorize, exchange, exchange_as},
};

#[tokio::test]
async fn an_unauthenticated_visitor_never_writes_to_the_log() {
    let world = World::new().await;
    let before = world.head().await;
    let browser = world.browser();
    for path in [
        authorize(""),
        authorize("&login_hint=ada%40acme.test"),
        authorize("&login_hint=ada%40both.test"),
        authorize("&login_hint=ada%40closed.test"),
        authorize("&prompt=none"),
        "/oauth2/authorize?client_id=nobody".to_owned(),
        "/oauth2/userinfo".to_owned(),
        format!("/saml/{ACME_CONNECTION}/metadata"),
    ] {
        browser.get(&path).await;
    }
    for body in [answer("valid:forged", "x"), answer("unsigned", "y"), "SAMLResponse=x".to_owned()] {
        browser.post(&acs(ACME_CONNECTION), body).await;
    }
    world.sign_in(&browser, "", "unsigned").await;
    world.token(exchange("guessed")).await;
    world.token(exchange_as("acme-pool", "guessed", &"A".repeat(43))).await;
    browser.post("/oauth2/organization", "handle=AAAAAAAAAAAAAAAAAAAAAA&email=ada%40acme.test".to_owned()).await;
    assert_eq!(world.head().await, before);
}

#[tokio::test]
async fn a_code_is_redeemed_once_however_many_ask_at_the_same_time() {
    let world = World::new().await;
    let other = world.another_instance().await;
    let code = world.code("once", "").await;
    let before = world.head().await;
    let asked = (0..8).map(|number| {
        let routes = if number % 2 == 0 { world.routes.clone() } else { other.clone() };
        let request = form("/oauth2/token", exchange(&code));
        tokio::spawn(async move { send(&routes, request).await })
    });
    let asked: Vec<_> = asked.collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.unwrap());
    }
    let accepted = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(accepted, 1);
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status != StatusCode::OK)
            .all(|answer| { answer.json()["error"] == "invalid_grant" && answer.status == StatusCode::BAD_REQUEST })
    );
    assert_eq!(world.head().await, before + 1, "the redemption is one event");
}

#[tokio::test]
async fn an_assertion_signs_in_once() {
    let world = World::new().await;
    assert_eq!(world.sign_in(&world.browser(), "", "valid:same").await.status, StatusCode::SEE_OTHER);
    let again = world.sign_in(&world.browser(), "", "valid:same").await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert_eq!(world.find(again.reference()).await.unwrap().reason, "ASSERTION_REPLAYED");
}

#[tokio::test]
async fn a_wrong_client_cannot_burn_a_code() {
    let world = World::new().await;
    let code = world.code("unburnt", "").await;
    let before = world.head().await;
    let wrong = [
        (exchange_as("other-pool", "other secret", &code), "invalid_grant"),
        (exchange_as("acme-pool", "guessed", &code), "invalid_client"),
        (exchange_as("nobody", "guessed", &code), "invalid_client"),
        (exchange(&code).replace("idpresponse", "elsewhere"), "invalid_grant"),
        (format!("{}&code_verifier={}", exchange(&code), "v".repeat(43)), "invalid_grant"),
    ];
    for (body, error) in wrong {
        assert_eq!(world.token(body).await.json()["error"], error);
    }
    assert_eq!(world.head().await, before, "nothing is written before every check has passed");
    assert_eq!(world.token(exchange(&code)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_store_alone_opens_no_identity() {
    let world = World::new().await;
    let code = world.code("sealed", "").await;
    let token = world.token(exchange(&code)).await.json()["access_token"].as_str().unwrap().to_owned();
    for (bucket, value) in [("gateway.code", &code), ("gateway.userinfo", &token)] {
        use aws_lc_rs::digest::{SHA256, digest};
        let key: [u8; 32] = digest(&SHA256, value.as_bytes()).as_ref().try_into().unwrap();
        let bucket = vestibule_storage::Bucket(bucket);
        let now = vestibule_kernel::Clock::now(&*world.clock);
        let record = world.resources.expiring.get(bucket, &key, now).await.unwrap().expect("found by its digest");
        let text = String::from_utf8_lossy(&record.value);
        assert!(!text.contains("ada") && !text.contains("Lovelace") && !text.contains(&PERSON.to_string()));
        assert!(!text.contains(value.as_str()));
    }
}

#[tokio::test]
async fn every_refusal_is_in_the_trace_with_who_must_mend_it() {
    use vestibule_rpc::saml::v1::refusal::Responsible;
    let world = World::new().await;
    let page = world.sign_in(&world.browser(), "", "unsigned").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(!page.body.contains("SIGNATURE") && !page.body.contains("internal words"), "nothing internal leaks");
    let found = world.find(page.reference()).await.expect("the reference id resolves");
    assert_eq!((found.stage.as_str(), found.reason.as_str()), ("acs", "SIGNATURE_MISSING"));
    assert_eq!(found.responsible(), Responsible::IdentityProvider);
    assert_eq!(found.routing_decision, "DECISION_BROKERED: DOMAIN_VERIFIED");
    assert_eq!((found.checks[0].name.as_str(), found.checks[0].found.as_str()), ("signature.present", "none"));
    assert_eq!(found.certificate_status, "none");
    assert!(found.answer.contains("access_denied"), "{}", found.answer);
    assert!(found.connection.ends_with(&ACME_CONNECTION.to_string()));
}

#[tokio::test]
async fn an_accepted_sign_in_tells_its_five_facts() {
    let world = World::new().await;
    let code = world.code("five", "").await;
    let accepted = world.traced("acs", "ACCEPTED").await;
    assert_eq!(accepted.answer, "a code");
    assert_eq!(world.token(exchange(&code)).await.status, StatusCode::OK);
    let redeemed = world.traced("token", "ACCEPTED").await;
    assert_eq!(redeemed.name, accepted.name, "one sign-in is one line");
    assert_eq!(redeemed.routing_decision, "DECISION_BROKERED: DOMAIN_VERIFIED");
    assert_eq!(redeemed.certificate_status, format!("verified by {}", "aa".repeat(32)));
    assert_eq!(redeemed.checks[0].name, "signature.value");
    assert_eq!(redeemed.normalised_claims, ["email", "name", "given_name", "groups"]);
    assert_eq!(redeemed.answer, "tokens");
    let printed = format!("{redeemed:?}");
    assert!(!printed.contains("ada@") && !printed.contains("Lovelace"), "the trace holds no personal data: {printed}");
}

#[tokio::test]
async fn a_flood_over_one_connection_cannot_push_out_anothers_refusals() {
    let world = World::new().await;
    let page = world.sign_in(&world.browser(), "", "unsigned").await;
    for _ in 0..210 {
        send(&world.routes, form(&acs(GLOBEX_CONNECTION), "SAMLResponse=off".to_owned())).await;
        send(&world.routes, form("/saml/01890a5d-0000-7000-8000-0000000000ff/acs", String::new())).await;
    }
    assert!(world.find(page.reference()).await.is_some());
    let request =
        ListSignInsRequest { reason: "RESPONSE_UNSOLICITED".to_owned(), page_size: 200, ..Default::default() };
    let page = world.sign_ins().list_sign_ins(request).await.unwrap().into_inner();
    assert_eq!((page.sign_ins.len(), page.next_page_token.as_str()), (200, ""), "the trace is bounded");
    let unknown = ListSignInsRequest { reason: "CONNECTION_NOT_FOUND".to_owned(), ..Default::default() };
    assert!(
        world.list(unknown).await.iter().all(|sign_in| sign_in.connection.is_empty()),
        "an invented id has no place"
    );
}

#[tokio::test]
async fn the_sub_is_the_persons_in_both_answers() {
    let world = World::new().await;
    let tokens = world.token(exchange(&world.code("sub", "").await)).await.json();
    let claims = claims(tokens["id_token"].as_str().unwrap());
    let userinfo = world.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(claims["sub"], PERSON.to_string());
    assert_eq!(userinfo["sub"], claims["sub"]);
    assert!(PERSON.to_string().bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-'));
}

#[tokio::test]
async fn an_email_that_may_not_be_released_goes_out_as_an_explicit_blank() {
    let world = World::new().await;
    for (response, email, verified) in [("valid:with", "ada@acme.test", true), ("valid:without:email", "", false)] {
        let back = world.sign_in(&world.browser(), "", response).await;
        let tokens = world.token(exchange(&back.parameter("code").unwrap())).await.json();
        let claims = claims(tokens["id_token"].as_str().unwrap());
        let userinfo = world.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        for answer in [&claims, &userinfo] {
            assert_eq!((&answer["email"], &answer["email_verified"]), (&json!(email), &json!(verified)));
            assert_eq!((&answer["family_name"], &answer["groups"]), (&json!(""), &json!(["engineers"])));
        }
    }
}

#[tokio::test]
async fn an_answer_belongs_to_the_connection_that_was_asked() {
    let world = World::new().await;
    let browser = world.browser();
    let sent = browser.get(&authorize("&login_hint=ada%40acme.test")).await;
    let relay_state = sent.parameter("RelayState").unwrap();
    let before = world.head().await;
    let page = browser.post(&acs(GLOBEX_CONNECTION), answer("valid:moved", &relay_state)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.find(page.reference()).await.unwrap().reason, "RESPONSE_OVER_OTHER_CONNECTION");
    assert!(world.asked.lock().unwrap().validations.is_empty(), "it is not even judged");
    let foreign = browser.post(&acs(ACME_CONNECTION), answer("valid:foreign:foreign", &relay_state)).await;
    assert_eq!(foreign.status, StatusCode::INTERNAL_SERVER_ERROR, "a verdict about another connection is no verdict");
    assert_eq!(world.head().await, before + 1, "that is the stand-in's own acceptance");
}

#[tokio::test]
async fn a_refused_response_leaves_nothing_behind_and_the_right_one_still_counts() {
    let world = World::new().await;
    let browser = world.browser();
    let sent = browser.get(&authorize("&login_hint=ada%40acme.test")).await;
    let relay_state = sent.parameter("RelayState").unwrap();
    let before = world.head().await;
    let refused = browser.post(&acs(ACME_CONNECTION), answer("unsigned", &relay_state)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(world.head().await, before);
    let accepted = browser.post(&acs(ACME_CONNECTION), answer("valid:right", &relay_state)).await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER);
    let request_ids: Vec<_> =
        world.asked.lock().unwrap().validations.iter().map(|asked| asked.request_id.clone()).collect();
    assert_eq!(request_ids, ["_request-1", "_request-1"], "both are held against the request that was sent");
}

#[tokio::test]
async fn state_returns_byte_exact() {
    let world = World::new().await;
    let long = format!("{}.{}.1", "Ab-_9".repeat(600), "z".repeat(1000));
    for (number, state) in [long.as_str(), "a+b%20c%2Bd%26e%3Df", "%e4%BD%a0~!*()'", "%FF%00"].iter().enumerate() {
        let extra = format!("&state={state}");
        let browser = world.browser();
        let back = world.sign_in(&browser, &extra, &format!("valid:state-{number}")).await;
        assert!(back.location().ends_with(&format!("&state={state}")), "{}", back.location());
        let refused = world.sign_in(&browser, &extra, "unsigned").await;
        let way_back = refused.between("class=\"button\" href=\"", "\"").replace("&#38;", "&").replace("&#39;", "'");
        assert!(way_back.ends_with(&format!("&state={state}")), "{way_back}");
        let failed = browser.get(&authorize(&format!("{extra}&prompt=none"))).await;
        assert!(failed.location().ends_with(&format!("&state={state}")));
    }
}

#[tokio::test]
async fn cognito_needs_neither_nonce_nor_proof_key_and_both_are_honoured() {
    let world = World::new().await;
    let plain = world.token(exchange(&world.code("plain", "").await)).await.json();
    assert!(claims(plain["id_token"].as_str().unwrap()).get("nonce").is_none());
    // RFC 7636 appendix B.
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let extra = format!("&nonce=n-0S6&code_challenge={challenge}&code_challenge_method=S256");
    let code = world.code("honoured", &extra).await;
    assert_eq!(world.token(exchange(&code)).await.json()["error"], "invalid_grant");
    let proven = world.token(format!("{}&code_verifier={verifier}", exchange(&code))).await.json();
    assert_eq!(claims(proven["id_token"].as_str().unwrap())["nonce"], "n-0S6");
}

#[tokio::test]
async fn who_signs_in_elsewhere_is_told_and_can_go_back_to_cognito() {
    let world = World::new().await;
    let cases = [
        ("direct.test", "DOMAIN_VERIFIED", "signs in another way"),
        ("unknown.test", "DOMAIN_UNKNOWN", "do not know this organization"),
        ("closed.test", "ORGANIZATION_SUSPENDED", "cannot sign in"),
    ];
    for (domain, reason, title) in cases {
        let hint = encode(&format!("ada@{domain}"));
        let page = world.browser().get(&authorize(&format!("&login_hint={hint}&state=s%20t"))).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{domain}");
        assert!(page.body.contains(title), "{}", page.body);
        let way_back = page.between("class=\"button\" href=\"", "\"").replace("&#38;", "&");
        assert!(way_back.contains("/oauth2/idpresponse?error=access_denied&"), "{way_back}");
        assert!(way_back.ends_with("&state=s%20t"), "{way_back}");
        let found = world.find(page.reference()).await.unwrap();
        assert_eq!(found.reason, reason);
        assert!(found.routing_decision.ends_with(&format!(": {reason}")), "{}", found.routing_decision);
    }
}

#[tokio::test]
async fn prompt_and_max_age_make_the_identity_provider_ask_again() {
    let world = World::new().await;
    for extra in ["", "&prompt=login", "&max_age=60"] {
        world.browser().get(&authorize(&format!("&login_hint=ada%40acme.test{extra}"))).await;
    }
    let asked: Vec<_> = world.asked.lock().unwrap().authn_requests.iter().map(|asked| asked.force_authn).collect();
    assert_eq!(asked, [false, true, true]);
}

fn claims(token: &str) -> serde_json::Value {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
