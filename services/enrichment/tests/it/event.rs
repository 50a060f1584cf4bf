//! Trigger events as Cognito sends them.

use serde_json::{Value, json};
use vestibule_kernel::PersonId;

pub(crate) const POOL_ID: &str = "eu-west-1_AbCd12345";

/// A person of ours at sign-in.
pub(crate) fn sign_in(person: PersonId) -> Value {
    let identities = json!([{
        "userId": person.to_string(),
        "providerName": "Vestibule",
        "providerType": "OIDC",
        "issuer": null,
        "primary": true,
        "dateCreated": 1_795_225_250_000_u64,
    }]);
    json!({
        "version": "2",
        "triggerSource": "TokenGeneration_HostedAuth",
        "region": "eu-west-1",
        "userPoolId": POOL_ID,
        "userName": format!("vestibule_{person}"),
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "3n4b5example"},
        "request": {
            "userAttributes": {
                "sub": "9b1c6d1e-0000-4000-8000-000000000001",
                "cognito:user_status": "EXTERNAL_PROVIDER",
                "identities": identities.to_string(),
                "email": "ann@acme.example",
                "email_verified": "false",
                "custom:org_id": "forged",
            },
            "scopes": ["openid", "email"],
            "groupConfiguration": {
                "groupsToOverride": ["eu-west-1_AbCd12345_Vestibule"],
                "iamRolesToOverride": [],
                "preferredRole": null,
            },
        },
        "response": {"claimsAndScopeOverrideDetails": null},
    })
}

/// The event with the value at `pointer` replaced.
pub(crate) fn with(mut event: Value, pointer: &str, value: Value) -> Value {
    *event.pointer_mut(pointer).unwrap() = value;
    event
}

/// An event of another trigger, in its only version.
pub(crate) fn event(source: &str, user_name: &str, request: &Value) -> Value {
    json!({
        "version": "1",
        "triggerSource": source,
        "region": "eu-west-1",
        "userPoolId": POOL_ID,
        "userName": user_name,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "3n4b5example"},
        "request": request,
        "response": {},
    })
}

/// The address of the event counts as verified.
pub(crate) fn with_verified(event: Value, email: &str) -> Value {
    let event = with(event, "/request/userAttributes/email", json!(email));
    with(event, "/request/userAttributes/email_verified", json!("true"))
}

/// A person of ours whom the provider has just named.
pub(crate) fn federation(person: PersonId) -> Value {
    let request = json!({
        "providerName": "Vestibule",
        "providerType": "OIDC",
        "attributes": {
            "idToken": {"sub": person.to_string(), "email": "", "email_verified": "false"},
            "userInfo": {"sub": person.to_string()},
        },
    });
    event("InboundFederation_ExternalProvider", &format!("Vestibule_{person}"), &request)
}

/// A person of ours who is about to be stored.
pub(crate) fn sign_up(person: PersonId) -> Value {
    let request = json!({"userAttributes": {"email": "", "email_verified": "false"}, "validationData": null});
    event("PreSignUp_ExternalProvider", &format!("Vestibule_{person}"), &request)
}

/// A person of ours who is about to be authenticated, or has been.
pub(crate) fn authentication(source: &str, person: PersonId) -> Value {
    let request = json!({"userAttributes": sign_in(person)["request"]["userAttributes"]});
    event(source, &format!("vestibule_{person}"), &request)
}
