use vestibule_eventlog::StreamId;
use vestibule_kernel::UserPoolId;
use vestibule_tenancy::{
    AppClientId, ApplicationUri, PoolDomain, PoolId, ProviderName, Region,
    user_pool::{CATEGORY, Command, Register, Rejection, SigningAlgorithm, Update, UserPool},
};

use super::{Change, Origin, Registry, create::Outcome};
use crate::{directory::Listed, error::Error, listing::Listing, resource::Resource, secret::ClientSecret};

/// A user pool that a caller registers.
pub(crate) struct NewUserPool {
    pub(crate) region: Region,
    pub(crate) pool_id: PoolId,
    pub(crate) domains: Vec<PoolDomain>,
    pub(crate) provider_name: ProviderName,
    pub(crate) app_client_id: AppClientId,
    pub(crate) signing_algorithm: SigningAlgorithm,
    pub(crate) requires_email: bool,
    pub(crate) initiate_login_uri: Option<ApplicationUri>,
    pub(crate) post_logout_redirect_uris: Vec<ApplicationUri>,
}

/// A user pool, and its new client secret for the one answer that shows it.
pub(crate) struct WithSecret {
    pub(crate) user_pool: Resource<UserPool>,
    pub(crate) secret: Option<ClientSecret>,
}

fn stream(user_pool: UserPoolId) -> StreamId {
    StreamId::of_id(CATEGORY, None, user_pool.uuid())
}

impl Registry {
    pub(crate) async fn user_pool(&self, id: UserPoolId) -> Result<Resource<UserPool>, Error> {
        self.read(&stream(id), Rejection::NotFound).await
    }

    pub(crate) async fn user_pools(&self, listing: &Listing) -> Result<Listed<UserPool>, Error> {
        self.list(None, listing).await
    }

    pub(crate) async fn create_user_pool(&self, origin: Origin, new: NewUserPool) -> Result<WithSecret, Error> {
        let user_pool = UserPoolId::from_uuid(self.new_id());
        let secret = ClientSecret::random(&*self.ids);
        let register = Register {
            user_pool,
            region: new.region,
            pool_id: new.pool_id,
            domains: new.domains,
            provider_name: new.provider_name,
            client_id: self.ids.uuid_v4().to_string(),
            app_client_id: new.app_client_id,
            signing_algorithm: new.signing_algorithm,
            requires_email: new.requires_email,
            initiate_login_uri: new.initiate_login_uri,
            post_logout_redirect_uris: new.post_logout_redirect_uris,
            secret: secret.remembered(&*self.ids, self.clock.now()),
        };
        match self.create(origin, stream(user_pool), &Command::Register(register)).await? {
            Outcome::Created(user_pool) => Ok(WithSecret { user_pool, secret: Some(secret) }),
            // Nobody knows the first secret any more, and the new one was never recorded.
            Outcome::Repeated(user_pool) => Ok(WithSecret { user_pool, secret: None }),
        }
    }

    pub(crate) async fn update_user_pool(
        &self,
        id: UserPoolId,
        change: Change,
        update: Update,
    ) -> Result<Resource<UserPool>, Error> {
        self.change(&stream(id), change, &Command::Update(update)).await
    }

    pub(crate) async fn add_client_secret(&self, id: UserPoolId, change: Change) -> Result<WithSecret, Error> {
        let secret = ClientSecret::random(&*self.ids);
        let add = Command::AddSecret(secret.remembered(&*self.ids, self.clock.now()));
        let user_pool = self.change(&stream(id), change, &add).await?;
        Ok(WithSecret { user_pool, secret: Some(secret) })
    }

    pub(crate) async fn retire_client_secret(
        &self,
        id: UserPoolId,
        change: Change,
        secret_id: String,
    ) -> Result<Resource<UserPool>, Error> {
        self.change(&stream(id), change, &Command::RetireSecret { secret_id }).await
    }
}
