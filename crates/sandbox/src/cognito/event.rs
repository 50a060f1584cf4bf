use serde_json::{Map, Value, json};

use super::{PoolConfig, profile::Profile};

/// Which token is being made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// Managed login or federation, also when the session cookie answers.
    HostedAuth,
    /// The refresh token grant.
    RefreshTokens,
}

/// The event of the pre token generation trigger, version 2.0.
pub(super) fn pre_token_generation(
    config: &PoolConfig,
    source: Source,
    client_id: &str,
    profile: &Profile,
    scopes: &[String],
) -> Value {
    let source = match source {
        Source::HostedAuth => "TokenGeneration_HostedAuth",
        Source::RefreshTokens => "TokenGeneration_RefreshTokens",
    };
    json!({
        "version": "2",
        "triggerSource": source,
        "region": config.region,
        "userPoolId": config.pool_id,
        "userName": profile.username,
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id },
        "request": {
            "userAttributes": user_attributes(profile),
            "scopes": scopes,
            "groupConfiguration": {
                "groupsToOverride": profile.groups,
                "iamRolesToOverride": [],
                "preferredRole": null,
            },
        },
        "response": { "claimsAndScopeOverrideDetails": null },
    })
}

/// Values are strings without exception; `identities` is a string that holds JSON.
fn user_attributes(profile: &Profile) -> Map<String, Value> {
    let mut attributes = Map::new();
    attributes.insert("sub".into(), profile.sub.clone().into());
    attributes.insert("cognito:user_status".into(), profile.status().into());
    if let Some(identity) = &profile.identity {
        // An identity is plain text and numbers, so it always has a JSON form.
        let identities = serde_json::to_string(&[identity]).unwrap_or_default();
        attributes.insert("identities".into(), identities.into());
    }
    for (name, value) in &profile.attributes {
        attributes.insert(name.clone(), value.clone().into());
    }
    attributes
}
