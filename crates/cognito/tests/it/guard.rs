//! Triggers that guard a sign-in, with the shapes that Cognito documents.

use serde_json::{Value, json};
use vestibule_cognito::{InboundFederation, PreSignUp, SignUp, Trigger, TriggerError, TriggerEvent, UserEvent};
use vestibule_kernel::Explain as _;

fn event(source: &str, user_name: &str, request: &Value) -> String {
    json!({
        "version": "1", "triggerSource": source, "region": "eu-west-1", "userPoolId": "eu-west-1_AbCd12345",
        "userName": user_name, "callerContext": {"awsSdkVersion": "x", "clientId": "3n4b5example"},
        "request": request, "response": {},
    })
    .to_string()
}

fn federation(user_name: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut request = json!({
        "providerName": "Vestibule",
        "providerType": "OIDC",
        "attributes": {
            "idToken": {"sub": "org1-u42", "email": "ann@acme.example", "email_verified": "true"},
            "userInfo": {"sub": "org1-u42", "given_name": "Ann"},
        },
    });
    change(&mut request);
    event("InboundFederation_ExternalProvider", user_name, &request)
}

fn subject(json: &str) -> Result<Option<String>, &'static str> {
    let read = || {
        let event = InboundFederation::read(TriggerEvent::parse(json)?)?;
        Ok(event.subject("Vestibule")?.map(String::from))
    };
    read().map_err(|error: TriggerError| error.explain().reason)
}

#[test]
fn inbound_federation_names_the_subject_when_everything_agrees() {
    for user_name in ["Vestibule_org1-u42", "vestibule_org1-u42", "org1-u42"] {
        assert_eq!(subject(&federation(user_name, |_| {})), Ok(Some("org1-u42".to_owned())), "{user_name}");
    }
    let without_info = federation("org1-u42", |request| request["attributes"]["userInfo"] = Value::Null);
    assert_eq!(subject(&without_info), Ok(Some("org1-u42".to_owned())));
    let google = federation("google_x", |request| request["providerName"] = json!("Google"));
    assert_eq!(subject(&google), Ok(None));
    let saml = federation("acme_ann", |request| {
        *request = json!({"providerName": "Acme", "providerType": "SAML", "attributes": {}});
    });
    assert_eq!(subject(&saml), Ok(None));
}

#[test]
fn inbound_federation_that_contradicts_itself_is_refused() {
    let contradictory = [
        federation("vestibule_org1-u43", |_| {}),
        federation("org1-u43", |_| {}),
        federation("google_org1-u42", |_| {}),
        federation("org1-u42", |request| request["attributes"]["userInfo"]["sub"] = json!("org1-u43")),
        federation("org1-u42", |request| request["attributes"]["userInfo"]["sub"] = json!(7)),
        federation("org1-u42", |request| request["providerName"] = json!("vestibule")),
    ];
    for event in contradictory {
        assert_eq!(subject(&event), Err("IDENTITY_CONTRADICTORY"), "{event}");
    }
    let malformed = [
        federation("org1-u42", |request| request["attributes"] = json!([])),
        federation("org1-u42", |request| request["attributes"]["idToken"] = json!([])),
        federation("org1-u42", |request| request["attributes"]["idToken"] = Value::Null),
        federation("org1-u42", |request| request["attributes"]["userInfo"] = json!("x")),
        federation("org1-u42", |request| request["providerName"] = json!("")),
        federation("org1-u42", |request| *request = json!([])),
        event("InboundFederation_ExternalProvider", "org1-u42", &json!({"providerName": "Vestibule"})),
    ];
    for event in malformed {
        assert_eq!(subject(&event), Err("TRIGGER_MALFORMED"), "{event}");
    }
}

