use serde_json::{Value, json};

use super::{Cases, api, app, with};
use crate::issuer::{CLIENT, KEYS, NOW_SECONDS, UPDATED_ISSUER, access_claims, access_token, id_token};

pub(super) fn good(cases: &mut Cases) {
    let header = |more: Value| with(json!({ "kid": "access", "alg": "RS256" }), more).to_string();
    let signed = |more: Value| KEYS[1].sign(&header(more), &access_claims(json!({})).to_string());
    cases.good("access token", access_token(json!({})), api(json!({})));
    cases.good("ID token", id_token(json!({})), app(json!({})));
    cases.good("access token of the updated issuer", access_token(json!({ "iss": UPDATED_ISSUER })), api(json!({})));
    cases.good("ID token of the updated issuer", id_token(json!({ "iss": UPDATED_ISSUER })), app(json!({})));
    cases.good("access token signed by the other key", KEYS[0].token(&access_claims(json!({}))), api(json!({})));
    cases.good(
        "access token bound to a resource",
        access_token(json!({ "aud": "https://api.acme.test" })),
        api(json!({})),
    );
    let machine = json!({ "sub": CLIENT, "username": null, "cognito:groups": null });
    cases.good("access token of a machine", access_token(machine), api(json!({})));
    cases.good(
        "claims of any shape",
        access_token(json!({ "org": { "id": "acme", "seats": [1, null] } })),
        api(json!({})),
    );
    cases.good("subject that is no UUID", access_token(json!({ "sub": "ada" })), api(json!({})));
    cases.good("a fraction of a second left", access_token(json!({ "exp": 1_795_246_201.5_f64 })), api(json!({})));
    cases.good("valid since this second", access_token(json!({ "nbf": NOW_SECONDS })), api(json!({})));
    cases.good("typ JWT", signed(json!({ "typ": "JWT" })), api(json!({})));
    cases.good("typ at+jwt", signed(json!({ "typ": "at+jwt" })), api(json!({})));
    cases.good("foreign key in the header, right signature", signed(json!({ "jwk": KEYS[2].jwk() })), api(json!({})));
    cases.good(
        "foreign key address, right signature",
        signed(json!({ "jku": "https://evil.test/keys" })),
        api(json!({})),
    );
}

pub(super) fn good_if_asked(cases: &mut Cases) {
    cases.good("either use", id_token(json!({})), json!({ "clientId": CLIENT }));
    cases.good("any client", access_token(json!({ "client_id": "other" })), json!({ "tokenUse": "access" }));
    cases.good("one of two clients", id_token(json!({})), app(json!({ "clientId": ["other", CLIENT] })));
    cases.good("one of two groups", access_token(json!({})), api(json!({ "groups": ["owner", "admin"] })));
    cases.good(
        "groups as one text",
        access_token(json!({ "cognito:groups": "admin" })),
        api(json!({ "groups": ["admin"] })),
    );
    cases.good(
        "one of two scopes",
        access_token(json!({})),
        api(json!({ "scope": ["invoices/write", "invoices/read"] })),
    );
    cases.good(
        "expired, with leeway",
        access_token(json!({ "exp": NOW_SECONDS - 5 })),
        api(json!({ "graceSeconds": 6 })),
    );
    cases.good(
        "early, with leeway",
        access_token(json!({ "nbf": NOW_SECONDS + 5 })),
        api(json!({ "graceSeconds": 5 })),
    );
}
