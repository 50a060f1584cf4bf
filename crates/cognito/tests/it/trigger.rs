use serde_json::{Value, json};
use vestibule_cognito::{ClaimsOverride, PreTokenGeneration, Token, TriggerError, TriggerEvent, parse_identities};
use vestibule_kernel::Explain as _;

/// A user of ours at sign-in: the documented `V2_0` event, with its odd spacing and an unknown member.
const EVENT: &str = r#"{"version":"2","triggerSource":"TokenGeneration_HostedAuth","region":"eu-west-1",
 "userPoolId":"eu-west-1_AbCd12345","userName":"vestibule_org1-u42",
 "callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"3n4b5example"},
 "request":{"userAttributes":{"sub":"9b1c6d1e-0000-4000-8000-000000000001","cognito:user_status":"EXTERNAL_PROVIDER",
   "identities":"[{\"userId\":\"org1-u42\",\"providerName\":\"Vestibule\",\"providerType\":\"OIDC\",\"issuer\":null,\"primary\":true,\"dateCreated\":1795225250000}]",
   "email":"ann@acme.example","email_verified":"true","custom:org_id":"org1"},
   "scopes":["openid","email"],
   "groupConfiguration":{"groupsToOverride":["eu-west-1_AbCd12345_Vestibule"],"iamRolesToOverride":[],"preferredRole":[]}},
 "unknown": 1e400,
 "response":{"claimsAndScopeOverrideDetails":null}}"#;

fn event_with(response: &str) -> String {
    EVENT.replace(r#"{"claimsAndScopeOverrideDetails":null}"#, response)
}

fn read(json: &str) -> Result<PreTokenGeneration<'_>, TriggerError> {
    PreTokenGeneration::read(TriggerEvent::parse(json)?)
}

fn organization() -> ClaimsOverride {
    let mut claims = ClaimsOverride::default();
    claims.add(Token::Id, "org_id", "org1").unwrap();
    claims.add(Token::Access, "org_id", "org1").unwrap();
    claims
}

fn response(answer: &str) -> Value {
    serde_json::from_str::<Value>(&answer.replace("1e400", "1")).unwrap()["response"].take()
}

