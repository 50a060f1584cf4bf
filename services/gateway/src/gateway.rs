use std::{ops::Deref, sync::Arc, time::Duration};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vestibule_eventlog::{EventLog, Live, Looks, ViewStopped};
use vestibule_host::{Resources, config::ConfigError, work};
use vestibule_kernel::{Chain, Clock, IdSource, Timestamp};
use vestibule_oidc::{AccessToken, AuthorizationCode, InvalidIssuer, Issuer, ProviderMetadata};
use vestibule_rpc::{
    Channel, routing::v1::routing_service_client::RoutingServiceClient,
    saml::v1::saml_service_client::SamlServiceClient,
};
use vestibule_storage::{ExpiringRecords, SignInTrace};

use crate::{
    Config, DIRECTORY_AGE_MAX,
    directory::{Directory, RelyingParty},
    entity::Entity,
    keyring::{Keyring, KeyringError, SigningKeyJob},
    limit::{KEYS_REFRESH_EVERY, KEYS_TOLD_EVERY, SWEEP_EVERY, SWEEP_RECORDS_MAX},
    page::{STYLE, SecurityHeaders},
    pending::PendingSeal,
    recorder::Recorder,
};

/// The services that the gateway asks.
#[derive(Clone)]
pub struct Peers {
    /// Where a person signs in.
    pub routing: Channel,
    /// SAML requests and verdicts.
    pub saml: Channel,
}

/// The gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The public address cannot be an OpenID Connect issuer.
    #[error("the public address cannot be an OpenID Connect issuer")]
    Issuer(#[from] InvalidIssuer),
    /// The signing keys cannot be had.
    #[error("the signing keys cannot be had")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log cannot be followed.
    #[error("the user pools cannot be read from the log")]
    Directory(#[from] ViewStopped),
}

impl From<KeyringError> for StartError {
    fn from(error: KeyringError) -> Self {
        Self::Keys(Box::new(error))
    }
}

/// The HTTP edge, started: what every operation works with. Cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Inner>);

/// See [`Gateway`].
pub(crate) struct Inner {
    pub(crate) issuer: Issuer,
    pub(crate) log: EventLog,
    pub(crate) expiring: Arc<dyn ExpiringRecords>,
    pub(crate) trace: Arc<dyn SignInTrace>,
    pub(crate) clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    peers: Peers,
    pub(crate) directory: Live<Directory>,
    /// For a connection that is not known.
    pub(crate) looks: Looks<Directory>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) seal: PendingSeal,
    pub(crate) recorder: Recorder,
    pub(crate) discovery: Entity,
    pub(crate) style: Entity,
    pub(crate) security: SecurityHeaders,
}

impl Gateway {
    /// Reads keys and user pools, and starts what runs beside the requests; that ends with `resources.stop`.
    ///
    /// # Errors
    /// [`StartError`].
    pub(crate) async fn start(resources: &Resources, config: &Config, peers: Peers) -> Result<Self, StartError> {
        let Resources { log, keys, expiring, traces, clock, ids, stop, public_url, .. } = resources.clone();
        let issuer = Issuer::parse(public_url.as_str())?;
        let directory = Live::start(log.clone(), Directory::default(), stop.clone());
        directory.caught_up().await?;
        let keyring = Arc::new(Keyring::open(resources, config.schedule(), directory.clone()).await?);
        // Now, so that whoever asks for the keys finds them told of; again, when the job has its turn.
        if let Err(error) = keyring.tell_as_worker().await {
            tracing::warn!(error = %Chain(&error), "what became of the signing keys is told in the next round");
        }
        work(resources, KEYS_TOLD_EVERY, SigningKeyJob::over(Arc::clone(&keyring)));
        let gateway = Self(Arc::new(Inner {
            discovery: Entity::json(&ProviderMetadata::new(&issuer)),
            looks: Looks::new(log.clone(), directory.clone()),
            style: Entity::new(STYLE.into()),
            security: SecurityHeaders::new(issuer.is_https()),
            issuer,
            log,
            expiring,
            recorder: Recorder::start(Arc::clone(&traces), Arc::clone(&clock)),
            trace: traces,
            seal: PendingSeal::new(keys),
            clock,
            ids,
            peers,
            directory,
            keyring,
        }));
        let (refreshed, swept) = (gateway.clone(), gateway.clone());
        repeat(KEYS_REFRESH_EVERY, stop.clone(), move || refresh(refreshed.clone()));
        repeat(SWEEP_EVERY, stop, move || sweep(swept.clone()));
        Ok(gateway)
    }
}

impl Deref for Gateway {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.ids
    }

    /// A new sign-in's reference id. Version 4: people see it, and it should tell nothing.
    pub(crate) fn new_sign_in(&self) -> Uuid {
        self.ids.uuid_v4()
    }

    pub(crate) fn new_code(&self) -> AuthorizationCode {
        AuthorizationCode::from_random(self.ids().bytes())
    }

    pub(crate) fn new_access_token(&self) -> AccessToken {
        AccessToken::from_random(self.ids().bytes())
    }

    pub(crate) fn relying_party(&self, client_id: &str) -> Option<Arc<RelyingParty>> {
        self.directory.read(|directory| directory.client(client_id))
    }

    /// Whether what is in memory is recent enough to decide with.
    pub(crate) fn readiness(&self) -> Result<(), String> {
        let status = self.directory.status();
        match (status.stopped, status.current_at.map(|at| self.now().since(at))) {
            (Some(reason), _) => Err(Chain(&*reason).to_string()),
            (None, Some(age)) if age <= DIRECTORY_AGE_MAX => Ok(()),
            (None, _) => Err("behind the event log".to_owned()),
        }
    }

    pub(crate) fn routing(&self) -> RoutingServiceClient<Channel> {
        RoutingServiceClient::new(self.peers.routing.clone())
    }

    pub(crate) fn saml(&self) -> SamlServiceClient<Channel> {
        SamlServiceClient::new(self.peers.saml.clone())
    }
}

fn repeat<F: Future<Output = ()> + Send + 'static>(
    every: Duration,
    stop: CancellationToken,
    work: impl Fn() -> F + Send + 'static,
) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => work().await,
            }
        }
    });
}

async fn refresh(gateway: Gateway) {
    if let Err(error) = gateway.keyring.refresh().await {
        tracing::error!(error = %Chain(&error), "the signing keys could not be read again; those in memory stay in use");
    }
}

async fn sweep(gateway: Gateway) {
    let now = gateway.now();
    let records = gateway.expiring.sweep(now, SWEEP_RECORDS_MAX).await;
    let sign_ins = gateway.trace.sweep(now).await;
    for error in records.err().into_iter().chain(sign_ins.err()) {
        tracing::warn!(error = %Chain(&error), "what has expired could not be deleted; the next round tries again");
    }
}
