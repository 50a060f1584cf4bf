use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};
use vestibule_cognito_verifier::TOKEN_BYTES_MAX;

use super::{Cases, with};
use crate::issuer::{KEYS, NOW_SECONDS, access_claims, access_token, encode};

pub(super) fn stricter(cases: &mut Cases) {
    let claims = access_claims(json!({})).to_string();
    let header = |more: Value| with(json!({ "kid": "access", "alg": "RS256" }), more).to_string();
    let token = KEYS[1].sign(&header(json!({})), &claims);
    let broken = "TOKEN_MALFORMED";

    let why = "a token without an end: Cognito makes none, and aws-jwt-verify checks exp only where it is";
    cases.stricter("no exp", access_token(json!({ "exp": null })), broken, why);
    let why = "RFC 7519 section 4.1.4: on exp a token has expired; aws-jwt-verify accepts it at that very moment";
    cases.stricter("expires now", access_token(json!({ "exp": NOW_SECONDS })), "TOKEN_EXPIRED", why);
    let why = "RFC 7515 section 4.1.11: extensions that are not understood; aws-jwt-verify does not look at crit";
    let crit = KEYS[1].sign(&header(json!({ "crit": ["exp"], "exp": 1 })), &claims);
    cases.stricter("critical extension", crit, "TOKEN_EXTENSION_UNSUPPORTED", why);
    let why = "RFC 8725 section 3.11: a token of another kind; aws-jwt-verify does not look at typ";
    let typed = KEYS[1].sign(&header(json!({ "typ": "logout+jwt" })), &claims);
    cases.stricter("another type", typed, "TOKEN_TYPE_UNSUPPORTED", why);

    let why = "RFC 7519 section 4: names are unique; JSON.parse takes the last one";
    let twice = claims.replacen('{', r#"{"org_id":"umbrella","#, 1);
    cases.stricter("repeated claim", KEYS[1].sign(&header(json!({})), &twice), broken, why);
    let twice = r#"{"kid":"foreign","alg":"RS256","kid":"access"}"#;
    cases.stricter("repeated header parameter", KEYS[1].sign(twice, &claims), broken, why);

    let why = "RFC 7515 section 2: base64url has no padding; aws-jwt-verify lets it pass";
    cases.stricter("padded signature", format!("{token}=="), broken, why);
    // A blank or two behind the JSON, so that one byte is left over and two letters of padding are needed.
    let padded = |text: &str| encode(format!("{text}{}", " ".repeat((4 - text.len() % 3) % 3))) + "==";
    let input = format!("{}.{}", padded(&header(json!({}))), padded(&claims));
    let signature = KEYS[1].signature_of(&input, &RSA_PKCS1_SHA256);
    cases.stricter("padded and signed so", format!("{input}.{signature}"), broken, why);
    let why = "a second spelling of the same signature; Node's decoder ignores the stray bits";
    let stray = match token.chars().last() {
        Some('A') => 'B',
        Some('Q') => 'R',
        Some('g') => 'h',
        _ => 'x',
    };
    cases.stricter("stray bits in the signature", format!("{}{stray}", &token[..token.len() - 1]), broken, why);

    let why = "larger than any web server lets a header be; aws-jwt-verify has no limit";
    let huge = access_token(json!({ "padding": "x".repeat(TOKEN_BYTES_MAX) }));
    cases.stricter("huge", huge, "TOKEN_TOO_LARGE", why);
}
