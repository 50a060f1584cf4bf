use vestibule_cognito::{ParsedUsername, Token, is_reserved_claim, parse_username, pool_url, redirect_uri, username};

#[test]
fn a_pool_listens_on_https_and_the_sandbox_on_http() {
    assert_eq!(pool_url("acme.auth.eu-west-1.amazoncognito.com"), "https://acme.auth.eu-west-1.amazoncognito.com");
    assert_eq!(redirect_uri("login.acme.example"), "https://login.acme.example/oauth2/idpresponse");
    assert_eq!(redirect_uri("localhost:8820"), "http://localhost:8820/oauth2/idpresponse");
    assert_eq!(pool_url("127.0.0.1:8820"), "http://127.0.0.1:8820");
    assert_eq!(
        pool_url("localhost.acme.example"),
        "https://localhost.acme.example",
        "only the host itself is loopback"
    );
    assert_eq!(pool_url("localhost:99999"), "https://localhost:99999", "not a port, so not ours to open to http");
}

#[test]
fn a_username_is_provider_and_sub_in_lower_case() {
    let made = username("Vestibule", "01890a5d-AC96-774b-bcce-b302099a8057");
    assert_eq!(made, "vestibule_01890a5d-ac96-774b-bcce-b302099a8057");
    let parsed = ParsedUsername { provider: "vestibule", sub: "01890a5d-ac96-774b-bcce-b302099a8057" };
    assert_eq!(parse_username(&made), Some(parsed));
    assert_eq!(parse_username("a_b_c"), Some(ParsedUsername { provider: "a", sub: "b_c" }));
    for native in ["ada", "", "_x", "x_", &format!("a_{}", "x".repeat(127))] {
        assert_eq!(parse_username(native), None, "{native}");
    }
}

#[test]
fn claims_of_cognito_itself_are_reserved() {
    let documented = "acr amr at_hash auth_time azp client_id device_key event_id exp iat identities iss jti nbf nonce \
                      origin_jti sub token_use username version cognito:username cognito:groups";
    for name in documented.split_whitespace() {
        assert!(is_reserved_claim(Token::Id, name) && is_reserved_claim(Token::Access, name), "{name}");
    }
    assert!(is_reserved_claim(Token::Id, "aud") && is_reserved_claim(Token::Access, "aud"));
    assert!(is_reserved_claim(Token::Access, "scope") && !is_reserved_claim(Token::Id, "scope"));
    for free in ["org_id", "email", "custom:org_id", "subject"] {
        assert!(!is_reserved_claim(Token::Id, free) && !is_reserved_claim(Token::Access, free), "{free}");
    }
}
