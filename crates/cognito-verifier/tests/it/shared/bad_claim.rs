use serde_json::json;

use super::{Cases, api, app};
use crate::issuer::{CLIENT, ISSUER, KEYS, NOW_SECONDS, access_claims, access_token, id_token};

pub(super) fn bad_times_and_uses(cases: &mut Cases) {
    cases.bad("expired", access_token(json!({ "exp": NOW_SECONDS - 3_600 })), "TOKEN_EXPIRED");
    cases.bad("expired a second ago", access_token(json!({ "exp": NOW_SECONDS - 1 })), "TOKEN_EXPIRED");
    let late = access_token(json!({ "exp": NOW_SECONDS - 7 }));
    cases.bad_for("expired beyond the leeway", late, api(json!({ "graceSeconds": 6 })), "TOKEN_EXPIRED");
    cases.bad("not valid yet", access_token(json!({ "nbf": NOW_SECONDS + 1 })), "TOKEN_NOT_YET_VALID");
    let early = access_token(json!({ "nbf": NOW_SECONDS + 7 }));
    cases.bad_for("early beyond the leeway", early, api(json!({ "graceSeconds": 6 })), "TOKEN_NOT_YET_VALID");
    cases.bad("ID token for an API", id_token(json!({})), "TOKEN_USE_WRONG");
    cases.bad(
        "ID token with the client_id of an access token",
        id_token(json!({ "client_id": CLIENT })),
        "TOKEN_USE_WRONG",
    );
    cases.bad_for(
        "access token for an application",
        access_token(json!({ "aud": CLIENT })),
        app(json!({})),
        "TOKEN_USE_WRONG",
    );
    cases.bad("no use", access_token(json!({ "token_use": null })), "TOKEN_USE_WRONG");
    cases.bad_for("made-up use", access_token(json!({ "token_use": "refresh" })), json!({}), "TOKEN_USE_WRONG");
    cases.bad("another client", access_token(json!({ "client_id": "other" })), "TOKEN_CLIENT_WRONG");
    cases.bad("client in another case", access_token(json!({ "client_id": "3N4B5EXAMPLE" })), "TOKEN_CLIENT_WRONG");
    cases.bad("no client", access_token(json!({ "client_id": null })), "TOKEN_CLIENT_WRONG");
    let borrowed = access_token(json!({ "client_id": "other", "aud": CLIENT }));
    cases.bad("another client with our aud", borrowed, "TOKEN_CLIENT_WRONG");
    cases.bad("clients as an array", access_token(json!({ "client_id": [CLIENT] })), "TOKEN_CLIENT_WRONG");
    cases.bad_for(
        "ID token of another client",
        id_token(json!({ "aud": "other" })),
        app(json!({})),
        "TOKEN_CLIENT_WRONG",
    );
    let shared = id_token(json!({ "aud": [CLIENT, "other"] }));
    cases.bad_for("ID token with an array of clients", shared, app(json!({})), "TOKEN_CLIENT_WRONG");
    let groups = || api(json!({ "groups": ["owner"] }));
    cases.bad_for("another group", access_token(json!({})), groups(), "TOKEN_GROUP_MISSING");
    cases.bad_for("no groups", access_token(json!({ "cognito:groups": null })), groups(), "TOKEN_GROUP_MISSING");
    let scopes = || api(json!({ "scope": ["invoices/write"] }));
    cases.bad_for("another scope", access_token(json!({})), scopes(), "TOKEN_SCOPE_MISSING");
    cases.bad_for("longer scope", access_token(json!({ "scope": "invoices/write2" })), scopes(), "TOKEN_SCOPE_MISSING");
    cases.bad_for("no scope", access_token(json!({ "scope": null })), scopes(), "TOKEN_SCOPE_MISSING");
}

pub(super) fn bad_issuers(cases: &mut Cases) {
    for (name, issuer) in [
        ("foreign issuer", "https://issuer.evil.test".to_owned()),
        ("issuer with a longer host", ISSUER.replace(".com/", ".com.evil.test/")),
        ("issuer with a longer pool", format!("{ISSUER}6")),
        ("issuer with a slash", format!("{ISSUER}/")),
        ("issuer with a query", format!("{ISSUER}?x=1")),
        ("issuer behind another host", format!("https://evil.test/{ISSUER}")),
        ("issuer as user information", ISSUER.replace("https://", "https://evil.test@")),
        ("issuer in capitals", ISSUER.to_uppercase()),
        ("issuer without TLS", ISSUER.replace("https:", "http:")),
        ("issuer of another region", ISSUER.replace("idp.eu-west-1", "idp.us-east-1")),
        ("issuer of another pool", ISSUER.replace("AbCd", "XyZz")),
        ("issuer with a blank", format!(" {ISSUER}")),
    ] {
        cases.bad(name, access_token(json!({ "iss": issuer })), "TOKEN_ISSUER_UNKNOWN");
    }
    cases.bad("no issuer", access_token(json!({ "iss": null })), "TOKEN_ISSUER_UNKNOWN");
    cases.bad("issuers as an array", access_token(json!({ "iss": [ISSUER] })), "TOKEN_MALFORMED");
}

pub(super) fn bad_claims(cases: &mut Cases) {
    let header = r#"{"kid":"access","alg":"RS256"}"#;
    let broken = "TOKEN_MALFORMED";
    for (name, payload) in [
        ("payload is an array", "[]"),
        ("payload is text", "\"token\""),
        ("payload is null", "null"),
        ("payload is not JSON", "{"),
        ("payload with something behind", "{} {}"),
    ] {
        cases.bad(name, KEYS[1].sign(header, payload), broken);
    }
    cases.bad("header is an array", KEYS[1].sign("[]", &access_claims(json!({})).to_string()), broken);
    cases.bad("header is not JSON", KEYS[1].sign("alg", &access_claims(json!({})).to_string()), broken);
    cases.bad("exp as text", access_token(json!({ "exp": (NOW_SECONDS + 60).to_string() })), broken);
    cases.bad("nbf as text", access_token(json!({ "nbf": "0" })), broken);
    cases.bad("iat as an object", access_token(json!({ "iat": {} })), broken);
    cases.bad("sub as a number", access_token(json!({ "sub": 42 })), broken);
    cases.bad("scope as an array", access_token(json!({ "scope": ["openid"] })), broken);
    cases.bad("jti as a number", access_token(json!({ "jti": 1 })), broken);
    cases.bad("aud as a number", access_token(json!({ "aud": 1 })), broken);
    cases.bad("aud with a number", access_token(json!({ "aud": [CLIENT, 1] })), broken);
    let endless = access_claims(json!({})).to_string().replace(&(NOW_SECONDS + 3_600).to_string(), "1e400");
    cases.bad("exp beyond all numbers", KEYS[1].sign(header, &endless), broken);
    let null = access_claims(json!({})).to_string().replace(&(NOW_SECONDS + 3_600).to_string(), "null");
    cases.bad("exp is null", KEYS[1].sign(header, &null), broken);
}
