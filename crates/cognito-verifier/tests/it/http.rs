//! Fetching key sets over HTTP.

use std::net::SocketAddr;

use axum::{Router, http::StatusCode, response::Redirect, routing::get};
use serde_json::json;
use tokio::net::TcpListener;
use vestibule_cognito_verifier::{
    FetchError, FetchKeys as _, HttpFetcher, KEY_SET_BYTES_MAX, RemoteVerifier, UserPool,
};

use crate::issuer::{KEYS, access_claims, access_requirements, access_token, key_set, now, pool};

async fn serve() -> SocketAddr {
    let answers = Router::new()
        .route("/pool/.well-known/jwks.json", get(async || key_set().to_string()))
        .route("/error", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/redirect", get(async || Redirect::temporary("/pool/.well-known/jwks.json")))
        .route("/endless", get(async || "x".repeat(KEY_SET_BYTES_MAX + 1)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, answers).await });
    address
}

#[tokio::test]
async fn tokens_of_an_emulator_are_verified_with_the_keys_it_serves() {
    let address = serve().await;
    let issuer = format!("http://{address}/pool");
    let verifier = RemoteVerifier::new(now);
    verifier.trust(&UserPool::with_issuer("local_1", &issuer).unwrap(), &access_requirements());
    let accepted = verifier.verify(&KEYS[1].token(&access_claims(json!({ "iss": issuer })))).await.unwrap();
    assert_eq!(accepted.user_pool_id(), "local_1");
    assert_eq!(verifier.verify(&access_token(json!({}))).await.unwrap_err().reason(), "TOKEN_ISSUER_UNKNOWN");
}

#[tokio::test]
async fn the_keys_of_tokens_that_name_aws_may_be_elsewhere() {
    let address = serve().await;
    let verifier = RemoteVerifier::new(now);
    let pool = pool().key_set_at(format!("http://{address}/pool/.well-known/jwks.json")).unwrap();
    verifier.trust(&pool, &access_requirements());
    assert!(verifier.verify(&access_token(json!({}))).await.is_ok());
}

#[tokio::test]
async fn what_is_not_a_plain_answer_is_no_key_set() {
    let address = serve().await;
    let fetcher = HttpFetcher::new();
    let fetch = async |path: &str| fetcher.fetch(&format!("http://{address}{path}")).await.unwrap_err();
    assert!(matches!(fetch("/error").await, FetchError::Status(500)));
    assert!(matches!(fetch("/absent").await, FetchError::Status(404)));
    assert!(matches!(fetch("/redirect").await, FetchError::Status(307)));
    assert!(matches!(fetch("/endless").await, FetchError::TooLarge));
    assert!(matches!(fetcher.fetch("keys").await, Err(FetchError::Address)));
}

#[tokio::test]
async fn nobody_there_or_nobody_who_answers_makes_keys_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = listener.local_addr().unwrap();
    let verifier = RemoteVerifier::new(now);
    let verify = async |issuer: String| {
        verifier.trust(&UserPool::with_issuer("local_1", &issuer).unwrap(), &access_requirements());
        verifier.verify(&KEYS[1].token(&access_claims(json!({ "iss": issuer })))).await.unwrap_err().reason()
    };
    assert_eq!(verify(format!("http://{silent}/pool")).await, "KEYS_UNAVAILABLE");
    drop(listener);
    assert_eq!(verify(format!("http://{silent}/other")).await, "KEYS_UNAVAILABLE");
}
