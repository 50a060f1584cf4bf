//! The tower layer, in front of an axum service.

use axum::{
    Extension, Router,
    body::Body,
    http::{Request, StatusCode, header},
    routing::get,
};
use serde_json::json;
use tower::ServiceExt as _;
use vestibule_cognito_verifier::{VerifiedToken, VerifyLayer};

use crate::{
    issuer::{KEYS, NOW_SECONDS, access_claims, access_requirements, access_token},
    remote::Published,
};

async fn whose(Extension(token): Extension<VerifiedToken>) -> String {
    token.organization().unwrap_or_default().to_owned()
}

/// Status, challenge and body of the answer.
async fn answer(layer: VerifyLayer, authorization: &[&str]) -> (StatusCode, Option<String>, String) {
    let mut request = Request::get("/invoices");
    for value in authorization {
        request = request.header(header::AUTHORIZATION, *value);
    }
    let service = Router::new().route("/invoices", get(whose)).layer(layer);
    let response = service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenge = response.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1_024).await.unwrap();
    (status, challenge, String::from_utf8(body.to_vec()).unwrap())
}

fn layer() -> VerifyLayer {
    VerifyLayer::new(Published::open().verifier())
}

fn refusal(status: StatusCode, challenge: &str) -> (StatusCode, Option<String>, String) {
    (status, (!challenge.is_empty()).then(|| challenge.to_owned()), String::new())
}

#[tokio::test]
async fn a_good_token_goes_through_with_what_it_says() {
    let token = access_token(json!({}));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = answer(layer(), &[&format!("{scheme} {token}")]).await;
        assert_eq!(answer, (StatusCode::OK, None, "acme".to_owned()));
    }
}

#[tokio::test]
async fn without_a_bearer_token_the_challenge_names_no_error() {
    for authorization in [&[][..], &["Basic YTpi"], &["Bearer"], &["Bearer\u{e9} x"], &[""]] {
        assert_eq!(answer(layer(), authorization).await, refusal(StatusCode::UNAUTHORIZED, "Bearer"));
    }
}

#[tokio::test]
async fn a_bad_token_is_an_invalid_token() {
    let expired = access_token(json!({ "exp": NOW_SECONDS }));
    let foreign = KEYS[2].token(&access_claims(json!({})));
    let double_blank = format!(" {}", access_token(json!({})));
    for token in [expired.as_str(), &foreign, &double_blank, "", "a.b.c"] {
        let answer = answer(layer(), &[&format!("Bearer {token}")]).await;
        assert_eq!(answer, refusal(StatusCode::UNAUTHORIZED, r#"Bearer error="invalid_token""#));
    }
}

#[tokio::test]
async fn two_tokens_are_an_invalid_request() {
    let token = format!("Bearer {}", access_token(json!({})));
    let answer = answer(layer(), &[&token, &token]).await;
    assert_eq!(answer, refusal(StatusCode::BAD_REQUEST, r#"Bearer error="invalid_request""#));
}

#[tokio::test]
async fn a_route_may_ask_for_a_scope_a_group_or_an_organization() {
    let token = format!("Bearer {}", access_token(json!({})));
    let requiring = |requirements| VerifyLayer::requiring(Published::open().verifier(), requirements);
    let write = requiring(access_requirements().any_scope_of(["invoices/write", "invoices/all"]));
    let challenge = r#"Bearer error="insufficient_scope", scope="invoices/write invoices/all""#;
    assert_eq!(answer(write, &[&token]).await, refusal(StatusCode::FORBIDDEN, challenge));
    let odd = requiring(access_requirements().any_scope_of(["a\"b"]));
    assert_eq!(answer(odd, &[&token]).await, refusal(StatusCode::FORBIDDEN, r#"Bearer error="insufficient_scope""#));
    let group = requiring(access_requirements().any_group_of(["owner"]));
    assert_eq!(answer(group, &[&token]).await, refusal(StatusCode::FORBIDDEN, ""));
    let organization = requiring(access_requirements().organization_one_of(["umbrella"]));
    assert_eq!(answer(organization, &[&token]).await, refusal(StatusCode::FORBIDDEN, ""));
    let read = requiring(access_requirements().any_scope_of(["invoices/read"]));
    assert_eq!(answer(read, &[&token]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn without_keys_nobody_is_blamed() {
    let published = Published::open();
    published.fail(1);
    let token = format!("Bearer {}", access_token(json!({})));
    let answer = answer(VerifyLayer::new(published.verifier()), &[&token]).await;
    assert_eq!(answer, refusal(StatusCode::SERVICE_UNAVAILABLE, ""));
}
