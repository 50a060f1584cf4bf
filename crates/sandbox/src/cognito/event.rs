use serde_json::{Map, Value, json};

use super::{LambdaVersion, PoolConfig, config::OidcProvider, profile::Profile, upstream::Redeemed};

/// Which token is being made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// Managed login or federation, also when the session cookie answers.
    HostedAuth,
    /// The refresh token grant.
    RefreshTokens,
}

/// An event of any trigger, with an empty response.
fn event(config: &PoolConfig, source: &str, user_name: &str, client_id: &str, request: &Value) -> Value {
    json!({
        "version": "1",
        "triggerSource": source,
        "region": config.region,
        "userPoolId": config.pool_id,
        "userName": user_name,
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id },
        "request": request,
        "response": {},
    })
}

/// The event of the pre token generation trigger, in the version that the pool is configured with.
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
    let mut request = json!({
        "userAttributes": user_attributes(profile),
        "groupConfiguration": {
            "groupsToOverride": profile.groups,
            "iamRolesToOverride": [],
            "preferredRole": null,
        },
    });
    let (version, container) = match config.lambda_config.pre_token_generation {
        LambdaVersion::V1 => ("1", "claimsOverrideDetails"),
        LambdaVersion::V2 => ("2", "claimsAndScopeOverrideDetails"),
        LambdaVersion::V3 => ("3", "claimsAndScopeOverrideDetails"),
    };
    if version != "1" {
        set(&mut request, "scopes", json!(scopes));
    }
    let mut event = event(config, source, &profile.username, client_id, &request);
    set(&mut event, "version", json!(version));
    set(&mut event, "response", json!({ container: null }));
    event
}

/// The event of the pre token generation trigger for a client's own token: there is no user.
pub(super) fn client_credentials(config: &PoolConfig, client_id: &str, scopes: &[String]) -> Value {
    let request = json!({
        "userAttributes": {}, "groupConfiguration": null, "scopes": scopes, "clientMetadata": {},
    });
    let source = "TokenGeneration_ClientCredentials";
    let mut event = event(config, source, "ClientCredentials", client_id, &request);
    set(&mut event, "version", json!("3"));
    set(&mut event, "response", json!({ "claimsAndScopeOverrideDetails": null }));
    event
}

/// The event of the inbound federation trigger: what the provider said, and its tokens.
pub(super) fn inbound_federation(
    config: &PoolConfig,
    provider: &OidcProvider,
    client_id: &str,
    user_name: &str,
    redeemed: &Redeemed,
) -> Value {
    let request = json!({
        "providerName": provider.name,
        "providerType": "OIDC",
        "attributes": {
            "tokenResponse": { "access_token": redeemed.access_token, "token_type": "Bearer" },
            "idToken": texts(&redeemed.id_token),
            "userInfo": texts(&redeemed.user_info),
        },
    });
    let mut event = event(config, "InboundFederation_ExternalProvider", user_name, client_id, &request);
    set(&mut event, "response", json!({ "userAttributesToMap": {} }));
    event
}

/// The event of the pre sign-up trigger. There is no user yet, so there are attributes only.
pub(super) fn pre_sign_up(
    config: &PoolConfig,
    source: &str,
    client_id: &str,
    user_name: &str,
    attributes: &[(String, String)],
) -> Value {
    let attributes: Map<String, Value> =
        attributes.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let request = json!({ "userAttributes": attributes, "validationData": null });
    let mut event = event(config, source, user_name, client_id, &request);
    let nothing = json!({ "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false });
    set(&mut event, "response", nothing);
    event
}

/// The event of a trigger that looks at a user: before and after authentication, after confirmation.
pub(super) fn about(config: &PoolConfig, source: &str, client_id: &str, profile: &Profile) -> Value {
    let request = json!({ "userAttributes": user_attributes(profile) });
    event(config, source, &profile.username, client_id, &request)
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// In events all claims are texts.
fn texts(claims: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    claims.iter().map(|(name, value)| (name.clone(), text(value).into())).collect()
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
