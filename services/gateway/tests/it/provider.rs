use std::time::Duration;

use axum::http::{Request, StatusCode};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::Value;

use crate::{
    browser::send,
    world::{ACME_CONNECTION, World, exchange, exchange_as},
};

pub(crate) async fn get(world: &World, path: &str) -> crate::browser::Answer {
    send(&world.routes, Request::get(path).body("".into()).unwrap()).await
}

pub(crate) async fn verify(world: &World, token: &str, algorithm: Algorithm, audience: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(get(world, "/oauth2/jwks").await.json()).unwrap();
    let key = keys.find(&decode_header(token).unwrap().kid.unwrap()).expect("the key is published");
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    validation.set_issuer(&["https://login.vestibule.test"]);
    validation.validate_exp = false; // the gateway's clock stands still
    decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims
}

#[tokio::test]
async fn the_id_token_verifies_with_the_published_key() {
    let world = World::new().await;
    let tokens = world.token(exchange(&world.code("rs256", "").await)).await.json();
    let claims = verify(&world, tokens["id_token"].as_str().unwrap(), Algorithm::RS256, "acme-pool").await;
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    assert_eq!(claims["auth_time"], claims["iat"]);
    assert!(claims["acr"].as_str().unwrap().ends_with("PasswordProtectedTransport"));
}

#[tokio::test]
async fn a_pool_may_have_its_tokens_signed_with_es256() {
    let world = World::new().await;
    let browser = world.browser();
    let path = crate::world::authorize("&login_hint=ada%40acme.test").replace("acme-pool", "other-pool");
    let relay_state = browser.get(&path).await.parameter("RelayState").unwrap();
    let body = crate::world::answer("valid:es256", &relay_state);
    let code = browser.post(&crate::world::acs(ACME_CONNECTION), body).await.parameter("code").unwrap();
    let tokens = world.token(exchange_as("other-pool", "other secret", &code)).await.json();
    verify(&world, tokens["id_token"].as_str().unwrap(), Algorithm::ES256, "other-pool").await;
}

#[tokio::test]
async fn discovery_and_keys_are_served_from_memory_with_a_validator() {
    let world = World::new().await;
    let document = get(&world, "/.well-known/openid-configuration").await;
    assert_eq!(document.json()["issuer"], "https://login.vestibule.test");
    for path in ["/.well-known/openid-configuration", "/oauth2/jwks"] {
        let answer = get(&world, path).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let again = Request::get(path).header("if-none-match", answer.header("etag")).body("".into()).unwrap();
        assert_eq!(send(&world.routes, again).await.status, StatusCode::NOT_MODIFIED);
    }
    let keys = get(&world, "/oauth2/jwks").await;
    assert!(!keys.body.contains("\"d\""), "no private member");
}

#[tokio::test]
async fn keys_that_nobody_needs_any_more_are_destroyed_by_who_may() {
    let world = World::new().await;
    let generations = async || world.resources.keys.all("gateway.pending", "").await.unwrap();
    for _ in 0..4 {
        world.clock.advance(Duration::from_hours(25));
        drop(world.another_instance().await);
    }
    let before = generations().await;
    assert_eq!(before.len(), 5, "the gateway itself only adds keys");
    vestibule_gateway_service::destroy_old_keys(&world.resources).await.unwrap();
    let kept: Vec<_> = generations().await.iter().map(|key| key.id).collect();
    assert_eq!(kept, before.iter().take(3).map(|key| key.id).collect::<Vec<_>>(), "the newest stay");
    assert_eq!(world.resources.keys.all("oidc.signing.rs256", "").await.unwrap().len(), 1, "the only one stays");
}

#[tokio::test]
async fn metadata_is_there_for_connections_that_exist() {
    let world = World::new().await;
    let metadata = get(&world, &format!("/saml/{ACME_CONNECTION}/metadata")).await;
    assert_eq!(metadata.header("content-type"), "application/samlmetadata+xml");
    assert!(metadata.body.contains(&ACME_CONNECTION.to_string()));
    assert_eq!(get(&world, "/saml/nowhere/metadata").await.status, StatusCode::NOT_FOUND);
    let unknown = "/saml/01890a5d-0000-7000-8000-0000000000ff/metadata";
    assert_eq!(get(&world, unknown).await.status, StatusCode::NOT_FOUND);
}