#[test]
fn inbound_federation_keeps_everything() {
    let json = federation("org1-u42", |_| {});
    let event = InboundFederation::read(TriggerEvent::parse(&json).unwrap()).unwrap();
    assert_eq!(event.verified_email().as_deref(), Some("ann@acme.example"));
    let answer: Value = serde_json::from_str(&event.kept()).unwrap();
    assert_eq!(answer["response"], json!({"userAttributesToMap": {}}));
    let unverified =
        federation("org1-u42", |request| request["attributes"]["idToken"]["email_verified"] = json!(false));
    let event = InboundFederation::read(TriggerEvent::parse(&unverified).unwrap()).unwrap();
    assert_eq!(event.verified_email(), None);
}

#[test]
fn a_sign_up_confirms_and_verifies_nothing() {
    let request = json!({"userAttributes": {"email": "ann@acme.example"}, "validationData": null});
    for (source, expected, user_name, subject) in [
        ("PreSignUp_SignUp", SignUp::SelfService, "ann", None),
        ("PreSignUp_SignUp", SignUp::SelfService, "VESTIBULE_x", Some("x")),
        ("PreSignUp_AdminCreateUser", SignUp::ByAdministrator, "ann", None),
        ("PreSignUp_ExternalProvider", SignUp::ExternalProvider, "Vestibule_org1-u42", Some("org1-u42")),
        ("PreSignUp_ExternalProvider", SignUp::ExternalProvider, "google_1", None),
    ] {
        let json = event(source, user_name, &request);
        let event = PreSignUp::read(TriggerEvent::parse(&json).unwrap()).unwrap();
        assert_eq!((event.sign_up(), event.external_subject("Vestibule")), (expected, subject));
        let answer: Value = serde_json::from_str(&event.answered()).unwrap();
        let nothing = json!({"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false});
        assert_eq!(answer["response"], nothing);
    }
    let unknown = event("PreSignUp_Future", "ann", &request);
    let refused = PreSignUp::read(TriggerEvent::parse(&unknown).unwrap()).unwrap_err();
    assert_eq!(refused.explain().reason, "TRIGGER_UNSUPPORTED");
}

#[test]
fn an_event_about_nobody_has_no_user_of_anybodys() {
    for request in [json!({"userNotFound": true}), json!({"userAttributes": null}), json!({"userAttributes": {}})] {
        let json = event("PreAuthentication_Authentication", "vestibule_org1-u42", &request);
        let event = UserEvent::read(TriggerEvent::parse(&json).unwrap()).unwrap();
        assert_eq!(event.user().external_subject("Vestibule").unwrap(), None);
        assert_eq!(event.passed(), json);
    }
    let list = event("PostAuthentication_Authentication", "ann", &json!({"userAttributes": []}));
    let refused = UserEvent::read(TriggerEvent::parse(&list).unwrap()).unwrap_err();
    assert_eq!(refused.explain().reason, "TRIGGER_MALFORMED");
}

#[test]
fn each_trigger_is_known_by_its_sources() {
    for (source, trigger) in [
        ("TokenGeneration_RefreshTokens", Trigger::PreTokenGeneration),
        ("InboundFederation_ExternalProvider", Trigger::InboundFederation),
        ("PreSignUp_SignUp", Trigger::PreSignUp),
        ("PreAuthentication_Authentication", Trigger::PreAuthentication),
        ("PostAuthentication_Authentication", Trigger::PostAuthentication),
        ("PostConfirmation_ConfirmForgotPassword", Trigger::PostConfirmation),
        ("DefineAuthChallenge_Authentication", Trigger::DefineAuthChallenge),
        ("CreateAuthChallenge_Authentication", Trigger::CreateAuthChallenge),
        ("VerifyAuthChallengeResponse_Authentication", Trigger::VerifyAuthChallengeResponse),
    ] {
        let json = event(source, "ann", &json!({}));
        assert_eq!(TriggerEvent::parse(&json).unwrap().trigger(), trigger);
        assert!(source.starts_with(trigger.name()) || trigger == Trigger::PreTokenGeneration);
    }
}
