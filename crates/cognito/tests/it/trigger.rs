use serde_json::{Value, json};
use vestibule_cognito::{
    AnswerError, Bearer, ClaimsOverride, GroupsOverride, PreTokenGeneration, Token, TokenOverride, TriggerError,
    TriggerEvent, parse_identities,
};
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
    let event = TriggerEvent::parse(json)?;
    event.user_pool_id()?;
    PreTokenGeneration::read(event)
}

fn organization() -> TokenOverride<'static, Value> {
    let claims = ClaimsOverride { added: vec![("org_id", json!("org1"))], suppressed: Vec::new() };
    TokenOverride { id: claims.clone(), access: claims, ..TokenOverride::default() }
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
    assert!(answer.contains(r#""unknown": 1e400"#), "also what no reader of ours could hold");
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
fn what_an_earlier_stage_answered_cannot_add_what_is_suppressed() {
    let event = event_with(
        r#"{"claimsAndScopeOverrideDetails":{
            "idTokenGeneration":{"claimsToAddOrOverride":{"custom:org_id":"forged","a":1}},
            "accessTokenGeneration":{"scopesToAdd":["aws.cognito.signin.user.admin","b"],"scopesToSuppress":["tenant/org1"]}}}"#,
    );
    let mut tokens = organization();
    tokens.id.suppressed = vec!["custom:org_id"];
    tokens.scopes = vec!["tenant/org1"];
    tokens.scopes_suppressed = vec!["aws.cognito.signin.user.admin"];
    let answer = response(&read(&event).unwrap().answered(&tokens).unwrap());
    let container = &answer["claimsAndScopeOverrideDetails"];
    assert_eq!(container["idTokenGeneration"]["claimsToAddOrOverride"], json!({"a": 1, "org_id": "org1"}));
    assert_eq!(container["idTokenGeneration"]["claimsToSuppress"], json!(["custom:org_id"]));
    let access = &container["accessTokenGeneration"];
    assert_eq!(access["scopesToAdd"], json!(["b", "tenant/org1"]));
    assert_eq!(access["scopesToSuppress"], json!(["aws.cognito.signin.user.admin"]));
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
    let subject = |json: &str| {
        let event = read(json).unwrap();
        let Bearer::User(user) = event.bearer() else { panic!("a client") };
        user.external_subject("Vestibule").map_err(|error| error.explain().reason)
    };
    assert_eq!(subject(EVENT), Ok(Some("org1-u42".to_owned())));
    assert_eq!(subject(&EVENT.replace("vestibule_org1", "Vestibule_org1")), Ok(Some("org1-u42".to_owned())));
    let nobody = [
        ("EXTERNAL_PROVIDER", "CONFIRMED"),
        ("vestibule_org1-u42", "ann"),
        ("cognito:user_status", "custom:user_status"),
    ];
    for (from, to) in nobody {
        assert!(EVENT.contains(from));
        assert_eq!(subject(&EVENT.replace(from, to)), Ok(None), "{from} -> {to}");
    }
    let contradictory = [
        ("vestibule_org1-u42", "vestibule_org1-u43"),
        ("\\\"Vestibule\\\"", "\\\"Google\\\""),
        ("\\\"Vestibule\\\"", "\\\"vestibule\\\""),
        ("\\\"org1-u42\\\"", "\\\"org1-u43\\\""),
        ("\"identities\"", "\"custom:identities\""),
    ];
    for (from, to) in contradictory {
        assert!(EVENT.contains(from));
        assert_eq!(subject(&EVENT.replace(from, to)), Err("IDENTITY_CONTRADICTORY"), "{from} -> {to}");
    }
    let google = EVENT.replace("Vestibule\\\"", "Google\\\"").replace("vestibule_", "google_");
    assert_eq!(subject(&google), Ok(None), "the subject of another provider");
}

