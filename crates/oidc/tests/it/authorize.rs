use std::time::Duration;

use url::Url;
use vestibule_oidc::{
    AuthorizationCode, AuthorizeError, AuthorizeErrorCode, AuthorizePageError, AuthorizeQuery, AuthorizeRequest,
    STATE_BYTES_MAX, success_location,
};

use crate::fixture::{IDP_RESPONSE, client, encode};

/// What Cognito sends: five parameters, no nonce, no proof key.
fn cognito(extra: &str) -> String {
    format!(
        "client_id=acme-pool&redirect_uri={}&scope=openid+email+profile&response_type=code{extra}",
        encode(IDP_RESPONSE)
    )
}

fn validate(query: &str) -> Result<AuthorizeRequest, AuthorizeError> {
    AuthorizeQuery::parse(query)?.validate(Some(&client()))
}

fn page(query: &str) -> AuthorizePageError {
    match validate(query) {
        Err(AuthorizeError::Page(error)) => error,
        other => panic!("expected a page, found {other:?}"),
    }
}

fn failure(query: &str) -> (AuthorizeErrorCode, String) {
    match validate(query) {
        Err(AuthorizeError::Failure(failure)) => (failure.code, failure.location()),
        other => panic!("expected a failure response, found {other:?}"),
    }
}

fn code() -> AuthorizationCode {
    AuthorizationCode::from_random([7; 32])
}

#[test]
fn cognitos_own_request_is_accepted_without_nonce_and_proof_key() {
    let request = validate(&cognito("&state=H4sIAAAA.H4sI.1")).unwrap();
    assert_eq!(request.client_id, "acme-pool");
    assert_eq!(request.scope, "openid email profile");
    assert_eq!((request.nonce, request.code_challenge, request.login_hint), (None, None, None));
}

#[test]
fn optional_parameters_are_carried() {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let request = validate(&cognito(&format!(
        "&nonce=n%2Bce&login_hint=ada%40acme.test&prompt=login+select_account&max_age=300&acr_values=a+b&lang=en\
         &code_challenge={challenge}&code_challenge_method=S256"
    )))
    .unwrap();
    assert_eq!(request.nonce.as_deref(), Some("n+ce"));
    assert_eq!(request.login_hint.as_deref(), Some("ada@acme.test"));
    assert!(request.prompt.login && request.prompt.select_account);
    assert_eq!(request.max_age, Some(Duration::from_mins(5)));
    assert_eq!(request.acr_values.as_deref(), Some("a b"));
    assert!(request.code_challenge.is_some());
}

#[test]
fn state_returns_byte_exact() {
    let long = format!("{}.{}.1", "Ab-_9".repeat(600), "z".repeat(1000));
    let states =
        ["simple", "a%20b", "a+b", "a%2Bb", "a=b=c", "%e4%BD%a0", "100%", "%zz%", "%FF%00", "it's!(*)~;:@/?$,", &long];
    for state in states {
        let request = validate(&cognito(&format!("&state={state}"))).unwrap();
        let stored: AuthorizeRequest = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        let success = success_location(&stored.redirect_uri, stored.state.as_ref(), &code());
        assert!(success.ends_with(&format!("&state={state}")), "{success}");
        let failure = stored.failure(AuthorizeErrorCode::AccessDenied, "no").location();
        assert!(failure.ends_with(&format!("&state={state}")), "{failure}");
    }
}

#[test]
fn a_state_that_no_url_may_hold_is_encoded_and_decodes_to_the_same() {
    let request = validate(&cognito("&state=<a>\"ä{|}\\^`")).unwrap();
    let location = success_location(&request.redirect_uri, request.state.as_ref(), &code());
    assert!(location.is_ascii() && !location.contains(['<', '"', ' ', '\\']));
    let state = Url::parse(&location).unwrap().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert_eq!(state, "<a>\"ä{|}\\^`");
}

#[test]
fn a_state_of_4_kib_fits_and_a_longer_one_is_refused() {
    let fits = "s".repeat(STATE_BYTES_MAX);
    assert!(validate(&cognito(&format!("&state={fits}"))).is_ok());
    assert!(validate(&cognito(&format!("&state={}", "%C3".repeat(STATE_BYTES_MAX)))).is_ok());
    let (code, location) = failure(&cognito(&format!("&state={fits}s")));
    assert_eq!(code, AuthorizeErrorCode::InvalidRequest);
    assert!(!location.contains("&state="));
}

#[test]
fn nobody_is_redirected_to_an_address_that_is_not_registered() {
    for uri in [
        "https://evil.test/oauth2/idpresponse",
        "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse/",
        "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse?x=1",
        "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/IDPRESPONSE",
        "https://ACME.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse",
        "https://rp.test/callback",
        "javascript:alert(1)",
    ] {
        let query = format!("client_id=acme-pool&response_type=code&scope=openid&redirect_uri={}", encode(uri));
        assert_eq!(page(&query), AuthorizePageError::RedirectUriUnregistered, "{uri}");
    }
    assert_eq!(page("client_id=acme-pool&scope=openid"), AuthorizePageError::RedirectUriMissing);
    assert_eq!(page(&cognito("&redirect_uri=x")), AuthorizePageError::RedirectUriMissing);
}

