use serde_json::{Map, Value, json};
use vestibule_kernel::{IdSource, Timestamp};

use super::{
    AppClient, PoolConfig,
    grant::SignIn,
    overriding::{GroupOverriding, Overriding, TokenKind},
    profile::Profile,
};

/// Everything that goes into a pair of tokens.
pub(super) struct Issue<'a> {
    pub(super) config: &'a PoolConfig,
    pub(super) client: &'a AppClient,
    pub(super) profile: &'a Profile,
    pub(super) overriding: &'a Overriding,
    pub(super) sign_in: &'a SignIn,
    pub(super) nonce: Option<&'a str>,
    pub(super) now: Timestamp,
    pub(super) ids: &'a (dyn IdSource + 'static),
}

/// The claims of the access token that a client gets for itself: there is no user and there are no groups.
pub(super) fn of_client(
    config: &PoolConfig,
    client: &AppClient,
    scopes: &[String],
    overriding: &Overriding,
    now: Timestamp,
    ids: &(dyn IdSource + 'static),
) -> Map<String, Value> {
    let claims = json!({
        "sub": client.client_id,
        "iss": config.issuer(),
        "token_use": "access",
        "client_id": client.client_id,
        "scope": overriding.access_token.scopes(scopes).join(" "),
        "auth_time": now.unix_seconds(),
        "iat": now.unix_seconds(),
        "exp": now.plus(client.token_lifetime).unix_seconds(),
        "version": 2,
        "jti": ids.uuid_v4().to_string(),
    });
    let Value::Object(mut claims) = claims else { return Map::new() };
    overriding.access_token.apply(TokenKind::Access, &client.client_id, &mut claims);
    claims
}

impl Issue<'_> {
    /// The claims of the ID token.
    pub(super) fn id_token(&self) -> Map<String, Value> {
        let mut claims = self.common(TokenKind::Id);
        for (name, value) in &self.profile.attributes {
            // The one attribute that is no string in a token.
            let value = if name == "email_verified" { json!(value == "true") } else { json!(value) };
            claims.insert(name.clone(), value);
        }
        if let Some(identity) = &self.profile.identity {
            claims.insert(
                "identities".into(),
                json!([{
                    "dateCreated": identity.date_created.to_string(),
                    "userId": identity.user_id,
                    "providerName": identity.provider_name,
                    "providerType": identity.provider_type,
                    "issuer": null,
                    "primary": "true",
                }]),
            );
        }
        if let Some(nonce) = self.nonce {
            claims.insert("nonce".into(), nonce.into());
        }
        claims.insert("aud".into(), self.client.client_id.clone().into());
        claims.insert("cognito:username".into(), self.profile.username.clone().into());
        self.overriding.id_token.apply(TokenKind::Id, &self.client.client_id, &mut claims);
        claims
    }

    /// The claims of the access token.
    pub(super) fn access_token(&self) -> Map<String, Value> {
        let mut claims = self.common(TokenKind::Access);
        let scopes = self.overriding.access_token.scopes(&self.sign_in.scopes);
        claims.insert("scope".into(), scopes.join(" ").into());
        claims.insert("client_id".into(), self.client.client_id.clone().into());
        claims.insert("username".into(), self.profile.username.clone().into());
        claims.insert("version".into(), 2.into());
        self.overriding.access_token.apply(TokenKind::Access, &self.client.client_id, &mut claims);
        claims
    }

    fn common(&self, kind: TokenKind) -> Map<String, Value> {
        let end = self.now.plus(self.client.token_lifetime);
        let common = json!({
            "sub": self.profile.sub,
            "iss": self.config.issuer(),
            "token_use": match kind { TokenKind::Id => "id", TokenKind::Access => "access" },
            "origin_jti": self.sign_in.origin_jti,
            "event_id": self.sign_in.event_id,
            "auth_time": self.sign_in.authenticated_at.unix_seconds(),
            "iat": self.now.unix_seconds(),
            "exp": end.unix_seconds(),
            "jti": self.ids.uuid_v4().to_string(),
        });
        let Value::Object(mut claims) = common else { return Map::new() };
        self.groups(kind, &mut claims);
        claims
    }

    fn groups(&self, kind: TokenKind, claims: &mut Map<String, Value>) {
        let (groups, roles, preferred) = match &self.overriding.groups {
            GroupOverriding::Keep => (self.profile.groups.as_slice(), [].as_slice(), None),
            GroupOverriding::Replace(groups) => {
                (groups.names.as_slice(), groups.iam_roles.as_slice(), groups.preferred_role.as_deref())
            }
        };
        if !groups.is_empty() {
            claims.insert("cognito:groups".into(), json!(groups));
        }
        if kind == TokenKind::Id && !roles.is_empty() {
            claims.insert("cognito:roles".into(), json!(roles));
        }
        if let Some(role) = preferred.filter(|_| kind == TokenKind::Id) {
            claims.insert("cognito:preferred_role".into(), role.into());
        }
    }
}
