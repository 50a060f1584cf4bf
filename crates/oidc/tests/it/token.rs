use std::time::Duration;

use vestibule_kernel::ExposeSecret as _;
use vestibule_oidc::{
    AccessToken, AuthorizationCode, AuthorizeQuery, BearerError, CODE_LIFETIME, ClientSecrets, CodeChallenge, Grant,
    SecretDigest, TokenError, TokenRequest, TokenResponse, TooManySecrets,
};

use crate::fixture::{IDP_RESPONSE, client, encode, now};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn body(extra: &str) -> String {
    format!(
        "grant_type=authorization_code&code={}&redirect_uri={}&client_id=acme-pool&client_secret=new+secret{extra}",
        AuthorizationCode::from_random([7; 32]).text().expose_secret(),
        encode(IDP_RESPONSE),
    )
}

fn grant(extra: &str) -> Grant {
    let query =
        format!("client_id=acme-pool&redirect_uri={}&scope=openid&response_type=code{extra}", encode(IDP_RESPONSE));
    let request = AuthorizeQuery::parse(&query).unwrap().validate(Some(&client())).unwrap();
    Grant::new(&request, now())
}

fn exchange(grant: &Grant, body: &str, after: Duration) -> Result<(), TokenError> {
    let request = TokenRequest::parse(false, body)?.authenticate(Some(&client()))?;
    grant.check(&request, now().plus(after))
}

#[test]
fn cognitos_own_request_redeems_the_code() {
    let request = TokenRequest::parse(false, &body("")).unwrap();
    assert_eq!(request.client_id(), "acme-pool");
    let request = request.authenticate(Some(&client())).unwrap();
    assert_eq!(request.code().digest(), AuthorizationCode::from_random([7; 32]).digest());
    assert_eq!(grant("").check(&request, now()), Ok(()));
}

#[test]
fn both_secrets_are_valid_during_a_rotation_and_no_other() {
    for secret in ["old+secret", "new+secret"] {
        assert_eq!(exchange(&grant(""), &body("").replace("new+secret", secret), Duration::ZERO), Ok(()));
    }
    for secret in ["new+secre", "new+secret1", "NEW+secret"] {
        let wrong = exchange(&grant(""), &body("").replace("new+secret", secret), Duration::ZERO);
        assert_eq!(wrong, Err(TokenError::CredentialsWrong), "{secret}");
    }
    let three = ["a", "b", "c"].map(SecretDigest::of).to_vec();
    assert_eq!(ClientSecrets::new(three).unwrap_err(), TooManySecrets);
    assert!(!ClientSecrets::default().accept(""));
}

#[test]
fn an_unknown_client_and_a_wrong_secret_look_the_same() {
    let unknown = TokenRequest::parse(false, &body("")).unwrap().authenticate(None).unwrap_err();
    let other = TokenRequest::parse(false, &body("").replace("acme-pool", "other")).unwrap();
    assert_eq!(other.authenticate(Some(&client())).unwrap_err(), TokenError::CredentialsWrong);
    assert_eq!((unknown, unknown.status()), (TokenError::CredentialsWrong, 401));
    assert_eq!(unknown.body()["error"], "invalid_client");
}

#[test]
fn a_wrong_client_cannot_burn_a_code() {
    let mut foreign = grant("");
    foreign.client_id = "other-pool".to_owned();
    assert_eq!(exchange(&foreign, &body(""), Duration::ZERO), Err(TokenError::CodeInvalid));
}

#[test]
fn a_code_is_short_lived() {
    let just = CODE_LIFETIME.checked_sub(Duration::from_millis(1)).unwrap();
    assert_eq!(exchange(&grant(""), &body(""), just), Ok(()));
    assert_eq!(exchange(&grant(""), &body(""), CODE_LIFETIME), Err(TokenError::CodeExpired));
}

#[test]
fn the_redirect_uri_must_be_that_of_the_authorize_request() {
    let other = body("").replace(&encode(IDP_RESPONSE), &encode("https://rp.test/callback?tenant=7"));
    assert_eq!(exchange(&grant(""), &other, Duration::ZERO), Err(TokenError::RedirectUriMismatch));
}