#[test]
fn other_triggers_and_versions_are_unsupported() {
    let unsupported = [
        (r#""version":"2""#, r#""version":"4""#, "TRIGGER_VERSION_UNSUPPORTED"),
        (r#""version":"2""#, r#""version":"0""#, "TRIGGER_VERSION_UNSUPPORTED"),
        (r#""version":"2""#, r#""version":-1"#, "TRIGGER_VERSION_UNSUPPORTED"),
        (r#""version":"2""#, r#""version":"2.0""#, "TRIGGER_VERSION_UNSUPPORTED"),
        ("TokenGeneration_HostedAuth", "TokenGeneration_ClientCredentials", "IDENTITY_CONTRADICTORY"),
        ("TokenGeneration_HostedAuth", "PreSignUp_ExternalProvider", "TRIGGER_VERSION_UNSUPPORTED"),
        ("TokenGeneration_HostedAuth", "UserMigration_Authentication", "TRIGGER_UNSUPPORTED"),
        ("TokenGeneration_HostedAuth", "CustomMessage_SignUp", "TRIGGER_UNSUPPORTED"),
        ("TokenGeneration_HostedAuth", "tokengeneration_HostedAuth", "TRIGGER_UNSUPPORTED"),
    ];
    for (from, to, reason) in unsupported {
        let event = EVENT.replace(from, to).replace(r#""version":"3""#, r#""version":"2""#);
        let event = if to.ends_with("ClientCredentials") { event.replacen(r#""2""#, r#""3""#, 1) } else { event };
        assert_eq!(read(&event).unwrap_err().explain().reason, reason, "{to}");
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
        EVENT.replace(r#""userAttributes":{"#, r#""userAttributes":{"sub":"a","sub":"b","#),
        EVENT.replace(r#""scopes":["#, r#""scopes":{},"was":["#),
        EVENT.replace(r#""scopes":["#, r#""scopes":[7,"#),
        EVENT.replace(r#""groupConfiguration":{"#, r#""groupConfiguration":[],"was":{"#),
        EVENT.replace(r#""groupsToOverride":["#, r#""groupsToOverride":[null,"#),
        format!("{{\"a\":{}", "[".repeat(200)),
    ];
    for event in malformed {
        assert_eq!(read(&event).unwrap_err().explain().reason, "TRIGGER_MALFORMED", "{event}");
    }
    let oversize = format!("{{\"a\":\"{}\"}}", "x".repeat(TriggerEvent::JSON_BYTES_MAX));
    assert_eq!(read(&oversize).unwrap_err().explain().reason, "TRIGGER_TOO_LARGE");
    let identities = EVENT.replace(r#""identities":"["#, r#""identities":"[7,"#);
    let event = read(&identities).unwrap();
    let Bearer::User(user) = event.bearer() else { panic!("a client") };
    let refused = user.external_subject("Vestibule").unwrap_err();
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
    let added = |token, name: &'static str, value: Value| {
        let mut tokens = TokenOverride::default();
        let claims = if token == Token::Id { &mut tokens.id } else { &mut tokens.access };
        claims.added.push((name, value));
        read(EVENT).unwrap().answered(&tokens)
    };
    for name in ["sub", "cognito:groups", "cognito:anything", "aud", "dev:custom:x", "identities", "nonce"] {
        for token in [Token::Id, Token::Access] {
            assert!(matches!(added(token, name, json!("x")), Err(AnswerError::Reserved(_))), "{name}");
        }
    }
    added(Token::Access, "aud", json!("3n4b5example")).unwrap();
    added(Token::Id, "aud", json!("3n4b5example")).unwrap_err();

    let mut tokens: TokenOverride<'_, Value> = TokenOverride::default();
    tokens.id.suppressed = vec!["cognito:groups", "email"];
    read(EVENT).unwrap().answered(&tokens).unwrap();
    tokens.access.suppressed = vec!["client_id"];
    assert!(matches!(read(EVENT).unwrap().answered(&tokens), Err(AnswerError::Reserved(_))));
}

fn everything() -> TokenOverride<'static, Value> {
    TokenOverride {
        id: ClaimsOverride { added: vec![("roles", json!(["a"]))], suppressed: vec!["custom:org_id"] },
        access: ClaimsOverride { added: vec![("seats", json!(5))], suppressed: Vec::new() },
        scopes: vec!["tenant/org1"],
        scopes_suppressed: vec!["aws.cognito.signin.user.admin"],
        groups: Some(GroupsOverride { names: vec!["org1:admin"], keeps_iam_roles: true }),
    }
}

#[test]
fn each_version_has_its_layout() {
    let with_roles = EVENT.replace(
        r#""iamRolesToOverride":[],"preferredRole":[]"#,
        r#""iamRolesToOverride":["arn:aws:iam::1:role/r"],"preferredRole":"arn:aws:iam::1:role/r""#,
    );
    let groups = json!({
        "groupsToOverride": ["org1:admin"],
        "iamRolesToOverride": ["arn:aws:iam::1:role/r"],
        "preferredRole": "arn:aws:iam::1:role/r",
    });
    for version in ["2", "3"] {
        let event = with_roles.replacen(r#""version":"2""#, &format!(r#""version":"{version}""#), 1);
        let container = json!({
            "idTokenGeneration": {"claimsToAddOrOverride": {"roles": ["a"]}, "claimsToSuppress": ["custom:org_id"]},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"seats": 5},
                "scopesToAdd": ["tenant/org1"],
                "scopesToSuppress": ["aws.cognito.signin.user.admin"],
            },
            "groupOverrideDetails": groups,
        });
        let answer = read(&event).unwrap().answered(&everything()).unwrap();
        assert_eq!(response(&answer), json!({"claimsAndScopeOverrideDetails": container}));
    }
    let event = event_with(r#"{"claimsOverrideDetails":null}"#).replacen(r#""version":"2""#, r#""version":"1""#, 1);
    let answer = read(&event).unwrap().answered(&everything()).unwrap();
    let container = json!({
        "claimsToAddOrOverride": {"roles": ["a"]},
        "claimsToSuppress": ["custom:org_id"],
        "groupOverrideDetails": {"groupsToOverride": ["org1:admin"], "iamRolesToOverride": [], "preferredRole": null},
    });
    assert_eq!(response(&answer), json!({"claimsOverrideDetails": container}));
}

#[test]
fn groups_that_are_replaced_need_not_bring_iam_roles() {
    let event = EVENT.replace(r#""iamRolesToOverride":[]"#, r#""iamRolesToOverride":["arn"]"#);
    let groups = Some(GroupsOverride { names: Vec::new(), keeps_iam_roles: false });
    let answer = read(&event).unwrap().answered(&TokenOverride { groups, ..organization() }).unwrap();
    let details = json!({"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null});
    assert_eq!(response(&answer)["claimsAndScopeOverrideDetails"]["groupOverrideDetails"], details);
}

#[test]
fn what_cognito_would_write_can_be_asked() {
    let event = read(EVENT).unwrap();
    assert_eq!(event.scopes(), ["openid", "email"]);
    assert_eq!(event.groups(), ["eu-west-1_AbCd12345_Vestibule"]);
    assert_eq!(event.custom_attributes().collect::<Vec<_>>(), ["custom:org_id"]);
    assert_eq!(event.event().client_id().unwrap().as_deref(), Some("3n4b5example"));
    let Bearer::User(user) = event.bearer() else { panic!("a client") };
    assert_eq!(user.verified_email().as_deref(), Some("ann@acme.example"));
    for verified in [r#""email_verified":"false""#, r#""email_verified":"""#, r#""phone_verified":"true""#] {
        let event = EVENT.replace(r#""email_verified":"true""#, verified);
        let event = read(&event).unwrap();
        let Bearer::User(user) = event.bearer() else { panic!("a client") };
        assert_eq!(user.verified_email(), None, "{verified}");
    }
    for context in [r#""callerContext":null,"was":{"#, r#""callerContext":{"clientId":null},"was":{"#] {
        let event = EVENT.replace(r#""callerContext":{"#, context);
        assert_eq!(TriggerEvent::parse(&event).unwrap().client_id().unwrap(), None);
    }
    for context in [r#""callerContext":[],"was":{"#, r#""callerContext":{"clientId":7},"was":{"#] {
        let event = EVENT.replace(r#""callerContext":{"#, context);
        assert_eq!(TriggerEvent::parse(&event).unwrap().client_id().unwrap_err().explain().reason, "TRIGGER_MALFORMED");
    }
}

/// A client's own token, as documented.
const CLIENT: &str = r#"{"version":"3","triggerSource":"TokenGeneration_ClientCredentials","region":"eu-west-1",
 "userPoolId":"eu-west-1_AbCd12345","userName":"ClientCredentials",
 "callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"7m2mexample"},
 "request":{"userAttributes":{},"groupConfiguration":null,"scopes":["api/read"],"clientMetadata":{"tenant":"org1"}},
 "response":{"claimsAndScopeOverrideDetails":null}}"#;

#[test]
fn a_client_is_told_from_a_user_by_more_than_the_source() {
    assert!(matches!(read(CLIENT).unwrap().bearer(), Bearer::Client));
    let reason = |json: &str| read(json).unwrap_err().explain().reason;
    for version in ["1", "2"] {
        let event = CLIENT.replacen(r#""version":"3""#, &format!(r#""version":"{version}""#), 1);
        assert_eq!(reason(&event), "TRIGGER_VERSION_UNSUPPORTED");
    }
    assert_eq!(reason(&CLIENT.replace("{},", r#"{"sub":"s"},"#)), "IDENTITY_CONTRADICTORY");
    let user = CLIENT.replace("_ClientCredentials", "_HostedAuth");
    let user = read(&user).unwrap();
    let Bearer::User(user) = user.bearer() else { panic!("a client") };
    assert_eq!(user.external_subject("Vestibule").unwrap(), None);
}

/// What stands where something else was expected.
const INSTEAD: [&str; 12] =
    ["null", "[]", "{}", "7", "\"\"", "true", "\"x\"", "[[]]", "{\"a\":{}}", "\"\\u0000\"", "-1e9", "[null]"];

proptest::proptest! {
    /// Whatever comes, nothing panics, and what is answered differs from it in the response only.
    #[test]
    fn a_mutilated_event_is_refused_or_answered_and_never_changed(
        place in 0..EVENT.len(),
        length in 0_usize..40,
        instead in 0..INSTEAD.len(),
        version in 0_u8..5,
    ) {
        let bounds: Vec<usize> = EVENT.char_indices().map(|(at, _)| at).collect();
        let start = bounds[place.min(bounds.len() - 1)];
        let end = bounds[(place + length).min(bounds.len() - 1)].max(start);
        let event = format!("{}{}{}", &EVENT[..start], INSTEAD[instead], &EVENT[end..]);
        let event = event.replacen(r#""version":"2""#, &format!(r#""version":"{version}""#), 1);
        let Ok(read) = read(&event) else { return Ok(()) };
        if let Bearer::User(user) = read.bearer() {
            let _ = user.external_subject("Vestibule");
        }
        let Ok(answer) = read.answered(&organization()) else { return Ok(()) };
        let without = |json: &str| {
            let mut json: Value = serde_json::from_str(&json.replace("1e400", "1")).unwrap();
            json.as_object_mut().unwrap().remove("response");
            json
        };
        proptest::prop_assert_eq!(without(&answer), without(&event));
    }
}
