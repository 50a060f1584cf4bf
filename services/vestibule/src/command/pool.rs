//! `vestibule pool`.

use clap::{Args, Subcommand};
use vestibule_rpc::registry::v1::{
    AddClientSecretRequest, CreateUserPoolRequest, GetUserPoolRequest, ListUserPoolsRequest, ListUserPoolsResponse,
    RetireClientSecretRequest, UpdateUserPoolRequest, UserPool, user_pool,
    user_pool_service_client::UserPoolServiceClient,
};

use super::{Operator, request_id, resource_name};
use crate::output::{Format, line, moment, plain, properties, table};

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.UserPool";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a Cognito user pool; prints the client secret once.
    Create(Create),
    /// Show one; may be left out when there is only one.
    Show { pool: Option<String> },
    /// List all of them.
    List,
    /// Change properties.
    Update(Update),
    /// Add a second client secret for a rotation; prints it once.
    AddSecret { pool: Option<String> },
    /// Refuse a client secret from now on.
    RetireSecret {
        /// The secret's id, from `pool show`.
        secret_id: String,
        pool: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Cognito's id of the pool, such as `eu-west-1_AbCd12345`.
    pool_id: String,
    /// The pool's domain as a host name; repeat for a custom domain. The first is used in links.
    #[arg(long = "domain", required = true, value_name = "HOST")]
    domains: Vec<String>,
    /// The app client that people sign in with.
    #[arg(long, value_name = "ID")]
    app_client: String,
    /// The name of the identity provider in the pool.
    #[arg(long, default_value = "Vestibule")]
    provider_name: String,
    /// The AWS region; taken from the pool id when absent.
    #[arg(long)]
    region: Option<String>,
    /// Sign ID tokens with ES256 instead of RS256.
    #[arg(long)]
    es256: bool,
    /// Refuse a sign-in without an e-mail address that may be released.
    #[arg(long)]
    requires_email: bool,
    /// Where the application begins a sign-in that an organization's portal asks for.
    #[arg(long, value_name = "URL")]
    initiate_login_uri: Option<String>,
    /// Where people may go after they have signed out; repeat for more.
    #[arg(long = "post-logout-redirect-uri", value_name = "URL")]
    post_logout_redirect_uris: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Update {
    pool: Option<String>,
    /// The new domains, all of them.
    #[arg(long = "domain", value_name = "HOST")]
    domains: Vec<String>,
    #[arg(long, value_name = "ID")]
    app_client: Option<String>,
    #[arg(long)]
    requires_email: Option<bool>,
    /// Where the application begins a sign-in that an organization's portal asks for; an empty value takes it away.
    #[arg(long, value_name = "URL")]
    initiate_login_uri: Option<String>,
    /// Where people may go after they have signed out, all of them; a single empty value takes all away.
    #[arg(long = "post-logout-redirect-uri", value_name = "URL")]
    post_logout_redirect_uris: Vec<String>,
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = UserPoolServiceClient::new(operator.channel.clone());
    match command {
        Command::List => list(operator).await,
        Command::Show { pool } => {
            let name = find(operator, pool.as_deref()).await?.name;
            let answer = client.get_user_pool(GetUserPoolRequest { name }).await;
            let answer = answer.map_err(|status| operator.refused(&status))?.into_inner();
            operator.format.print(TYPE, &answer.user_pool.unwrap_or_default(), human)
        }
        Command::Create(create) => {
            let request = CreateUserPoolRequest { user_pool: Some(registered(create)?), request_id: request_id() };
            let answer =
                client.create_user_pool(request).await.map_err(|status| operator.refused(&status))?.into_inner();
            if operator.format == Format::Json {
                return operator
                    .format
                    .print("vestibule.registry.v1.CreateUserPoolResponse", &answer, |_| String::new());
            }
            operator.format.print(TYPE, &answer.user_pool.unwrap_or_default(), human)?;
            secret(&answer.client_secret);
            Ok(())
        }
        Command::Update(update) => {
            let request = updated(update, operator).await?;
            let answer = client.update_user_pool(request).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(TYPE, &answer.into_inner().user_pool.unwrap_or_default(), human)
        }
        Command::AddSecret { pool } => {
            let name = find(operator, pool.as_deref()).await?.name;
            let request = AddClientSecretRequest { name, etag: String::new() };
            let answer =
                client.add_client_secret(request).await.map_err(|status| operator.refused(&status))?.into_inner();
            if operator.format == Format::Json {
                return operator
                    .format
                    .print("vestibule.registry.v1.AddClientSecretResponse", &answer, |_| String::new());
            }
            operator.format.print(TYPE, &answer.user_pool.unwrap_or_default(), human)?;
            secret(&answer.client_secret);
            Ok(())
        }
        Command::RetireSecret { secret_id, pool } => {
            let name = find(operator, pool.as_deref()).await?.name;
            let request = RetireClientSecretRequest { name, secret_id, etag: String::new() };
            let answer = client.retire_client_secret(request).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(TYPE, &answer.into_inner().user_pool.unwrap_or_default(), human)
        }
    }
}

fn registered(create: Create) -> anyhow::Result<UserPool> {
    let Some((region, _)) = create.pool_id.split_once('_') else {
        anyhow::bail!("`{}` is not a pool id such as eu-west-1_AbCd12345", create.pool_id)
    };
    let algorithm = if create.es256 { user_pool::SigningAlgorithm::Es256 } else { user_pool::SigningAlgorithm::Rs256 };
    Ok(UserPool {
        region: create.region.unwrap_or_else(|| region.to_owned()),
        pool_id: create.pool_id,
        domains: create.domains,
        provider_name: create.provider_name,
        app_client_id: create.app_client,
        signing_algorithm: algorithm.into(),
        requires_email: create.requires_email,
        initiate_login_uri: create.initiate_login_uri.unwrap_or_default(),
        post_logout_redirect_uris: create.post_logout_redirect_uris,
        ..UserPool::default()
    })
}

async fn updated(update: Update, operator: &Operator) -> anyhow::Result<UpdateUserPoolRequest> {
    let fields = [
        ("domains", !update.domains.is_empty()),
        ("app_client_id", update.app_client.is_some()),
        ("requires_email", update.requires_email.is_some()),
        ("initiate_login_uri", update.initiate_login_uri.is_some()),
        ("post_logout_redirect_uris", !update.post_logout_redirect_uris.is_empty()),
    ];
    let paths: Vec<String> = fields.iter().filter(|(_, set)| *set).map(|(path, _)| (*path).to_owned()).collect();
    anyhow::ensure!(!paths.is_empty(), "nothing to change: name at least one property, such as --app-client");
    let user_pool = UserPool {
        name: find(operator, update.pool.as_deref()).await?.name,
        domains: update.domains,
        app_client_id: update.app_client.unwrap_or_default(),
        requires_email: update.requires_email.unwrap_or_default(),
        initiate_login_uri: update.initiate_login_uri.unwrap_or_default(),
        post_logout_redirect_uris: update.post_logout_redirect_uris.into_iter().filter(|uri| !uri.is_empty()).collect(),
        ..UserPool::default()
    };
    Ok(UpdateUserPoolRequest { user_pool: Some(user_pool), update_mask: Some(prost_types::FieldMask { paths }) })
}

async fn list(operator: &Operator) -> anyhow::Result<()> {
    let answer = ListUserPoolsResponse { user_pools: all(operator).await?, next_page_token: String::new() };
    operator.format.print("vestibule.registry.v1.ListUserPoolsResponse", &answer, |answer| {
        let rows: Vec<[String; 4]> = answer
            .user_pools
            .iter()
            .map(|one| {
                let id = one.name.rsplit('/').next().unwrap_or_default().to_owned();
                [one.pool_id.clone(), one.domains.join(" "), one.client_id.clone(), id]
            })
            .collect();
        table(["POOL", "DOMAINS", "CLIENT ID", "ID"], &rows, "No user pools yet: `vestibule pool create <pool id>`.")
    })
}

async fn all(operator: &Operator) -> anyhow::Result<Vec<UserPool>> {
    let mut client = UserPoolServiceClient::new(operator.channel.clone());
    let mut user_pools = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListUserPoolsRequest { page_size: 1000, page_token };
        let page = client.list_user_pools(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        user_pools.extend(page.user_pools);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(user_pools);
        }
    }
}