#[test]
fn the_proof_key_of_rfc_7636_appendix_b_is_honoured() {
    let protected = grant(&format!("&code_challenge={CHALLENGE}&code_challenge_method=S256"));
    let with = |verifier: &str| body(&format!("&code_verifier={verifier}"));
    assert_eq!(exchange(&protected, &with(VERIFIER), Duration::ZERO), Ok(()));
    assert_eq!(exchange(&protected, &body(""), Duration::ZERO), Err(TokenError::VerifierMissing));
    let wrong = VERIFIER.replace('k', "K");
    assert_eq!(exchange(&protected, &with(&wrong), Duration::ZERO), Err(TokenError::VerifierWrong));
    assert_eq!(exchange(&grant(""), &with(VERIFIER), Duration::ZERO), Err(TokenError::VerifierUnexpected));
    let plain = CodeChallenge::parse(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
    assert!(!plain.is_met_by(CHALLENGE), "the challenge itself is no verifier");
}

#[test]
fn malformed_requests_have_one_clear_error_each() {
    let good = body("");
    let cases = [
        (good.replace("grant_type=authorization_code", ""), TokenError::GrantTypeMissing),
        (good.replace("authorization_code", "refresh_token"), TokenError::GrantTypeUnsupported),
        (good.replace("client_secret=", "secret="), TokenError::CredentialsMissing),
        (good.replace("client_id=", "client="), TokenError::CredentialsMissing),
        (good.replace("&code=", "&kode="), TokenError::CodeMissing),
        (good.replace("&code=", "&code=x"), TokenError::CodeInvalid),
        (good.replace("redirect_uri=", "r="), TokenError::RedirectUriMissing),
        (format!("{good}&client_id=acme-pool"), TokenError::Repeated),
        (format!("{good}&x={}", "y".repeat(17_000)), TokenError::TooLong),
        (format!("{good}&code_verifier={}", "y".repeat(129)), TokenError::TooLong),
        (good.replace("acme-pool", "%FF"), TokenError::Malformed),
    ];
    for (body, expected) in cases {
        assert_eq!(exchange(&grant(""), &body, Duration::ZERO), Err(expected), "{body}");
    }
}

#[test]
fn basic_authentication_is_refused_with_its_challenge() {
    let error = TokenRequest::parse(true, &body("")).unwrap_err();
    assert_eq!((error, error.status()), (TokenError::HeaderAuthentication, 401));
    assert_eq!(error.body()["error"], "invalid_client");
    assert!(error.challenge().unwrap().starts_with("Basic "));
    assert_eq!(TokenError::CredentialsWrong.challenge(), None);
}

#[test]
fn secrets_of_a_request_are_not_printed() {
    let request = TokenRequest::parse(false, &body(&format!("&code_verifier={VERIFIER}"))).unwrap();
    let printed = format!("{request:?}");
    let authenticated = format!("{:?}", request.authenticate(Some(&client())).unwrap());
    assert!(!printed.contains("secret") && !authenticated.contains(VERIFIER) && !authenticated.contains("BwcH"));
}

#[test]
fn the_answer_carries_both_tokens() {
    let token = AccessToken::from_random([9; 32]);
    let answer = TokenResponse::new(&token, "a.b.c".to_owned(), "openid".to_owned());
    assert!(!format!("{answer:?}").contains("a.b.c"));
    let body = answer.body();
    assert_eq!((body["token_type"].as_str(), body["id_token"].as_str()), (Some("Bearer"), Some("a.b.c")));
    assert_eq!((body["access_token"].as_str(), &body["expires_in"]), (Some(token.text().expose_secret()), &300.into()));
}

#[test]
fn the_bearer_token_comes_in_one_way_once() {
    let token = AccessToken::from_random([9; 32]);
    let text = token.text();
    let text = text.expose_secret();
    let digest = |found: Result<AccessToken, BearerError>| found.map(|found| found.digest());
    let (header, form) = (format!("bearer {text}"), format!("access_token={text}"));
    assert_eq!(digest(AccessToken::from_request(Some(&header), None)), Ok(token.digest()));
    assert_eq!(digest(AccessToken::from_request(None, Some(&form))), Ok(token.digest()));
    for (header, form, expected) in [
        (None, None, BearerError::Missing),
        (None, Some("x=1".to_owned()), BearerError::Missing),
        (Some("Basic abc".to_owned()), None, BearerError::Missing),
        (Some(header.clone()), Some(form.clone()), BearerError::Ambiguous),
        (None, Some(format!("{form}&{form}")), BearerError::Ambiguous),
        (Some("Bearer short".to_owned()), None, BearerError::Invalid),
    ] {
        let error = AccessToken::from_request(header.as_deref(), form.as_deref()).unwrap_err();
        assert_eq!(error, expected);
        assert!(error.challenge().starts_with("Bearer "));
    }
    assert!(!BearerError::Missing.challenge().contains("error"));
}
