use vestibule_oidc::{InvalidIssuer, InvalidRedirectUri, Issuer, ProviderMetadata, RedirectUri};

#[test]
fn the_document_holds_what_cognito_and_the_specification_require() {
    let issuer = Issuer::parse("https://login.vestibule.test").unwrap();
    let document = serde_json::to_value(ProviderMetadata::new(&issuer)).unwrap();
    assert_eq!(document["issuer"], "https://login.vestibule.test");
    assert_eq!(document["authorization_endpoint"], "https://login.vestibule.test/oauth2/authorize");
    assert_eq!(document["token_endpoint"], "https://login.vestibule.test/oauth2/token");
    assert_eq!(document["userinfo_endpoint"], "https://login.vestibule.test/oauth2/userinfo");
    assert_eq!(document["jwks_uri"], "https://login.vestibule.test/oauth2/jwks");
    assert_eq!(document["end_session_endpoint"], "https://login.vestibule.test/oauth2/end_session");
    assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(document["token_endpoint_auth_methods_supported"], serde_json::json!(["client_secret_post"]));
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(document["request_uri_parameter_supported"], false);
    assert!(document.get("authorization_response_iss_parameter_supported").is_none());
}

#[test]
fn an_issuer_has_one_text() {
    for good in ["https://login.vestibule.test", "https://a.test/tenant", "http://localhost:8080", "http://127.0.0.1:1"]
    {
        assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
    }
    for (bad, error) in [
        ("https://login.vestibule.test/", InvalidIssuer::TrailingSlash),
        ("http://login.vestibule.test", InvalidIssuer::NotHttps),
        ("https://login.vestibule.test?x", InvalidIssuer::Decorated),
        ("https://login.vestibule.test#x", InvalidIssuer::Decorated),
        ("https://user@login.vestibule.test", InvalidIssuer::Decorated),
        ("https://LOGIN.vestibule.test", InvalidIssuer::NotAUrl),
        ("https://login.vestibule.test:443", InvalidIssuer::NotAUrl),
        ("login.vestibule.test", InvalidIssuer::NotAUrl),
    ] {
        assert_eq!(Issuer::parse(bad), Err(error), "{bad}");
    }
}

#[test]
fn a_redirect_uri_is_https_without_fragment() {
    assert!(RedirectUri::parse("http://localhost:9000/oauth2/idpresponse").is_ok());
    for (bad, error) in [
        ("http://rp.test/", InvalidRedirectUri::NotHttps),
        ("custom:thing", InvalidRedirectUri::NotHttps),
        ("https://rp.test/#", InvalidRedirectUri::Fragment),
        ("https://rp.test/ x", InvalidRedirectUri::NotAUrl),
        ("/relative", InvalidRedirectUri::NotAUrl),
    ] {
        assert_eq!(RedirectUri::parse(bad), Err(error), "{bad}");
    }
    let long = format!("https://rp.test/{}", "x".repeat(2048));
    assert_eq!(RedirectUri::parse(&long), Err(InvalidRedirectUri::TooLong));
}
