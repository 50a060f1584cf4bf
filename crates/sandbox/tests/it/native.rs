//! The pool's own login by a code sent by e-mail.

use axum::http::StatusCode;
use serde_json::json;
use vestibule_sandbox::check::Answer;

use crate::fixture::Fixture;

async fn login_page(fixture: &mut Fixture) -> Answer {
    let answer = fixture.authorize(&[("login_hint", "eve@unknown.test")]).await;
    fixture.browser.get(&answer.location.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_person_without_a_provider_signs_in_by_code_and_has_no_identities() {
    let mut fixture = Fixture::start().await;
    let page = login_page(&mut fixture).await;
    let form = page.forms().remove(0);
    assert_eq!(form.field("email"), Some("eve@unknown.test"), "login_hint fills the field");
    assert!(page.links()[0].as_str().contains("identity_provider=Vestibule"), "the other way in keeps the request");
    let page = fixture.browser.submit(&form, None).await.unwrap();
    let code = page.text("email-code").unwrap();
    let form = page.forms().remove(0);
    let wrong = fixture.browser.submit(&form.clone().with("code", "x"), None).await.unwrap();
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = fixture.browser.submit(&form.with("code", &code), None).await.unwrap();
    let token = fixture.redeem(&answer.location_parameter("code").unwrap()).await.id_token();
    assert_eq!((&token["email"], &token["email_verified"]), (&json!("eve@unknown.test"), &json!(true)));
    assert_eq!((token.get("identities"), &token["cognito:username"]), (None, &token["sub"]));
    let events = fixture.trigger.events.lock().unwrap();
    assert_eq!(events[0]["request"]["userAttributes"]["cognito:user_status"], "CONFIRMED");
    assert_eq!(events[0]["request"]["userAttributes"].get("identities"), None);
}

#[tokio::test]
async fn a_code_may_be_wrong_three_times() {
    let mut fixture = Fixture::start().await;
    let form = login_page(&mut fixture).await.forms().remove(0);
    let page = fixture.browser.submit(&form, None).await.unwrap();
    let code = page.text("email-code").unwrap();
    let form = page.forms().remove(0);
    for _ in 0..3 {
        fixture.browser.submit(&form.clone().with("code", "00"), None).await.unwrap();
    }
    let answer = fixture.browser.submit(&form.with("code", &code), None).await.unwrap();
    assert_eq!((answer.status, answer.location), (StatusCode::UNPROCESSABLE_ENTITY, None));
}