/// The pool that the user names by id, name or Cognito's id, or the only one when no name is given.
pub(crate) async fn find(operator: &Operator, pool: Option<&str>) -> anyhow::Result<UserPool> {
    let mut pools = all(operator).await?;
    if let Some(wanted) = pool {
        let name = resource_name("userPools", wanted);
        pools.retain(|one| one.name == name || one.pool_id == wanted);
    }
    match (pools.len(), pool) {
        (1, _) => pools.pop().ok_or_else(|| anyhow::anyhow!("one pool is there")),
        (0, Some(wanted)) => anyhow::bail!("there is no user pool `{wanted}`; `vestibule pool list` shows them all"),
        (0, None) => anyhow::bail!("no user pool is registered yet; begin with `vestibule pool create`"),
        _ => anyhow::bail!("there are several user pools: name one; `vestibule pool list` shows them all"),
    }
}

fn secret(secret: &str) {
    line("");
    line(&format!("client secret  {secret}"));
    line("Keep it now: it is shown this once, and only its digest is stored.");
}

fn human(pool: &UserPool) -> String {
    let secrets: Vec<String> = pool
        .client_secrets
        .iter()
        .map(|secret| format!("{} made {}", secret.id, moment(secret.create_time.as_ref())))
        .collect();
    let algorithm: user_pool::SigningAlgorithm = pool.signing_algorithm();
    properties(&[
        ("user pool", pool.pool_id.clone()),
        ("name", pool.name.clone()),
        ("region", pool.region.clone()),
        ("domains", pool.domains.join("\n")),
        ("provider name", pool.provider_name.clone()),
        ("app client", pool.app_client_id.clone()),
        ("client id", pool.client_id.clone()),
        ("client secrets", secrets.join("\n")),
        ("redirect URIs", pool.redirect_uris.join("\n")),
        ("signed with", plain(algorithm.as_str_name(), "SIGNING_ALGORITHM_").to_uppercase()),
        ("needs an e-mail", if pool.requires_email { "yes" } else { "no" }.to_owned()),
        ("begins sign-ins", pool.initiate_login_uri.clone()),
        ("after sign-out", pool.post_logout_redirect_uris.join("\n")),
        ("created", moment(pool.create_time.as_ref())),
    ])
}
