use vestibule_kernel::{Timestamp, UserPoolId};

use super::SigningAlgorithm;
use crate::{AppClientId, ApplicationUri, PoolDomain, PoolId, ProviderName, Region};

/// What can be asked of a user pool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to use us as identity provider.
    Register(Register),
    /// Change some properties.
    Update(Update),
    /// Accept another client secret beside the first one.
    AddSecret(NewSecret),
    /// Accept a client secret no more.
    RetireSecret {
        /// Which.
        secret_id: String,
    },
}

/// The properties of a new user pool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Register {
    /// Our id of it.
    pub user_pool: UserPoolId,
    /// The AWS region.
    pub region: Region,
    /// Cognito's id of it.
    pub pool_id: PoolId,
    /// Its domains; the first one is used in authorize URLs.
    pub domains: Vec<PoolDomain>,
    /// The name under which the pool knows us.
    pub provider_name: ProviderName,
    /// The client id under which the pool will speak to us.
    pub client_id: String,
    /// The app client that authorize URLs name.
    pub app_client_id: AppClientId,
    /// How its ID tokens are signed.
    pub signing_algorithm: SigningAlgorithm,
    /// Whether a sign-in without a releasable e-mail address is refused.
    pub requires_email: bool,
    /// Where the application begins a sign-in that somebody else asks for; `None` when it does not.
    pub initiate_login_uri: Option<ApplicationUri>,
    /// Where people may go after they have signed out.
    pub post_logout_redirect_uris: Vec<ApplicationUri>,
    /// The first client secret.
    pub secret: NewSecret,
}

/// Properties to change; what is absent stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Update {
    /// Its domains.
    pub domains: Option<Vec<PoolDomain>>,
    /// The app client that authorize URLs name.
    pub app_client_id: Option<AppClientId>,
    /// How its ID tokens are signed.
    pub signing_algorithm: Option<SigningAlgorithm>,
    /// Whether a sign-in without a releasable e-mail address is refused.
    pub requires_email: Option<bool>,
    /// Where the application begins a sign-in that somebody else asks for; `Some(None)` takes the address away.
    pub initiate_login_uri: Option<Option<ApplicationUri>>,
    /// Where people may go after they have signed out, all of them.
    pub post_logout_redirect_uris: Option<Vec<ApplicationUri>>,
}

/// A client secret as far as it may be remembered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewSecret {
    /// Names it.
    pub secret_id: String,
    /// SHA-256 over it, lower-case hex.
    pub digest: String,
    /// The present.
    pub now: Timestamp,
}
