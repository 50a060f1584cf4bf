use std::{collections::HashMap, error::Error};

use async_trait::async_trait;
use aws_sdk_cognitoidentityprovider::{
    Client, config::Region, error::SdkError,
    operation::admin_user_global_sign_out::AdminUserGlobalSignOutError as SignOutError,
};
use tokio::sync::Mutex;

use crate::{UserPool, Username};

/// What is asked of Cognito.
#[async_trait]
pub trait Cognito: Send + Sync {
    /// Revokes every refresh token of the user. A user whom the pool does not have is signed out.
    ///
    /// # Errors
    /// [`CognitoError`].
    async fn sign_out(&self, pool: &UserPool, username: &Username) -> Result<(), CognitoError>;
}

/// Cognito did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CognitoError {
    /// It is busy, or cannot be reached, or will not have us at the moment.
    #[error("Cognito does not do it now")]
    Again(#[source] Box<dyn Error + Send + Sync>),
    /// There is no such user pool, or the request is one that Cognito will never take.
    #[error("Cognito will never do it")]
    Never(#[source] Box<dyn Error + Send + Sync>),
}

/// The API of AWS, with the credentials of the environment; one client for each region.
pub struct AwsCognito {
    base: aws_config::SdkConfig,
    endpoint: Option<String>,
    clients: Mutex<HashMap<String, Client>>,
}

impl AwsCognito {
    /// Credentials are found as every AWS tool finds them. An `endpoint` stands for AWS in every region, for emulators.
    pub async fn from_environment(endpoint: Option<String>) -> Self {
        // Each pool has its own region; looking one up here would ask a metadata service that may not be there.
        let base = aws_config::from_env().region(Region::new("us-east-1")).load().await;
        Self { base, endpoint, clients: Mutex::default() }
    }

    async fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().await;
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let mut config =
            aws_sdk_cognitoidentityprovider::config::Builder::from(&self.base).region(Region::new(region.to_owned()));
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        let client = Client::from_conf(config.build());
        clients.insert(region.to_owned(), client.clone());
        client
    }
}

#[async_trait]
impl Cognito for AwsCognito {
    async fn sign_out(&self, pool: &UserPool, username: &Username) -> Result<(), CognitoError> {
        let client = self.client(&pool.region).await;
        let asked = client.admin_user_global_sign_out().user_pool_id(&pool.pool_id).username(&username.0).send().await;
        match asked {
            Ok(_) => Ok(()),
            Err(error) => judged(error),
        }
    }
}

/// Whoever never came has nothing to be revoked.
fn judged(error: SdkError<SignOutError>) -> Result<(), CognitoError> {
    match error.as_service_error() {
        Some(SignOutError::UserNotFoundException(_)) => Ok(()),
        Some(SignOutError::ResourceNotFoundException(_) | SignOutError::InvalidParameterException(_)) => {
            Err(CognitoError::Never(error.into()))
        }
        _ => Err(CognitoError::Again(error.into())),
    }
}
