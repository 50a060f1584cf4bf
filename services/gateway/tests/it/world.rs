//! A deployment in memory: two user pools, two organizations with a connection each, one gateway.

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use axum::Router;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use uuid::{Uuid, uuid};
use vestibule_eventlog::{EventLog, Metadata, StreamId, Transaction, Version};
use vestibule_eventlog_sqlite::SqliteStore;
use vestibule_gateway_service::{Config, Peers, start};
use vestibule_host::Resources;
use vestibule_kernel::{
    ConnectionId, ExposeSecret as _, ManualClock, OrganizationId, SecretBox, SecretBytes, SystemIds, Timestamp,
    UserPoolId,
};
use vestibule_oidc::{Algorithm, SecretDigest, SigningKey};
use vestibule_rpc::{
    Caller, Channel,
    gateway::v1::{
        GetSignInRequest, ListSignInsRequest, SignIn, sign_in_service_client::SignInServiceClient,
        signing_key_service_client::SigningKeyServiceClient,
    },
    memory,
    routing::v1::routing_service_server::RoutingServiceServer,
    saml::v1::saml_service_server::SamlServiceServer,
};
use vestibule_storage::MasterKey;
use vestibule_tenancy::{
    connection,
    user_pool::{self, Registered, SecretAdded, SigningAlgorithm},
};

use crate::{
    browser::{Answer, Browser, encode, form, send},
    peer::{Asked, Routing, Saml},
};

pub(crate) const POOL: UserPoolId = UserPoolId::from_uuid(uuid!("01890a5d-0000-7000-8000-000000000001"));
pub(crate) const OTHER_POOL: UserPoolId = UserPoolId::from_uuid(uuid!("01890a5d-0000-7000-8000-000000000002"));
pub(crate) const ACME: OrganizationId = OrganizationId::from_uuid(uuid!("01890a5d-0000-7000-8000-00000000000a"));
pub(crate) const GLOBEX: OrganizationId = OrganizationId::from_uuid(uuid!("01890a5d-0000-7000-8000-00000000000b"));
pub(crate) const ACME_CONNECTION: ConnectionId = ConnectionId::from_uuid(uuid!("01890a5d-0000-7000-8000-0000000000aa"));
/// Of Acme, and turned off.
pub(crate) const OLD_CONNECTION: ConnectionId = ConnectionId::from_uuid(uuid!("01890a5d-0000-7000-8000-0000000000fe"));
pub(crate) const GLOBEX_CONNECTION: ConnectionId =
    ConnectionId::from_uuid(uuid!("01890a5d-0000-7000-8000-0000000000bb"));
pub(crate) const PERSON: Uuid = uuid!("0f8fad5b-d9cb-469f-a165-70867728950e");
pub(crate) const IDP_RESPONSE: &str = "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse";
pub(crate) const SECRET: &str = "new secret";

static SIGNING_KEY: LazyLock<SecretBytes> = LazyLock::new(|| SigningKey::generate(Algorithm::Rs256).unwrap());

