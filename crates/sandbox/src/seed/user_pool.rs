use vestibule_kernel::SecretString;
use vestibule_rpc::{
    Channel,
    registry::v1::{
        AddClientSecretRequest, CreateUserPoolRequest, ListUserPoolsRequest, RetireClientSecretRequest,
        UpdateUserPoolRequest, UserPool, user_pool_service_client::UserPoolServiceClient,
    },
};

use super::{PoolToRegister, SeedError, request_id};

/// How many resources are asked for at once.
const PAGE_SIZE: i32 = 1_000;
/// How many secrets a pool may have at a time.
const SECRETS_MAX: usize = 2;

/// A user pool in the registry.
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
}

pub(super) async fn register(registry: &Channel, pool: &PoolToRegister) -> Result<Registered, SeedError> {
    let mut client = UserPoolServiceClient::new(registry.clone());
    let (known, secret) = match find(&mut client, &pool.pool_id).await? {
        Some(known) => {
            let known = update(&mut client, known, pool).await?;
            let secret = renew_secret(&mut client, &known).await?;
            (known, secret)
        }
        None => create(&mut client, pool).await?,
    };
    Ok(Registered { name: known.name, client_id: known.client_id, client_secret: secret.into() })
}

async fn find(client: &mut UserPoolServiceClient<Channel>, pool_id: &str) -> Result<Option<UserPool>, SeedError> {
    let mut page_token = String::new();
    loop {
        let request = ListUserPoolsRequest { page_size: PAGE_SIZE, page_token };
        let page = client.list_user_pools(request).await.map_err(SeedError::refused("list user pools"))?.into_inner();
        if let Some(found) = page.user_pools.into_iter().find(|known| known.pool_id == pool_id) {
            return Ok(Some(found));
        }
        if page.next_page_token.is_empty() {
            return Ok(None);
        }
        page_token = page.next_page_token;
    }
}

async fn create(
    client: &mut UserPoolServiceClient<Channel>,
    pool: &PoolToRegister,
) -> Result<(UserPool, String), SeedError> {
    let request = CreateUserPoolRequest {
        user_pool: Some(UserPool {
            region: pool.region.clone(),
            pool_id: pool.pool_id.clone(),
            domains: vec![pool.domain.clone()],
            provider_name: pool.provider_name.clone(),
            app_client_id: pool.app_client_id.clone(),
            initiate_login_uri: pool.initiate_login_uri.clone(),
            post_logout_redirect_uris: vec![pool.post_logout_redirect_uri.clone()],
            ..UserPool::default()
        }),
        request_id: request_id(&["user pool", &pool.pool_id, &pool.domain]),
    };
    let answer = client.create_user_pool(request).await.map_err(SeedError::refused("register the user pool"))?;
    let answer = answer.into_inner();
    Ok((answer.user_pool.ok_or(SeedError::Incomplete("the user pool"))?, answer.client_secret))
}

/// The simulated Cognito and the demo application may be at other ports than before.
async fn update(
    client: &mut UserPoolServiceClient<Channel>,
    known: UserPool,
    pool: &PoolToRegister,
) -> Result<UserPool, SeedError> {
    let changed = UserPool {
        domains: vec![pool.domain.clone()],
        app_client_id: pool.app_client_id.clone(),
        initiate_login_uri: pool.initiate_login_uri.clone(),
        post_logout_redirect_uris: vec![pool.post_logout_redirect_uri.clone()],
        ..known.clone()
    };
    if changed == known {
        return Ok(known);
    }
    let paths = ["domains", "app_client_id", "initiate_login_uri", "post_logout_redirect_uris"];
    let update_mask = prost_types::FieldMask { paths: paths.map(str::to_owned).into() };
    let request = UpdateUserPoolRequest { user_pool: Some(changed), update_mask: Some(update_mask) };
    let answer = client.update_user_pool(request).await.map_err(SeedError::refused("update the user pool"))?;
    answer.into_inner().user_pool.ok_or(SeedError::Incomplete("the user pool"))
}

/// A secret is shown once, and the simulated Cognito keeps nothing: it needs a new one.
async fn renew_secret(client: &mut UserPoolServiceClient<Channel>, known: &UserPool) -> Result<String, SeedError> {
    if let Some(oldest) = known.client_secrets.first().filter(|_| known.client_secrets.len() >= SECRETS_MAX) {
        let request =
            RetireClientSecretRequest { name: known.name.clone(), secret_id: oldest.id.clone(), etag: String::new() };
        client.retire_client_secret(request).await.map_err(SeedError::refused("retire a client secret"))?;
    }
    let request = AddClientSecretRequest { name: known.name.clone(), etag: String::new() };
    let answer = client.add_client_secret(request).await.map_err(SeedError::refused("add a client secret"))?;
    Ok(answer.into_inner().client_secret)
}
