//! What a user pool sees of the two years: whole sign-ins over the gateway, and ID tokens of keys that follow each other.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use http_body_util::BodyExt as _;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{AlgorithmParameters, JwkSet},
};
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;
use vestibule_eventlog::Filter;
use vestibule_gateway_service::{Config, Peers, SigningKeyJob};
use vestibule_host::{Job, Turn};
use vestibule_kernel::Timestamp;
use vestibule_routing_service::Config as RoutingConfig;
use vestibule_rpc::{
    Channel, memory,
    routing::v1::{
        ResolveSignInRequest, resolve_sign_in_request::Person, routing_service_client::RoutingServiceClient,
    },
};
use vestibule_saml_idp::{ResponseTerms, Subject, saml_response_value};
use vestibule_tenancy::{
    AppClientId, PoolDomain, PoolId, ProviderName, Region,
    signing_key::{CATEGORY, Event, Published},
    user_pool::{Command, NewSecret, Register, SigningAlgorithm},
};

use super::{
    provider::Provider,
    world::{PUBLIC_URL, World, moment, user_pool},
};

const CLIENT: &str = "acme-pool";

const SECRET: &str = "secret";

/// SHA-256 of [`SECRET`].
const SECRET_DIGEST: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

const REDIRECT_URI: &str = "https://login.acme.test/oauth2/idpresponse";

/// How long a token is good, and how long whoever reads the key set may keep it: as we tell them.
pub(crate) const FIVE_MINUTES: Duration = Duration::from_mins(5);

/// A user pool that signs people in through one of the connections.
pub(crate) struct Pool<'w> {
    world: &'w World,
    gateway: Router,
    routing: Channel,
    job: SigningKeyJob,
    email: String,
}

/// A key set as it was read, and when.
#[derive(Clone)]
pub(crate) struct KeySet {
    pub(crate) read_at: Timestamp,
    keys: JwkSet,
}

impl KeySet {
    /// Whether a relying party that has this copy takes the token.
    pub(crate) fn verifies(&self, token: &str) -> bool {
        let kid = decode_header(token).unwrap().kid.unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[CLIENT]);
        validation.set_issuer(&[PUBLIC_URL]);
        validation.validate_exp = false; // by the clock of the test
        let verified = |key| decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).is_ok();
        self.keys.find(&kid).is_some_and(verified)
    }

    /// How many keys of this algorithm are in it.
    pub(crate) fn count(&self) -> usize {
        let is_rsa = |key: &&jsonwebtoken::jwk::Jwk| matches!(key.algorithm, AlgorithmParameters::RSA(_));
        self.keys.keys.iter().filter(is_rsa).count()
    }
}

/// What was told of the signing keys of RS256, in the order of the days.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Fact {
    Published,
    Activated,
    Retired,
    Removed,
}

impl<'w> Pool<'w> {
    /// Registers the pool and starts what it talks to.
    pub(crate) async fn start(world: &'w World, provider: &Provider, config: &Config) -> Self {
        let register = Register {
            user_pool: user_pool(),
            region: Region::parse("eu-west-1").unwrap(),
            pool_id: PoolId::parse("eu-west-1_AbCd12345").unwrap(),
            domains: vec![PoolDomain::parse("login.acme.test").unwrap()],
            provider_name: ProviderName::parse("Vestibule").unwrap(),
            client_id: CLIENT.to_owned(),
            app_client_id: AppClientId::parse("1example23456789").unwrap(),
            signing_algorithm: SigningAlgorithm::Rs256,
            requires_email: false,
            initiate_login_uri: None,
            post_logout_redirect_uris: Vec::new(),
            secret: NewSecret { secret_id: "s1".to_owned(), digest: SECRET_DIGEST.to_owned(), now: moment(0) },
        };
        world.register(&Command::Register(register)).await;
        let domain = "people.acme.test";
        world.own(provider, domain).await;
        let routing = vestibule_routing_service::start(&world.resources, &RoutingConfig::default()).await.unwrap();
        let routing = memory::serve(routing.grpc);
        let peers = Peers { routing: routing.clone(), saml: world.channel() };
        let gateway = vestibule_gateway_service::start(&world.resources, config, peers).await.unwrap().http.unwrap();
        let job = SigningKeyJob::start(&world.resources, config).await.unwrap();
        Self { world, gateway, routing, job, email: format!("ada@{domain}") }
    }

