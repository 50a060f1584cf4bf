use serde_json::{Value, json};
use vestibule_lambda_simulator::REQUEST_ID;

use crate::{
    event,
    service::{Enrichment, enriched},
    started,
    wire::Wire,
};

#[tokio::test]
async fn an_event_comes_back_with_the_response_of_the_service_and_nothing_else_of_it() {
    let (service, address) = Enrichment::start().await;
    let url = format!("http://{address}");
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url)]).await;

    let event = event::tokens();
    let mut expected = event.clone();
    expected["response"] = enriched();
    assert_eq!(function.invoke(&event).await.json(), expected);

    let got = service.got();
    assert_eq!(got.len(), 1);
    assert_eq!(serde_json::from_str::<Value>(&got[0].event_json).unwrap(), event);
    assert_eq!(function.end(), "", "what goes well is not worth a line");
}

#[tokio::test]
async fn what_is_not_the_response_comes_back_byte_for_byte() {
    let (_, address) = Enrichment::start().await;
    let url = format!("http://{address}");
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url)]).await;

    let odd = "{\"later\" : [1.0e0, 18446744073709551616], \"triggerSource\":\"PreSignUp_ExternalProvider\",\"userPoolId\":\
        \"eu-west-1_A\",\"request\":{\"a\":1,  \"a\":2, \"\\u0062\":\"\\u00e9\"}}";
    let members =
        odd.strip_suffix('}').unwrap().replacen("\"later\" : ", "\"later\":", 1).replace(", \"trigger", ",\"trigger");
    assert_eq!(function.invoke(odd).await.event(), format!("{members},\"response\":{}}}", enriched()));
}

#[tokio::test]
async fn one_connection_is_opened_before_the_first_event_and_serves_all() {
    let (service, address, authority) = Enrichment::start_tls().await;
    let wire = Wire::to(address).await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (authority, token) = (file("authority.pem", &authority), file("service.token", "s3cret-token\n"));
    let url = format!("https://localhost:{}", wire.address.port());
    let mut function = started(&[
        ("VESTIBULE_ENRICHMENT_URL", &url),
        ("VESTIBULE_AUTHORITY_FILE", &authority),
        ("VESTIBULE_SERVICE_TOKEN_FILE", &token),
    ])
    .await;
    assert_eq!(wire.connections(), 1);

    for _ in 0..20 {
        assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
    }
    assert_eq!(wire.connections(), 1);

    for call in service.got() {
        let text = |name: &str| call.metadata.get(name).unwrap().to_str().unwrap();
        assert_eq!(text("authorization"), "Bearer s3cret-token");
        assert_eq!(text("x-request-id"), REQUEST_ID);
        assert_eq!(text("traceparent"), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
        assert!(text("grpc-timeout").ends_with(['m', 'u', 'n']), "the service knows how long it has");
    }
    assert!(!String::from_utf8_lossy(&wire.sent()).contains("ann@acme.test"), "it is encrypted");
}

#[tokio::test]
async fn the_events_of_passwords_and_codes_come_back_as_they_came() {
    let (service, address) = Enrichment::start().await;
    let wire = Wire::to(address).await;
    let url = format!("http://{}", wire.address);
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url)]).await;
    for source in [
        "UserMigration_Authentication",
        "UserMigration_ForgotPassword",
        "CustomMessage_SignUp",
        "CustomMessage_Authentication",
        "CustomEmailSender_ForgotPassword",
        "CustomSMSSender_Authentication",
    ] {
        let event = event::of("1", source, &json!({"password": "hunter2", "codeParameter": "{####}", "code": "x"}));
        assert_eq!(function.invoke(&event).await.event(), event.to_string(), "{source}");
    }
    assert!(service.got().is_empty());
    assert!(!String::from_utf8_lossy(&wire.sent()).contains("HandleTrigger"), "nobody was called");
    assert_eq!(function.end(), "");
}

#[tokio::test]
async fn what_is_no_event_of_a_known_trigger_goes_nowhere() {
    let (service, address) = Enrichment::start().await;
    let url = format!("http://{address}");
    let pools = ("VESTIBULE_FAIL_OPEN_POOLS", event::POOL);
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url), pools]).await;

    let unknown = event::of("1", "TokenExchange_Federated", &json!({"token": "x"})).to_string();
    let large = event::of("2", "TokenGeneration_HostedAuth", &json!({"x": "y".repeat(256 * 1024)})).to_string();
    let deep = "[".repeat(5_000);
    let twice = event::tokens().to_string().replacen('{', "{\"userPoolId\":\"eu-west-1_Other\",", 1);
    let reference = format!("This sign-in cannot be completed at the moment. Reference: {REQUEST_ID}");
    for (event, kind) in [
        (unknown.as_str(), "TriggerUnknown"),
        (large.as_str(), "TriggerTooLarge"),
        (twice.as_str(), "TriggerMalformed"),
        (deep.as_str(), "TriggerMalformed"),
        ("not JSON", "TriggerMalformed"),
        ("", "TriggerMalformed"),
        ("[]", "TriggerMalformed"),
        ("null", "TriggerMalformed"),
        ("{}", "TriggerMalformed"),
        ("{\"triggerSource\":[],\"userPoolId\":{}}", "TriggerMalformed"),
        ("{\"triggerSource\":\"TokenGeneration_HostedAuth\",\"userPoolId\":\"\"}", "TriggerMalformed"),
    ] {
        let shown = &event[..event.len().min(60)];
        assert_eq!(function.invoke(event).await.error(), (kind.to_owned(), reference.clone()), "{shown}");
    }
    assert!(service.got().is_empty());
    let log = function.log();
    assert_eq!(log.len(), 11);
    assert_eq!(log[0]["outcome"], "TriggerUnknown");
    assert_eq!(log[0]["Triggers"], 1);
}
