use std::time::Duration;

use vestibule_kernel::SecretString;

/// A user pool with its domain.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// The AWS region that trigger events name.
    pub region: String,
    /// The pool's id, `eu-west-1_AbCd12345`.
    pub pool_id: String,
    /// The address of the pool's domain, without a trailing slash. The pool's issuer is `{domain_url}/{pool_id}`.
    pub domain_url: String,
    /// The applications.
    pub clients: Vec<AppClient>,
    /// The OpenID Connect identity providers.
    pub providers: Vec<OidcProvider>,
    /// Attributes without which nobody may sign in.
    pub required_attributes: Vec<String>,
    /// Which triggers call the function.
    pub lambda_config: LambdaConfig,
}

/// Which triggers call the function (`LambdaConfig`). Pre token generation always does.
#[derive(Clone, Debug, Default)]
pub struct LambdaConfig {
    /// The version of the event of pre token generation.
    pub pre_token_generation: LambdaVersion,
    /// The triggers before and after authentication.
    pub guards: Vec<Guard>,
}

impl LambdaConfig {
    /// Every trigger, in the version that reaches both tokens.
    #[must_use]
    pub fn every() -> Self {
        Self { pre_token_generation: LambdaVersion::V2, guards: Guard::ALL.to_vec() }
    }
}

/// A version of the event of pre token generation (`LambdaVersion`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LambdaVersion {
    /// `V1_0`: claims of the ID token, and groups.
    V1,
    /// `V2_0`: both tokens and the scopes.
    #[default]
    V2,
    /// `V3_0`: the same, and clients' own tokens.
    V3,
}

/// A trigger that lets a sign-in pass or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guard {
    /// Before anything of a provider's answer is stored.
    InboundFederation,
    /// Before a user is made.
    PreSignUp,
    /// After a user was made.
    PostConfirmation,
    /// Before a known user is authenticated.
    PreAuthentication,
    /// After a known user was authenticated.
    PostAuthentication,
}

impl Guard {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::InboundFederation,
        Self::PreSignUp,
        Self::PostConfirmation,
        Self::PreAuthentication,
        Self::PostAuthentication,
    ];

    /// Its name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InboundFederation => "InboundFederation",
            Self::PreSignUp => "PreSignUp",
            Self::PostConfirmation => "PostConfirmation",
            Self::PreAuthentication => "PreAuthentication",
            Self::PostAuthentication => "PostAuthentication",
        }
    }
}

/// An app client (`CreateUserPoolClient`).
#[derive(Clone, Debug)]
pub struct AppClient {
    /// Its id.
    pub client_id: String,
    /// Its secret; a public client has none.
    pub secret: Option<SecretString>,
    /// Where codes may go; compared exactly.
    pub callback_urls: Vec<String>,
    /// Where people may go after `/logout`; compared exactly.
    pub logout_urls: Vec<String>,
    /// The scopes it may ask for.
    pub scopes: Vec<String>,
    /// The providers it supports, by name; `COGNITO` is the pool's own login.
    pub supported_providers: Vec<String>,
    /// How long ID and access tokens live.
    pub token_lifetime: Duration,
}

/// An OpenID Connect identity provider (`CreateIdentityProvider`).
#[derive(Clone, Debug)]
pub struct OidcProvider {
    /// Its name; usernames begin with it.
    pub name: String,
    /// `oidc_issuer`, without a trailing slash.
    pub issuer: String,
    /// Our client id there.
    pub client_id: String,
    /// Our client secret there.
    pub client_secret: SecretString,
    /// `authorize_scopes`, separated by blanks.
    pub authorize_scopes: String,
    /// `AttributeMapping`: pool attribute and claim.
    pub attribute_mapping: Vec<(String, String)>,
}

impl OidcProvider {
    /// The mapping that suits Vestibule: address, verification and names.
    #[must_use]
    pub fn usual_mapping() -> Vec<(String, String)> {
        ["email", "email_verified", "given_name", "family_name", "name"].map(|name| (name.into(), name.into())).into()
    }
}

/// The name of the pool's own login among the providers.
pub(super) const NATIVE: &str = "COGNITO";

impl PoolConfig {
    /// The issuer of the pool's tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/{}", self.domain_url, self.pool_id)
    }

    /// The one address that providers answer to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/oauth2/idpresponse", self.domain_url)
    }

    pub(super) fn client(&self, client_id: &str) -> Option<&AppClient> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    pub(super) fn provider(&self, name: &str) -> Option<&OidcProvider> {
        self.providers.iter().find(|provider| provider.name == name)
    }
}