    /// Lets the job tell what became of the keys.
    pub(crate) async fn tell(&self) {
        self.job.round(&Turn::alone()).await.unwrap();
    }

    pub(crate) async fn key_set(&self) -> KeySet {
        let (_, body) = self.send(Request::get("/oauth2/jwks").body(Body::empty()).unwrap()).await;
        KeySet { read_at: self.world.now(), keys: serde_json::from_slice(&body).unwrap() }
    }

    async fn send(&self, request: Request<Body>) -> (axum::http::HeaderMap, Vec<u8>) {
        let (parts, body) = self.gateway.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        assert!(
            parts.status.is_success() || parts.status.is_redirection(),
            "{parts:?} {}",
            String::from_utf8_lossy(&body)
        );
        (parts.headers, body)
    }

    /// From the authorization endpoint to the ID token.
    pub(crate) async fn sign_in(&self, provider: &Provider, day: i64) -> String {
        // Its memory would be a day old: let it look into the log first.
        let person = Some(Person::Email(self.email.clone()));
        let request = ResolveSignInRequest { person, fresh: true, ..Default::default() };
        RoutingServiceClient::new(self.routing.clone()).resolve_sign_in(request).await.unwrap();

        let query = encoded(&[
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid"),
            ("response_type", "code"),
            ("login_hint", &self.email),
        ]);
        let request = Request::get(format!("/oauth2/authorize?{query}")).body(Body::empty()).unwrap();
        let (headers, _) = self.send(request).await;
        let cookies =
            headers.get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let sent = headers.get(header::LOCATION).unwrap().to_str().unwrap();
        let idp = provider.on(day);
        let asked = idp.read_authn_request_redirect(sent.split_once('?').unwrap().1).unwrap();

        let terms = ResponseTerms::new(asked.acs_url.unwrap(), asked.issuer, self.world.now(), self.world.randomness());
        let response = idp.respond(&Subject::persistent("ada"), &terms.answering(&asked.id)).unwrap();
        let answer =
            encoded(&[("SAMLResponse", &saml_response_value(&response)), ("RelayState", &asked.relay_state.unwrap())]);
        let acs = format!("/saml/{}/acs", provider.connection);
        let (headers, _) = self.send(form(&acs, &cookies, answer)).await;
        let back = Url::parse(headers.get(header::LOCATION).unwrap().to_str().unwrap()).unwrap();
        let (_, code) = back.query_pairs().find(|(name, _)| name == "code").unwrap();

        let exchange = encoded(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
        ]);
        let (_, body) = self.send(form("/oauth2/token", "", exchange)).await;
        let tokens: Value = serde_json::from_slice(&body).unwrap();
        tokens["id_token"].as_str().unwrap().to_owned()
    }
}

/// What was told of the keys of RS256: on which day, of the how-manieth key, and what.
pub(crate) async fn told(world: &World) -> BTreeSet<(i64, usize, Fact)> {
    let filter = Filter { categories: vec![CATEGORY], organization: None };
    let page = world.resources.log.read_all(world.resources.log.start(), &filter, 1_000).await.unwrap();
    let (mut keys, mut told) = (Vec::new(), BTreeSet::new());
    for recorded in page.events {
        let fact = match recorded.decode::<Event>().unwrap() {
            Event::Published(Published { algorithm: SigningAlgorithm::Rs256, .. }) => {
                keys.push(recorded.stream.key().to_owned());
                Fact::Published
            }
            Event::Published(_) => continue,
            Event::Activated(_) => Fact::Activated,
            Event::Retired(_) => Fact::Retired,
            Event::Removed(_) => Fact::Removed,
        };
        let key = keys.iter().position(|key| key == recorded.stream.key());
        told.extend(key.map(|key| (day_of(recorded.recorded_at), key, fact)));
    }
    told
}

/// The day that a moment is on; the days begin five minutes before noon.
fn day_of(at: Timestamp) -> i64 {
    let since = at.plus(FIVE_MINUTES).since(moment(0));
    i64::try_from(since.as_secs() / (24 * 60 * 60)).unwrap()
}

fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn form(path: &str, cookies: &str, body: String) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.header(header::COOKIE, cookies).body(Body::from(body)).unwrap()
}
