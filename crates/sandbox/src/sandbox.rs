use std::{io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use vestibule_kernel::{Chain, Clock, IdSource, SecretString};
use vestibule_rpc::{
    Channel,
    routing::v1::{
        Decision, ResolveSignInRequest, resolve_sign_in_request::Person, routing_service_client::RoutingServiceClient,
    },
};

use crate::{
    app::{AppConfig, DemoApplication},
    cognito::{
        AppClient, Cognito, CognitoError, EnrichmentTrigger, LambdaConfig, OidcProvider, PoolConfig, Surroundings,
    },
    idp::{IdentityProviders, IdpConfig, SetUpError},
    roster::{LOGINS, ORGANIZATIONS, Organization},
    seed::{PoolToRegister, SeedError, Seeded, seed},
    web::{ClientError, bind, random_token, serve, with_query},
};

const REGION: &str = "eu-west-1";
const POOL_ID: &str = "eu-west-1_SandBox01";
const APP_CLIENT_ID: &str = "3n4b5demoapplication6c7d8e";
const PROVIDER: &str = "Vestibule";

/// How long routing may take to hear of the organizations.
const ROUTING_ATTEMPTS_MAX: u32 = 500;
const ROUTING_PAUSE: Duration = Duration::from_millis(20);

/// What the sandbox needs.
pub struct SandboxConfig {
    /// Where to listen on the loopback interface.
    pub ports: Ports,
    /// The gateway's public URL, without a trailing slash.
    pub gateway_url: String,
    /// Vestibule's services.
    pub services: Channels,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn IdSource>,
    /// Ends the sandbox.
    pub stop: CancellationToken,
}

/// Where to listen; 0 takes a free port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ports {
    /// The simulated identity providers.
    pub idp: u16,
    /// The simulated Cognito.
    pub cognito: u16,
    /// The demo application.
    pub app: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { idp: 8810, cognito: 8820, app: 8830 }
    }
}

/// Vestibule's services, as the sandbox uses them.
#[derive(Clone)]
pub struct Channels {
    /// Onboarding; the channel carries the writer's token where one is needed.
    pub registry: Channel,
    /// The demo application asks it.
    pub routing: Channel,
    /// The trigger of the simulated Cognito asks it.
    pub enrichment: Channel,
}

/// Where everything is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// The simulated identity providers.
    pub idp: String,
    /// The simulated Cognito's domain.
    pub cognito: String,
    /// The demo application: the one to open.
    pub app: String,
}

