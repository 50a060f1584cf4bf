//! Trigger events as Cognito sends them.

use serde_json::{Value, json};

pub(crate) const POOL: &str = "eu-west-1_AbCd12345";

/// An event of any trigger.
pub(crate) fn of(version: &str, source: &str, request: &Value) -> Value {
    json!({
        "version": version,
        "triggerSource": source,
        "region": "eu-west-1",
        "userPoolId": POOL,
        "userName": "vestibule_0192-ann",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "3n4b5example"},
        "request": request,
        "response": {},
    })
}

/// A user signs in, or a session is refreshed.
pub(crate) fn tokens() -> Value {
    let request = json!({
        "userAttributes": {
            "sub": "9b1c6d1e-0000-4000-8000-000000000001",
            "cognito:user_status": "EXTERNAL_PROVIDER",
            "identities": "[{\"userId\":\"0192-ann\",\"providerName\":\"Vestibule\",\"providerType\":\"OIDC\"}]",
            "email": "ann@acme.test",
            "custom:org_id": "acme",
            "custom:tier": "gold",
        },
        "scopes": ["openid", "tenant/acme"],
        "groupConfiguration": {"groupsToOverride": ["acme:admin"], "iamRolesToOverride": [], "preferredRole": null},
    });
    let mut event = of("2", "TokenGeneration_HostedAuth", &request);
    event["response"] = json!({"claimsAndScopeOverrideDetails": null});
    event
}
