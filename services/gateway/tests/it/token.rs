use std::time::Duration;

use axum::http::{Request, StatusCode};
use vestibule_eventlog::{StreamId, Version};
use vestibule_tenancy::user_pool::{self, SecretRetired};

use crate::{
    browser::{form, send},
    world::{POOL, World, append, exchange, exchange_as},
};

#[tokio::test]
async fn tokens_come_as_the_specification_says_and_userinfo_follows() {
    let world = World::new().await;
    let answer = world.token(exchange(&world.code("plain", "").await)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&"Bearer".into(), &"openid email".into()));
    let token = tokens["access_token"].as_str().unwrap();
    let by_get = world.userinfo(token).await;
    assert_eq!((by_get.status, by_get.header("content-type")), (StatusCode::OK, "application/json"));
    let by_form = send(&world.routes, form("/oauth2/userinfo", format!("access_token={token}"))).await;
    let by_header = Request::post("/oauth2/userinfo").header("authorization", format!("Bearer {token}"));
    let by_header = send(&world.routes, by_header.body("".into()).unwrap()).await;
    assert_eq!((by_form.json(), by_header.json()), (by_get.json(), by_get.json()));
}

#[tokio::test]
async fn a_code_is_short_lived() {
    let world = World::new().await;
    let (young, old) = (world.code("young", "").await, world.code("old", "").await);
    world.clock.advance(Duration::from_mins(1).checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(world.token(exchange(&young)).await.status, StatusCode::OK);
    world.clock.advance(Duration::from_millis(1));
    let late = world.token(exchange(&old)).await;
    assert_eq!((late.status, &late.json()["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    assert_eq!(world.traced("token", "TOKEN_CODE_EXPIRED").await.answer, "invalid_grant");
}

#[tokio::test]
async fn a_code_that_comes_twice_voids_what_it_was_exchanged_for() {
    let world = World::new().await;
    let code = world.code("leaked", "").await;
    let tokens = world.token(exchange(&code)).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.userinfo(token).await.status, StatusCode::OK);
    assert_eq!(world.token(exchange(&code)).await.json()["error"], "invalid_grant");
    assert_eq!(world.userinfo(token).await.status, StatusCode::UNAUTHORIZED);
    let accepted = world.traced("token", "ACCEPTED").await;
    assert_eq!(accepted.answer, "tokens", "the sign-in itself stays as it was in the trace");
}

#[tokio::test]
async fn both_secrets_are_good_until_one_is_retired() {
    let world = World::new().await;
    for secret in ["old secret", "new secret"] {
        let code = world.code(&secret.replace(' ', "-"), "").await;
        assert_eq!(world.token(exchange_as("acme-pool", secret, &code)).await.status, StatusCode::OK);
    }
    let code = world.code("retired", "").await;
    let stream = StreamId::of_id(user_pool::CATEGORY, None, POOL.uuid());
    let retired = user_pool::Event::from(SecretRetired { secret_id: "old secret".to_owned() });
    append(&world.resources.log, stream, Version(4), &[retired]).await;
    // The gateway learns of it through the log; wait for the state, not for a time.
    let refused = async {
        loop {
            let answer = world.token(exchange_as("acme-pool", "old secret", "not-a-code")).await;
            if answer.json()["error"] == "invalid_client" {
                break answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.token(exchange(&code)).await.status, StatusCode::OK, "the other one goes on");
}

#[tokio::test]
async fn client_secret_basic_is_refused_clearly() {
    let world = World::new().await;
    let mut request = form("/oauth2/token", exchange("x"));
    request.headers_mut().insert("authorization", "Basic YWNtZS1wb29sOm5ldw==".parse().unwrap());
    let answer = send(&world.routes, request).await;
    assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::UNAUTHORIZED, &"invalid_client".into()));
    assert!(answer.header("www-authenticate").starts_with("Basic"));
}

#[tokio::test]
async fn malformed_token_requests_have_a_clear_error() {
    let world = World::new().await;
    for (body, error) in [
        (String::new(), "invalid_client"),
        (exchange("x").replace("authorization_code", "password"), "unsupported_grant_type"),
        (format!("{}&code=y", exchange("x")), "invalid_request"),
        (format!("{}&x={}", exchange("x"), "y".repeat(17_000)), "invalid_request"),
        (exchange("x"), "invalid_grant"),
    ] {
        assert_eq!(world.token(body).await.json()["error"], error);
    }
    let json = Request::post("/oauth2/token").header("content-type", "application/json").body("{}".into()).unwrap();
    assert_eq!(send(&world.routes, json).await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn userinfo_asks_for_a_token_that_is_good() {
    let world = World::new().await;
    let missing = send(&world.routes, Request::get("/oauth2/userinfo").body("".into()).unwrap()).await;
    assert_eq!(
        (missing.status, missing.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"userinfo\"")
    );
    let wrong = world.userinfo(&"A".repeat(43)).await;
    assert!(wrong.header("www-authenticate").contains("invalid_token"));
    let tokens = world.token(exchange(&world.code("expires", "").await)).await.json();
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(world.userinfo(tokens["access_token"].as_str().unwrap()).await.status, StatusCode::UNAUTHORIZED);
}
