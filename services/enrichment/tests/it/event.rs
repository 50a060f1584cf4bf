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
                "email_verified": "true",
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
