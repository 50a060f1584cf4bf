use serde_json::{Value, json};

use crate::{
    event::{http_api, resource, rest_api, token_only},
    issuer::Issuer,
};

#[tokio::test]
async fn what_the_method_does_not_allow_is_forbidden() {
    let issuer = Issuer::start().await;
    let mut authorizer = issuer.authorizer(&[]).await;
    let bearer = format!("Bearer {}", issuer.access_token(json!({})));
    for method in ["POST", "DELETE", "PATCH"] {
        let answer = authorizer.invoke(rest_api(method, &bearer)).await.json();
        let statement = &answer["policyDocument"]["Statement"][0];
        assert_eq!((&statement["Effect"], &answer["context"]), (&json!("Deny"), &Value::Null), "{method}");
        assert_eq!(statement["Resource"], resource(method, "organizations/acme/invoices").as_str());
        assert_eq!(authorizer.invoke(http_api(method, &bearer)).await.json(), json!({ "isAuthorized": false }));
    }
    let log = authorizer.log();
    let reasons: Vec<&Value> = log.iter().map(|line| &line["reason"]).step_by(2).collect();
    assert_eq!(reasons, ["TOKEN_SCOPE_MISSING", "METHOD_NOT_ALLOWED", "METHOD_NOT_ALLOWED"]);
}

#[tokio::test]
async fn a_token_that_does_not_count_makes_the_caller_unknown() {
    let issuer = Issuer::start().await;
    let foreign = Issuer::start().await;
    let mut authorizer = issuer.authorizer(&[]).await;
    let ago = |seconds| Issuer::past(seconds);
    let good = issuer.access_token(json!({}));
    let (head, signature) = good.rsplit_once('.').unwrap();
    // The first character and not any: the last one holds bits that have to be zero.
    let tampered = format!("{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    let cases = [
        (String::new(), "TOKEN_MISSING"),
        ("Bearer".to_owned(), "TOKEN_MALFORMED"),
        ("Bearer ".to_owned(), "TOKEN_MALFORMED"),
        ("Basic YTpi".to_owned(), "TOKEN_MISSING"),
        (format!("{good},{good}"), "TOKEN_MALFORMED"),
        (format!("{head}.{tampered}"), "TOKEN_SIGNATURE_INVALID"),
        (foreign.access_token(json!({})), "TOKEN_ISSUER_UNKNOWN"),
        (foreign.access_token(json!({ "iss": issuer.url })), "TOKEN_SIGNATURE_INVALID"),
        (issuer.access_token(json!({ "exp": ago(1) })), "TOKEN_EXPIRED"),
        (issuer.access_token(json!({ "client_id": "another" })), "TOKEN_CLIENT_WRONG"),
        (issuer.access_token(json!({ "token_use": "id", "aud": "3n4b5example" })), "TOKEN_USE_WRONG"),
    ];
    for (token, reason) in &cases {
        let (kind, message) = authorizer.invoke(token_only("GET", token)).await.error();
        assert_eq!((kind.as_str(), message.as_str()), ("Unauthorized", "Unauthorized"), "{reason}");
    }
    let log = authorizer.end();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reasons: Vec<&str> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, cases.iter().map(|(_, reason)| *reason).collect::<Vec<_>>());
    assert!(!log.contains(signature) && !log.contains("vestibule_u42"), "nothing of the token: {log}");
}

#[tokio::test]
async fn two_tokens_and_events_of_others_are_refused() {
    let issuer = Issuer::start().await;
    let mut authorizer = issuer.authorizer(&[]).await;
    let token = issuer.access_token(json!({}));
    let mut two = rest_api("GET", &token);
    two["multiValueHeaders"] = json!({ "Authorization": [token], "authorization": ["Bearer other"] });
    let mut differing = rest_api("GET", &token);
    differing["methodArn"] = json!(resource("DELETE", "organizations/acme/invoices"));
    let mut websocket = rest_api("GET", &token);
    websocket["type"] = json!("MESSAGE");
    for event in [
        two.to_string(),
        differing.to_string(),
        websocket.to_string(),
        "[]".to_owned(),
        "{}".to_owned(),
        "{".to_owned(),
        json!({ "type": "TOKEN", "methodArn": "*", "authorizationToken": token }).to_string(),
        json!({ "type": "TOKEN", "methodArn": resource("GET", ""), "authorizationToken": 1 }).to_string(),
        json!({ "type": "TOKEN", "methodArn": resource("GET", ""), "x": "x".repeat(300_000) }).to_string(),
    ] {
        assert_eq!(authorizer.invoke(&event).await.error().0, "Unauthorized", "{}", &event[..event.len().min(80)]);
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_nobodys_fault_but_ours() {
    let issuer = Issuer::start().await;
    let gone = issuer.elsewhere("http://127.0.0.1:9/pool");
    let mut authorizer = gone.authorizer(&[]).await;
    let (kind, message) = authorizer.invoke(http_api("GET", &gone.access_token(json!({})))).await.error();
    assert_eq!(kind, "KeysUnavailable");
    assert!(!message.contains("127.0.0.1"), "{message}");
}
