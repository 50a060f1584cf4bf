use serde_json::{Value, json};

use crate::{event, service::Enrichment, started, wire::Wire};

const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJNQVJLRVItand0In0.MARKER-signature";

/// Every event of a trigger that is forwarded, with a marker in everything that must not leave.
fn events() -> Vec<Value> {
    let federation = json!({
        "providerName": "Vestibule",
        "providerType": "OIDC",
        "attributes": {
            "tokenResponse": {
                "access_token": "MARKER-access",
                "refresh_token": "MARKER-refresh",
                "id_token": JWT,
                "token_type": "Bearer",
            },
            "samlResponse": {"assertion": "MARKER-saml", "raw": "MARKER-saml-raw"},
            "idToken": {"sub": "0192-ann", "email": "ann@acme.test", "at": JWT},
            "userInfo": {"sub": "0192-ann", "nested": ["PHNhbWxwOlJlc3BvbnNlMARKER"]},
        },
    });
    let raw_id_token = json!({"attributes": {"idToken": "MARKER-raw-id-token", "samlResponse": "MARKER-saml-text"}});
    let mapped = json!({
        "userAttributes": {"sub": "s", "custom:access_token": "MARKER-mapped", "custom:idp": JWT},
        "validationData": {"password": "MARKER-password", "token": format!("Bearer {JWT}")},
        "clientMetadata": {"Code": "MARKER-code", "new-password": "MARKER-new"},
        "password": "MARKER-password-2",
        "codeParameter": "MARKER-parameter",
        "\u{70}assword\u{5f}": "MARKER-spelling",
        "scopes": ["openid", JWT],
    });
    let mut events = vec![
        event::of("1", "InboundFederation_ExternalProvider", &federation),
        event::of("1", "InboundFederation_ExternalProvider", &raw_id_token),
    ];
    for source in [
        "PreSignUp_ExternalProvider",
        "PreSignUp_SignUp",
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "PostConfirmation_ConfirmSignUp",
        "TokenGeneration_HostedAuth",
        "TokenGeneration_ClientCredentials",
        "DefineAuthChallenge_Authentication",
        "CreateAuthChallenge_Authentication",
        "VerifyAuthChallengeResponse_Authentication",
    ] {
        events.push(event::of("2", source, &mapped));
    }
    events
}

#[tokio::test]
async fn no_secret_is_on_the_wire_or_in_the_log_and_each_is_back_in_the_answer() {
    let (service, address) = Enrichment::start().await;
    let wire = Wire::to(address).await;
    let url = format!("http://{}", wire.address);
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url)]).await;

    for event in events() {
        let mut answer = function.invoke(&event).await.json();
        answer["response"] = event["response"].clone();
        assert_eq!(answer, event, "everything is back");
    }
    // Nor where things go wrong, which is when programs talk.
    service.then([crate::service::Act::Text("MARKER is no answer")]);
    function.invoke(&events()[0]).await.error();
    let broken = events()[0].to_string().replace("\"userPoolId\"", "\"MARKER\"");
    function.invoke(broken).await.error();

    let got = service.got();
    assert_eq!(got.len(), 13);
    for call in &got {
        let seen = format!("{call:?}");
        assert!(!seen.contains("MARKER") && !seen.contains("eyJ"), "{seen}");
    }
    assert!(got[0].event_json.contains("ann@acme.test"), "who it is, is not a secret");
    let wire = String::from_utf8_lossy(&wire.sent()).into_owned();
    assert!(wire.contains("0192-ann"), "the wire can be read");
    assert!(!wire.contains("MARKER") && !wire.contains("eyJ") && !wire.contains("PHNhbW"));
    let log = function.end();
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(!log.contains("MARKER") && !log.contains("ann"), "{log}");
}
