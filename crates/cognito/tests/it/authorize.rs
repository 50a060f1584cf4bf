use std::collections::HashMap;

use url::Url;
use vestibule_cognito::{AuthorizeUrl, Parameter};

const PLAIN: AuthorizeUrl<'static> = AuthorizeUrl {
    domain: "login.acme.example",
    client_id: "3n4b5example",
    redirect_uri: "https://app.acme.example/callback?a=b&c=d",
    scopes: &["openid", "email"],
    state: "",
    nonce: "",
    code_challenge: "",
    identity_provider: "",
    login_hint: "",
    prompt_login: false,
};

fn query(url: &AuthorizeUrl<'_>) -> HashMap<String, String> {
    let url = Url::parse(&url.build().unwrap()).unwrap();
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let query: HashMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(query.len(), pairs.len(), "RFC 6749 section 3.1: no parameter more than once");
    query
}

#[test]
fn an_authorize_url_carries_what_is_set_and_nothing_else() {
    let built = PLAIN.build().unwrap();
    assert_eq!(
        built,
        "https://login.acme.example/oauth2/authorize?response_type=code&client_id=3n4b5example\
         &redirect_uri=https%3A%2F%2Fapp.acme.example%2Fcallback%3Fa%3Db%26c%3Dd&scope=openid+email"
    );
    let sandbox = AuthorizeUrl { domain: "localhost:8820", ..PLAIN }.build().unwrap();
    assert!(sandbox.starts_with("http://localhost:8820/oauth2/authorize?"), "{sandbox}");
}

#[test]
fn every_value_survives_the_encoding() {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636 appendix B
    let full = AuthorizeUrl {
        state: "a b+c/d=&e#f%20\u{fc}",
        nonce: "n-0S6_WzA2Mj",
        code_challenge: challenge,
        identity_provider: "Vestibule",
        login_hint: "ada+b&c=d@b\u{fc}cher.test",
        prompt_login: true,
        ..PLAIN
    };
    let query = query(&full);
    assert_eq!(query["state"], full.state);
    assert_eq!(query["nonce"], full.nonce);
    assert_eq!((query["code_challenge"].as_str(), query["code_challenge_method"].as_str()), (challenge, "S256"));
    assert_eq!(query["identity_provider"], "Vestibule");
    assert_eq!(query["login_hint"], full.login_hint);
    assert_eq!(query["prompt"], "login");
    assert_eq!(query["redirect_uri"], full.redirect_uri);
}

#[test]
fn what_cannot_stand_in_the_url_is_refused_by_name() {
    let long = "x".repeat(5000);
    let many = vec!["openid"; 51];
    let cases = [
        (AuthorizeUrl { client_id: "", ..PLAIN }, Parameter::ClientId),
        (AuthorizeUrl { client_id: "a b", ..PLAIN }, Parameter::ClientId),
        (AuthorizeUrl { redirect_uri: "", ..PLAIN }, Parameter::RedirectUri),
        (AuthorizeUrl { redirect_uri: "/callback", ..PLAIN }, Parameter::RedirectUri),
        (AuthorizeUrl { redirect_uri: "https://app.acme.example/#x", ..PLAIN }, Parameter::RedirectUri),
        (AuthorizeUrl { redirect_uri: "http://app.acme.example/", ..PLAIN }, Parameter::RedirectUri),
        (AuthorizeUrl { redirect_uri: "https://app.acme.example/\r\nx", ..PLAIN }, Parameter::RedirectUri),
        (AuthorizeUrl { scopes: &[], ..PLAIN }, Parameter::Scope),
        (AuthorizeUrl { scopes: &["openid email"], ..PLAIN }, Parameter::Scope),
        (AuthorizeUrl { scopes: &many, ..PLAIN }, Parameter::Scope),
        (AuthorizeUrl { state: &long, ..PLAIN }, Parameter::State),
        (AuthorizeUrl { state: "a\nb", ..PLAIN }, Parameter::State),
        (AuthorizeUrl { nonce: &long, ..PLAIN }, Parameter::Nonce),
        (AuthorizeUrl { code_challenge: "short", ..PLAIN }, Parameter::CodeChallenge),
        (AuthorizeUrl { identity_provider: &long, ..PLAIN }, Parameter::IdentityProvider),
        (AuthorizeUrl { login_hint: &long, ..PLAIN }, Parameter::LoginHint),
        (AuthorizeUrl { login_hint: "a\u{7f}b", ..PLAIN }, Parameter::LoginHint),
    ];
    for (url, parameter) in cases {
        assert_eq!(url.build().unwrap_err().parameter, parameter, "{url:?}");
    }
    for accepted in ["http://localhost:8830/callback", "http://[::1]:1/", "com.acme.app:/callback"] {
        AuthorizeUrl { redirect_uri: accepted, ..PLAIN }.build().unwrap();
    }
}