pub(crate) struct World {
    pub(crate) routes: Router,
    pub(crate) resources: Resources,
    pub(crate) store: SqliteStore,
    grpc: Routes,
    stop: CancellationToken,
    pub(crate) peers: Peers,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) asked: Arc<Mutex<Asked>>,
    sign_ins: Channel,
    _stop: DropGuard,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::at("https://login.vestibule.test").await
    }

    /// A deployment that is reached under `public_url`.
    pub(crate) async fn at(public_url: &str) -> Self {
        let start_of_time: Timestamp = "2026-11-21T07:30:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start_of_time));
        let stop = CancellationToken::new();
        let store = SqliteStore::temporary().await.unwrap();
        let resources = Resources::over(
            store.clone(),
            master(),
            public_url.parse().unwrap(),
            clock.clone(),
            Arc::new(SystemIds),
            stop.clone(),
        );
        register(&resources.log).await;
        // Made once for all tests: an RSA key takes longer than a sign-in.
        let material = SecretBytes::from(SIGNING_KEY.expose_secret().to_vec());
        resources.keys.current_with("oidc.signing.rs256", "", || material).await.unwrap();
        let asked = Arc::<Mutex<Asked>>::default();
        let saml = Saml { log: resources.log.clone(), clock: clock.clone(), asked: Arc::clone(&asked) };
        let peers = Peers {
            routing: memory::serve(Routes::new(RoutingServiceServer::new(Routing))),
            saml: memory::serve(Routes::new(SamlServiceServer::new(saml))),
        };
        let service = start(&resources, &Config::default(), peers.clone()).await.unwrap();
        Self {
            routes: service.http.unwrap(),
            sign_ins: memory::serve(service.grpc.clone()),
            grpc: service.grpc,
            store,
            stop: stop.clone(),
            resources,
            peers,
            clock,
            asked,
            _stop: stop.drop_guard(),
        }
    }

    /// Another process on the same store: what it has read of it is its own.
    pub(crate) fn another_process(&self) -> Resources {
        let Resources { public_url, clock, ids, .. } = self.resources.clone();
        Resources::over(self.store.clone(), master(), public_url, clock, ids, self.stop.clone())
    }

    /// The signing keys as they are for callers that authentication knows by this name.
    pub(crate) fn signing_keys_as(&self, actor: &str) -> SigningKeyServiceClient<Channel> {
        let caller = axum::Extension(Caller { actor: actor.to_owned() });
        let router = self.grpc.clone().into_axum_router().layer(caller);
        SigningKeyServiceClient::new(memory::serve(Routes::from(router)))
    }

    /// Another instance of the gateway on the same store.
    pub(crate) async fn another_instance(&self) -> Router {
        start(&self.resources, &Config::default(), self.peers.clone()).await.unwrap().http.unwrap()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.routes)
    }

    /// From Cognito's redirect to the identity provider's answer; the last answer is the redirect back to Cognito.
    pub(crate) async fn sign_in(&self, browser: &Browser, extra: &str, response: &str) -> Answer {
        let sent = browser.get(&authorize(&format!("&login_hint=ada%40acme.test{extra}"))).await;
        let relay_state = sent.parameter("RelayState").unwrap();
        browser.post(&acs(ACME_CONNECTION), answer(response, &relay_state)).await
    }

    /// A code, fresh from a sign-in whose assertion has this id.
    pub(crate) async fn code(&self, assertion: &str, extra: &str) -> String {
        let back = self.sign_in(&self.browser(), extra, &format!("valid:{assertion}")).await;
        back.parameter("code").unwrap()
    }

    pub(crate) async fn token(&self, body: String) -> Answer {
        send(&self.routes, form("/oauth2/token", body)).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let request = axum::http::Request::get("/oauth2/userinfo").header("authorization", format!("Bearer {token}"));
        send(&self.routes, request.body(axum::body::Body::empty()).unwrap()).await
    }

    /// The end of the event log, to see whether anything was written.
    pub(crate) async fn head(&self) -> u64 {
        self.resources.log.head().await.unwrap().position()
    }

    pub(crate) async fn find(&self, reference: &str) -> Option<SignIn> {
        let request = GetSignInRequest { name: format!("signIns/{reference}") };
        let found = SignInServiceClient::new(self.sign_ins.clone()).get_sign_in(request).await;
        found.ok().and_then(|found| found.into_inner().sign_in)
    }

    pub(crate) async fn list(&self, request: ListSignInsRequest) -> Vec<SignIn> {
        let found = SignInServiceClient::new(self.sign_ins.clone()).list_sign_ins(request).await;
        found.unwrap().into_inner().sign_ins
    }

    pub(crate) fn sign_ins(&self) -> SignInServiceClient<Channel> {
        SignInServiceClient::new(self.sign_ins.clone())
    }

    /// Waits until the trace, which accepted sign-ins reach in the background, holds one with this reason.
    pub(crate) async fn traced(&self, stage: &str, reason: &str) -> SignIn {
        tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                let found = self.list(ListSignInsRequest { reason: reason.to_owned(), ..Default::default() }).await;
                if let Some(found) = found.into_iter().find(|found| found.stage == stage) {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the sign-in reaches the trace")
    }
}