#[test]
fn an_answer_differs_from_the_event_in_the_response_only() {
    let answer = read(EVENT).unwrap().answered(&organization()).unwrap();
    let section = json!({"claimsToAddOrOverride": {"org_id": "org1"}});
    let container = json!({"idTokenGeneration": section, "accessTokenGeneration": section});
    assert_eq!(response(&answer), json!({"claimsAndScopeOverrideDetails": container}));

    let (before, after) = (EVENT.split(r#""request":"#).nth(1).unwrap(), answer.split(r#""request":"#).nth(1).unwrap());
    let end = r#""preferredRole":[]}}"#;
    assert_eq!(before.split(end).next(), after.split(end).next(), "the request comes back byte for byte");
    assert!(answer.contains(r#""unknown":1e400"#), "also what no reader of ours could hold");
    assert!(
        answer.starts_with(r#"{"version":"2","triggerSource":"TokenGeneration_HostedAuth","region""#),
        "in its order"
    );
}

#[test]
fn nothing_in_the_response_may_be_written_in_three_ways() {
    let expected = response(&read(EVENT).unwrap().answered(&organization()).unwrap());
    for nothing in [
        r#"{"claimsAndScopeOverrideDetails":[]}"#,
        r#"{"claimsAndScopeOverrideDetails":{}}"#,
        "{}",
        "[]",
        "null",
        r#"{"claimsAndScopeOverrideDetails":{"idTokenGeneration":null,"accessTokenGeneration":[]}}"#,
    ] {
        let event = event_with(nothing);
        assert_eq!(response(&read(&event).unwrap().answered(&organization()).unwrap()), expected, "{nothing}");
    }
    let without = event_with("null").replace(",\n \"response\":null", "");
    assert!(!without.contains("response"));
    assert_eq!(response(&read(&without).unwrap().answered(&organization()).unwrap()), expected);
}

#[test]
fn what_an_earlier_stage_answered_stays_and_cannot_suppress_the_organization() {
    let event = event_with(
        r#"{"claimsAndScopeOverrideDetails":{
            "idTokenGeneration":{"claimsToAddOrOverride":{"a":1,"org_id":"forged"},"claimsToSuppress":["email","org_id"]},
            "groupOverrideDetails":{"groupsToOverride":["g"]}}}"#,
    );
    let answer = response(&read(&event).unwrap().answered(&organization()).unwrap());
    let container = &answer["claimsAndScopeOverrideDetails"];
    assert_eq!(container["idTokenGeneration"]["claimsToAddOrOverride"], json!({"a": 1, "org_id": "org1"}));
    assert_eq!(container["idTokenGeneration"]["claimsToSuppress"], json!(["email"]));
    assert_eq!(container["groupOverrideDetails"], json!({"groupsToOverride": ["g"]}));
    for bad in [r#""x""#, "[1]", r#"{"claimsAndScopeOverrideDetails":"x"}"#] {
        let event = event_with(bad);
        let refused = read(&event).unwrap().answered(&organization()).unwrap_err();
        assert_eq!(refused.explain().reason, "TRIGGER_MALFORMED", "{bad}");
    }
}

#[test]
fn groups_are_not_touched() {
    let answer = read(EVENT).unwrap().answered(&organization()).unwrap();
    assert!(!response(&answer).to_string().contains("groupOverrideDetails"), "an empty one would take the groups away");
}

#[test]
fn an_unchanged_event_is_the_event() {
    let json = |text: &str| serde_json::from_str::<Value>(&text.replace("1e400", "1")).unwrap();
    assert_eq!(json(&read(EVENT).unwrap().unchanged()), json(EVENT));
}

#[test]
fn the_external_subject_is_that_of_the_username_and_of_an_external_user_only() {
    let subject = |json: &str| read(json).unwrap().external_subject("Vestibule").unwrap();
    assert_eq!(subject(EVENT).as_deref(), Some("org1-u42"));
    assert_eq!(subject(&EVENT.replace("vestibule_org1", "Vestibule_org1")).as_deref(), Some("org1-u42"));
    let nobody = [
        ("EXTERNAL_PROVIDER", "CONFIRMED"),
        ("vestibule_org1-u42", "vestibule_org1-u43"),
        ("vestibule_org1-u42", "ann"),
        ("\\\"Vestibule\\\"", "\\\"Google\\\""),
        ("\\\"org1-u42\\\"", "\\\"org1-u43\\\""),
        ("\"identities\"", "\"custom:identities\""),
        ("cognito:user_status", "custom:user_status"),
    ];
    for (from, to) in nobody {
        assert!(EVENT.contains(from));
        assert_eq!(subject(&EVENT.replace(from, to)), None, "{from} -> {to}");
    }
    let google = EVENT.replace("Vestibule\\\"", "Google\\\"").replace("vestibule_", "google_");
    assert_eq!(subject(&google), None, "the subject of another provider");
}

#[test]
fn other_triggers_and_versions_are_unsupported() {
    let unsupported = [
        (r#""version":"2""#, r#""version":"1""#),
        (r#""version":"2""#, r#""version":"3""#),
        ("TokenGeneration_HostedAuth", "TokenGeneration_ClientCredentials"),
        ("TokenGeneration_HostedAuth", "PreSignUp_ExternalProvider"),
    ];
    for (from, to) in unsupported {
        let event = EVENT.replace(from, to);
        assert_eq!(read(&event).unwrap_err().explain().reason, "TRIGGER_UNSUPPORTED", "{to}");
    }
    for source in ["_RefreshTokens", "_Authentication", "_NewPasswordChallenge", "_AuthenticateDevice", "_Future"] {
        read(&EVENT.replace("_HostedAuth", source)).unwrap();
    }
    read(&EVENT.replace(r#""version":"2""#, r#""version":2"#)).unwrap();
}

#[test]
fn malformed_events_have_one_reason() {
    let malformed = [
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
        EVENT.replacen(r#""version":"2""#, r#""version":"2","version":"2""#, 1),
        EVENT.replace(r#""version":"2""#, r#""version":[]"#),
        EVENT.replace(r#""userPoolId":"eu-west-1_AbCd12345""#, r#""userPoolId":7"#),
        EVENT.replace(r#""userName":"vestibule_org1-u42""#, r#""userName":"""#),
        EVENT.replace(r#""triggerSource":"#, r#""source":"#),
        EVENT.replace(r#""request":{"#, r#""request":[],"was":{"#),
        EVENT.replace(r#""userAttributes":{"#, r#""userAttributes":[],"was":{"#),
        format!("{{\"a\":{}", "[".repeat(200)),
    ];
    for event in malformed {
        assert_eq!(read(&event).unwrap_err().explain().reason, "TRIGGER_MALFORMED", "{event}");
    }
    let oversize = format!("{{\"a\":\"{}\"}}", "x".repeat(TriggerEvent::JSON_BYTES_MAX));
    assert_eq!(read(&oversize).unwrap_err().explain().reason, "TRIGGER_TOO_LARGE");
    let identities = EVENT.replace(r#""identities":"["#, r#""identities":"[7,"#);
    let refused = read(&identities).unwrap().external_subject("Vestibule").unwrap_err();
    assert_eq!(refused.explain().reason, "IDENTITIES_MALFORMED");
    assert!(!refused.to_string().contains("u42"), "Cognito shows the text to people");
}

#[test]
fn identities_come_as_text_or_as_a_list() {
    let list = json!([{"userId": "u", "providerName": "P", "providerType": "OIDC", "primary": "true"}]);
    let parsed = parse_identities(&list).unwrap();
    assert_eq!(parsed, parse_identities(&json!(list.to_string())).unwrap());
    assert_eq!((parsed[0].user_id.as_str(), parsed[0].provider_name.as_str()), ("u", "P"));
    assert_eq!(parse_identities(&Value::Null).unwrap(), []);
    assert_eq!(parse_identities(&json!("")).unwrap(), []);
    for bad in
        [json!("x"), json!({}), json!(7), json!("{}"), json!([{"userId": "u"}]), json!(vec![list[0].clone(); 17])]
    {
        parse_identities(&bad).unwrap_err();
    }
}

#[test]
fn reserved_claims_are_never_sent() {
    let mut claims = ClaimsOverride::default();
    for name in ["sub", "cognito:groups", "aud"] {
        claims.add(Token::Id, name, "x").unwrap_err();
    }
    assert_eq!(claims, ClaimsOverride::default());
}
