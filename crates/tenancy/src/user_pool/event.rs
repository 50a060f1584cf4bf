use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Reservation, Schema, domain_event};
use vestibule_kernel::{Timestamp, UserPoolId};

use super::{CLIENT_ID, POOL_ID};

/// How ID tokens for a pool are signed (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a 2048-bit key.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

impl SigningAlgorithm {
    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A Cognito user pool may use us as its identity provider.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Registered {
    /// Our id of it.
    pub user_pool: UserPoolId,
    /// The AWS region.
    pub region: String,
    /// Cognito's id of the pool, `eu-west-1_AbCd12345`.
    pub pool_id: String,
    /// The pool's domains, host names: prefix domain and custom domain. Each has one redirect URI,
    /// `https://<domain>/oauth2/idpresponse`. The first one is used in authorize URLs.
    pub domains: Vec<String>,
    /// The name under which the pool knows us; usernames begin with it.
    pub provider_name: String,
    /// The client id under which the pool speaks to us.
    pub client_id: String,
    /// The pool's app client that authorize URLs name unless the caller names another.
    pub app_client_id: String,
    /// How its ID tokens are signed.
    pub signing_algorithm: SigningAlgorithm,
    /// Whether a sign-in without a releasable e-mail address is refused, because the pool requires one.
    pub requires_email: bool,
}

impl EventBody for Registered {
    const SCHEMA: Schema = Schema::new("user_pool.registered", 1, &[]);
}

/// Properties changed; what is absent stayed as it was.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Updated {
    /// The new domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domains: Option<Vec<String>>,
    /// The new default app client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_client_id: Option<String>,
    /// The new signing algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// Whether an e-mail address is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_email: Option<bool>,
    /// The address at which the application begins a sign-in that somebody else asks for (OpenID Connect Core 1.0
    /// section 4); empty when it has none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The addresses to which people may go after they have signed out (OpenID Connect RP-Initiated Logout 1.0 section
    /// 3.1), all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uris: Option<Vec<String>>,
}

impl EventBody for Updated {
    const SCHEMA: Schema = Schema::new("user_pool.updated", 1, &[]);
}

/// The pool may authenticate with another client secret. The secret itself was shown once and is kept nowhere.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SecretAdded {
    /// Names the secret.
    pub secret_id: String,
    /// SHA-256 over the text of the secret, lower-case hex. The secret has 256 random bits, so its digest tells nothing.
    pub digest: String,
    /// Since when it is accepted.
    pub added_at: Timestamp,
}

impl EventBody for SecretAdded {
    const SCHEMA: Schema = Schema::new("user_pool.secret_added", 1, &[]);
}

/// A client secret is refused from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SecretRetired {
    /// Which.
    pub secret_id: String,
}

impl EventBody for SecretRetired {
    const SCHEMA: Schema = Schema::new("user_pool.secret_retired", 1, &[]);
}

domain_event! {
    /// What can have happened to a user pool.
    pub enum Event {
        /// See [`Registered`].
        Registered(Registered),
        /// See [`Updated`].
        Updated(Updated),
        /// See [`SecretAdded`].
        SecretAdded(SecretAdded),
        /// See [`SecretRetired`].
        SecretRetired(SecretRetired),
    }
    reservations = reservations;
}

fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::Registered(registered) => vec![
            Reservation::Take { scope: POOL_ID, key: registered.pool_id.clone() },
            Reservation::Take { scope: CLIENT_ID, key: registered.client_id.clone() },
        ],
        Event::Updated(_) | Event::SecretAdded(_) | Event::SecretRetired(_) => Vec::new(),
    }
}