#[test]
fn an_unknown_client_sees_a_page() {
    let query = cognito("");
    let unknown = AuthorizeQuery::parse(&query).unwrap().validate(None);
    assert_eq!(unknown, Err(AuthorizePageError::UnknownClient.into()));
    assert_eq!(page("response_type=code"), AuthorizePageError::ClientIdMissing);
    assert_eq!(page(&cognito("&client_id=acme-pool")), AuthorizePageError::ClientIdMissing);
    assert_eq!(page(&format!("client_id={}", "x".repeat(129))), AuthorizePageError::UnknownClient);
}

#[test]
fn a_client_that_was_not_asked_for_is_no_answer_to_the_lookup() {
    let query = cognito("").replace("acme-pool", "other-pool");
    assert_eq!(page(&query), AuthorizePageError::UnknownClient);
}

#[test]
fn a_request_beyond_the_limits_is_not_even_read() {
    assert_eq!(page(&format!("client_id=acme-pool&x={}", "y".repeat(16 * 1024))), AuthorizePageError::TooLong);
    let many = (0..80).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    assert_eq!(page(&format!("{many}&client_id=acme-pool")), AuthorizePageError::TooLong);
    assert_eq!(page("client_id=%FF"), AuthorizePageError::Malformed);
}

#[test]
fn faults_of_the_relying_party_go_back_to_it_with_its_state() {
    use AuthorizeErrorCode::{
        InvalidRequest, InvalidScope, LoginRequired, RegistrationNotSupported, RequestNotSupported,
        RequestUriNotSupported, UnsupportedResponseType,
    };
    let base = cognito("");
    let cases = [
        (base.replace("response_type=code", "response_type=token"), UnsupportedResponseType),
        (base.replace("response_type=code", "response_type=code+id_token"), UnsupportedResponseType),
        (base.replace("response_type=code", ""), InvalidRequest),
        (base.replace("response_type=code", "response_type="), InvalidRequest),
        (base.replace("openid+email+profile", "email+openidx"), InvalidScope),
        (cognito("&prompt=none"), LoginRequired),
        (cognito("&prompt=none+login"), InvalidRequest),
        (cognito("&prompt=create"), InvalidRequest),
        (cognito("&response_mode=form_post"), InvalidRequest),
        (cognito("&max_age=-1"), InvalidRequest),
        (cognito("&request=eyJ"), RequestNotSupported),
        (cognito("&request_uri=https://rp.test/r"), RequestUriNotSupported),
        (cognito("&registration=%7B%7D"), RegistrationNotSupported),
        (cognito("&nonce=%FF"), InvalidRequest),
        (cognito(&format!("&login_hint={}", "a".repeat(1025))), InvalidRequest),
        (cognito("&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), InvalidRequest),
        (
            cognito("&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=plain"),
            InvalidRequest,
        ),
        (cognito("&code_challenge=short&code_challenge_method=S256"), InvalidRequest),
        (cognito("&code_challenge_method=S256"), InvalidRequest),
    ];
    for (query, expected) in cases {
        let (code, location) = failure(&format!("{query}&state=st%20ate"));
        assert_eq!(code, expected, "{query}");
        assert!(location.starts_with(&format!("{IDP_RESPONSE}?error={}&error_description=", code.as_str())));
        assert!(location.ends_with("&state=st%20ate"), "{location}");
    }
}

#[test]
fn a_repeated_parameter_is_refused_whatever_it_is() {
    for extra in ["&scope=openid", "&nonce=a&nonce=a", "&unknown=1&unknown=2", "&n%6Fnce=a&nonce=b"] {
        assert_eq!(failure(&cognito(extra)).0, AuthorizeErrorCode::InvalidRequest, "{extra}");
    }
    let (code, location) = failure(&cognito("&state=one&state=two"));
    assert_eq!(code, AuthorizeErrorCode::InvalidRequest);
    assert!(!location.contains("state="), "which of the two would it be? {location}");
}

#[test]
fn the_query_of_a_redirect_uri_is_retained() {
    let query = cognito("&state=s").replace(&encode(IDP_RESPONSE), &encode("https://rp.test/callback?tenant=7"));
    let request = validate(&query).unwrap();
    let location = success_location(&request.redirect_uri, request.state.as_ref(), &code());
    assert!(location.starts_with("https://rp.test/callback?tenant=7&code="), "{location}");
}

#[test]
fn neither_state_nor_login_hint_is_printed() {
    let request = validate(&cognito("&state=opaque-value&login_hint=ada%40acme.test")).unwrap();
    let printed = format!("{request:?} {:?}", request.state);
    assert!(!printed.contains("opaque-value") && !printed.contains("ada"), "{printed}");
}