/// The sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port is taken.
    #[error("the sandbox cannot listen on port {port}")]
    Listen {
        /// Which.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The simulated identity providers have no keys.
    #[error(transparent)]
    IdentityProviders(#[from] SetUpError),
    /// The simulated Cognito cannot be set up.
    #[error(transparent)]
    Cognito(#[from] CognitoError),
    /// The demo application cannot be set up.
    #[error(transparent)]
    Application(#[from] ClientError),
    /// The organizations could not be onboarded.
    #[error("the sandbox's organizations could not be onboarded")]
    Seed(#[from] SeedError),
    /// The organizations are onboarded, but routing does not send people there.
    #[error("routing does not know {domain} {} seconds after it was verified", (ROUTING_PAUSE * ROUTING_ATTEMPTS_MAX).as_secs())]
    NotRouted {
        /// Whose people.
        domain: &'static str,
    },
    /// It was told to stop, or a task of ours was ended from outside.
    #[error("the sandbox was stopped while it started")]
    Stopped,
}

/// The running sandbox.
pub struct Sandbox {
    /// Where everything is.
    pub addresses: Addresses,
    /// What the registry knows of it.
    pub seeded: Seeded,
    /// The simulated identity providers, for tests that need their keys.
    pub identity_providers: IdentityProviders,
    /// The simulated Cognito, for tests that look into it.
    pub cognito: Cognito,
    sites: JoinSet<()>,
    stop: CancellationToken,
}

impl Sandbox {
    /// Makes keys, onboards the organizations, and serves the three sites.
    ///
    /// # Errors
    /// When a port is taken, or the registry refuses.
    pub async fn start(config: SandboxConfig) -> Result<Self, StartError> {
        let SandboxConfig { ports, gateway_url, services, clock, ids, stop } = config;
        let (idp_listener, idp_url) = listen(ports.idp).await?;
        let (cognito_listener, cognito_url) = listen(ports.cognito).await?;
        let (app_listener, app_url) = listen(ports.app).await?;
        let idp_config = IdpConfig {
            base_url: idp_url.clone(),
            logins: LOGINS,
            accepted_service: gateway_url.clone(),
            keys: Vec::new(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        };
        let identity_providers = compute(move || IdentityProviders::new(idp_config)).await??;
        let seeded = seed(&services.registry, &pool_to_register(&cognito_url, &app_url), &identity_providers).await?;
        let app_secret = SecretString::from(random_token(&*ids));
        let pool = pool_config(&cognito_url, &app_url, &gateway_url, &app_secret, &seeded);
        let issuer = pool.issuer();
        let surroundings = Surroundings {
            trigger: Arc::new(EnrichmentTrigger::new(services.enrichment.clone())),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        };
        let cognito = compute(move || Cognito::new(pool, surroundings)).await??;
        let app = DemoApplication::new(AppConfig {
            base_url: app_url.clone(),
            cognito_url: cognito_url.clone(),
            issuer,
            client_id: APP_CLIENT_ID.to_owned(),
            client_secret: app_secret,
            scopes: scopes(),
            logout_uri: logout_uri(&gateway_url, &app_url, &seeded),
            user_pool: seeded.user_pool.clone(),
            routing: services.routing.clone(),
            clock,
            ids,
        })?;
        let mut sites = JoinSet::new();
        run(&mut sites, "identity providers", idp_listener, identity_providers.router(), &stop);
        run(&mut sites, "Cognito", cognito_listener, cognito.router(), &stop);
        run(&mut sites, "demo application", app_listener, app.router(), &stop);
        for organization in ORGANIZATIONS {
            routed(&services.routing, organization, &stop).await?;
        }
        let addresses = Addresses { idp: idp_url, cognito: cognito_url, app: app_url };
        Ok(Self { addresses, seeded, identity_providers, cognito, sites, stop })
    }

    /// Stops taking requests, and waits for those under way.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.sites.join_next().await.is_some() {}
    }
}

async fn listen(port: u16) -> Result<(TcpListener, String), StartError> {
    bind(port).await.map_err(|source| StartError::Listen { port, source })
}

/// Key generation computes for a while: off the async threads.
async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StartError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StartError::Stopped)
}

fn run(sites: &mut JoinSet<()>, name: &'static str, listener: TcpListener, site: Router, stop: &CancellationToken) {
    let stop = stop.clone();
    sites.spawn(async move {
        if let Err(error) = serve(listener, site, stop).await {
            tracing::error!(site = name, error = %Chain(&error), "a site of the sandbox has stopped");
        }
    });
}

/// Where Cognito sends people after its `/logout`: to Vestibule, which signs them out at the identity provider and sends them
/// to the application. Cognito compares it character by character, so it is always the same.
fn logout_uri(gateway_url: &str, app_url: &str, seeded: &Seeded) -> String {
    let parameters = [("client_id", seeded.client_id.clone()), ("post_logout_redirect_uri", format!("{app_url}/"))];
    let parameters = parameters.iter().map(|(name, value)| (*name, value.as_str()));
    with_query(&format!("{gateway_url}/oauth2/end_session"), parameters)
}

fn pool_to_register(cognito_url: &str, app_url: &str) -> PoolToRegister {
    PoolToRegister {
        region: REGION.to_owned(),
        pool_id: POOL_ID.to_owned(),
        domain: cognito_url.trim_start_matches("http://").to_owned(),
        provider_name: PROVIDER.to_owned(),
        app_client_id: APP_CLIENT_ID.to_owned(),
        initiate_login_uri: format!("{app_url}/login/initiate"),
        post_logout_redirect_uri: format!("{app_url}/"),
    }
}

fn pool_config(
    cognito_url: &str,
    app_url: &str,
    gateway_url: &str,
    app_secret: &SecretString,
    seeded: &Seeded,
) -> PoolConfig {
    PoolConfig {
        region: REGION.to_owned(),
        pool_id: POOL_ID.to_owned(),
        domain_url: cognito_url.to_owned(),
        clients: vec![AppClient {
            client_id: APP_CLIENT_ID.to_owned(),
            secret: Some(app_secret.clone()),
            callback_urls: vec![format!("{app_url}/callback")],
            logout_urls: vec![format!("{app_url}/"), logout_uri(gateway_url, app_url, seeded)],
            scopes: scopes(),
            supported_providers: vec![PROVIDER.to_owned(), "COGNITO".to_owned()],
            token_lifetime: Duration::from_hours(1),
        }],
        providers: vec![OidcProvider {
            name: PROVIDER.to_owned(),
            issuer: gateway_url.to_owned(),
            client_id: seeded.client_id.clone(),
            client_secret: seeded.client_secret.clone(),
            authorize_scopes: "openid email profile".to_owned(),
            attribute_mapping: OidcProvider::usual_mapping(),
        }],
        required_attributes: Vec::new(),
        lambda_config: LambdaConfig::every(),
    }
}

fn scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).into()
}

/// Waits until routing has heard of the organization: its view follows the registry within moments.
async fn routed(routing: &Channel, organization: &Organization, stop: &CancellationToken) -> Result<(), StartError> {
    let expected = match (organization.suspended, organization.logins.len()) {
        (true, _) => Decision::Refused,
        (false, 1) => Decision::Brokered,
        (false, _) => Decision::Choose,
    };
    let mut client = RoutingServiceClient::new(routing.clone());
    for _ in 0..ROUTING_ATTEMPTS_MAX {
        let person = Some(Person::Domain(organization.domain.to_owned()));
        let answer = client.resolve_sign_in(ResolveSignInRequest { person, ..ResolveSignInRequest::default() }).await;
        if answer.is_ok_and(|answer| answer.get_ref().decision() == expected) {
            return Ok(());
        }
        tokio::select! {
            () = stop.cancelled() => return Err(StartError::Stopped),
            () = tokio::time::sleep(ROUTING_PAUSE) => {}
        }
    }
    Err(StartError::NotRouted { domain: organization.domain })
}