fn master() -> MasterKey {
    MasterKey::from_bytes(&SecretBox::new(Box::new([7; 32]))).unwrap()
}

/// Cognito's redirect to the authorization endpoint.
pub(crate) fn authorize(extra: &str) -> String {
    format!(
        "/oauth2/authorize?client_id=acme-pool&redirect_uri={}&scope=openid+email&response_type=code{extra}",
        encode(IDP_RESPONSE)
    )
}

pub(crate) fn acs(connection: ConnectionId) -> String {
    format!("/saml/{connection}/acs")
}

pub(crate) fn answer(saml_response: &str, relay_state: &str) -> String {
    format!("SAMLResponse={}&RelayState={}", encode(saml_response), encode(relay_state))
}

/// Cognito's token request.
pub(crate) fn exchange(code: &str) -> String {
    exchange_as("acme-pool", SECRET, code)
}

pub(crate) fn exchange_as(client: &str, secret: &str, code: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}&redirect_uri={}&client_id={client}&client_secret={}",
        encode(IDP_RESPONSE),
        encode(secret)
    )
}

async fn register(log: &EventLog) {
    register_pool(log, POOL, "acme-pool", SigningAlgorithm::Rs256, &["old secret", SECRET]).await;
    register_pool(log, OTHER_POOL, "other-pool", SigningAlgorithm::Es256, &["other secret"]).await;
    for (organization, connection) in [(ACME, ACME_CONNECTION), (GLOBEX, GLOBEX_CONNECTION)] {
        let stream = StreamId::of_id(connection::CATEGORY, Some(organization), connection.uuid());
        let created = connection::Event::from(connection::Created {
            connection,
            organization,
            display_name: "IdP".to_owned(),
            identity_provider: connection::SamlIdentityProvider {
                entity_id: "https://idp.test/metadata".to_owned(),
                single_sign_on: vec![],
                wants_authn_requests_signed: false,
                single_logout: Vec::new(),
                name_id_formats: Vec::new(),
                metadata_valid_until: None,
            },
            certificates: vec![],
        });
        append(log, stream, Version::EMPTY, &[created]).await;
    }
}

async fn register_pool(log: &EventLog, pool: UserPoolId, client: &str, alg: SigningAlgorithm, secrets: &[&str]) {
    let registered = user_pool::Event::from(Registered {
        user_pool: pool,
        region: "eu-west-1".to_owned(),
        pool_id: format!("eu-west-1_{}", client.replace('-', "")),
        domains: vec!["acme.auth.eu-west-1.amazoncognito.com".to_owned(), "login.acme.test".to_owned()],
        provider_name: "Vestibule".to_owned(),
        client_id: client.to_owned(),
        app_client_id: "app".to_owned(),
        signing_algorithm: alg,
        requires_email: false,
    });
    let added = secrets.iter().map(|secret| {
        user_pool::Event::from(SecretAdded {
            secret_id: (*secret).to_owned(),
            digest: hex::encode(SecretDigest::of(secret).bytes()),
            added_at: Timestamp::EPOCH,
        })
    });
    let addresses = user_pool::Event::from(user_pool::Updated {
        post_logout_redirect_uris: Some(vec![
            format!("https://{client}.test/"),
            format!("https://{client}.test/bye?a=b"),
        ]),
        ..user_pool::Updated::default()
    });
    let events: Vec<_> = std::iter::once(registered).chain(added).chain([addresses]).collect();
    append(log, StreamId::of_id(user_pool::CATEGORY, None, pool.uuid()), Version::EMPTY, &events).await;
}

pub(crate) async fn append<E: vestibule_decider::DomainEvent>(
    log: &EventLog,
    stream: StreamId,
    expected: Version,
    events: &[E],
) {
    let transaction = Transaction::new(Metadata::default()).append(stream, expected, events).unwrap();
    log.append(transaction).await.unwrap();
}
