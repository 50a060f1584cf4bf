//! A user pool with a trigger made here, and a browser in front of it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;
use vestibule_kernel::{ManualClock, SecretString, SeededIds, Timestamp};
use vestibule_sandbox::{
    bind,
    check::{Answer, Browser},
    cognito::{AppClient, Cognito, LambdaConfig, OidcProvider, PoolConfig, Surroundings, Trigger, TriggerError},
    serve,
};

use crate::provider::Provider;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const CALLBACK: &str = "http://localhost:1/callback";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

type Answering = dyn Fn(&Value) -> Result<Value, TriggerError> + Send + Sync;

/// A trigger whose answer the test decides, and which remembers the events.
pub(crate) struct ScriptedTrigger {
    pub(crate) events: Mutex<Vec<Value>>,
    answering: Mutex<Box<Answering>>,
}

#[async_trait]
impl Trigger for ScriptedTrigger {
    async fn invoke(&self, event: Value) -> Result<Value, TriggerError> {
        self.events.lock().unwrap().push(event.clone());
        let answer = (self.answering.lock().unwrap())(&event)?;
        let of_tokens = event["triggerSource"].as_str().unwrap().starts_with("TokenGeneration_");
        let container = if event["version"] == "1" { "claimsOverrideDetails" } else { "claimsAndScopeOverrideDetails" };
        let mut answered = event;
        answered["response"] = if of_tokens { json!({ container: answer }) } else { answer };
        Ok(answered)
    }
}

pub(crate) struct Fixture {
    pub(crate) url: String,
    pub(crate) cognito: Cognito,
    pub(crate) provider: Arc<Provider>,
    pub(crate) trigger: Arc<ScriptedTrigger>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) browser: Browser,
    _stop: DropGuard,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with(LambdaConfig::default()).await
    }

    pub(crate) async fn start_with(lambda_config: LambdaConfig) -> Self {
        let stop = CancellationToken::new();
        let provider = Provider::start(NOW, stop.clone()).await;
        let (listener, url) = bind(0).await.unwrap();
        let trigger = Arc::new(ScriptedTrigger {
            events: Mutex::default(),
            answering: Mutex::new(Box::new(|_| Ok(Value::Null))),
        });
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(NOW)));
        let surroundings = Surroundings {
            trigger: Arc::clone(&trigger) as Arc<dyn Trigger>,
            clock: Arc::clone(&clock) as Arc<_>,
            ids: Arc::new(SeededIds::new(1)),
        };
        let cognito = Cognito::new(PoolConfig { lambda_config, ..pool(&url, &provider.url) }, surroundings).unwrap();
        tokio::spawn(serve(listener, cognito.router(), stop.clone()));
        let browser = Browser::new().unwrap();
        Self { url, cognito, provider, trigger, clock, browser, _stop: stop.drop_guard() }
    }

    /// What the function answers: of pre token generation the override details, of others the response.
    pub(crate) fn answer_trigger(
        &self,
        answering: impl Fn(&Value) -> Result<Value, TriggerError> + Send + Sync + 'static,
    ) {
        *self.trigger.answering.lock().unwrap() = Box::new(answering);
    }

    pub(crate) fn authorize_url(&self, extra: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&format!("{}/oauth2/authorize", self.url)).unwrap();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", "app")
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("state", "app state")
            .append_pair("nonce", "app-nonce")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(extra);
        url
    }

    pub(crate) async fn authorize(&mut self, extra: &[(&str, &str)]) -> Answer {
        let url = self.authorize_url(extra);
        self.browser.get(&url).await.unwrap()
    }

    /// The provider sends the browser back with these parameters.
    pub(crate) async fn respond(&mut self, parameters: &[(&str, &str)]) -> Answer {
        let mut url = Url::parse(&format!("{}/oauth2/idpresponse", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(parameters);
        self.browser.get(&url).await.unwrap()
    }

    /// Through the provider, whatever comes of it.
    pub(crate) async fn federate(&mut self) -> Answer {
        let upstream = self.authorize(&[("identity_provider", "Vestibule"), ("prompt", "login")]).await;
        let state = upstream.location_parameter("state").unwrap();
        self.respond(&[("code", "upstream-code"), ("state", &state)]).await
    }

    /// Through the provider to the tokens.
    pub(crate) async fn sign_in(&mut self) -> Tokens {
        let answer = self.federate().await;
        let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {}", answer.problem()));
        assert_eq!(answer.location_parameter("state").unwrap(), "app state");
        self.redeem(&code).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Tokens {
        let (status, body) = self.token(&code_form(code)).await;
        assert_eq!(status, 200, "{body}");
        Tokens(body)
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
        let answer = client.post(format!("{}/oauth2/token", self.url)).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

pub(crate) fn code_form(code: &str) -> [(&str, &str); 6] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("client_secret", "app-secret"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", code),
    ]
}

/// What the token endpoint answered.
pub(crate) struct Tokens(pub(crate) Value);

impl Tokens {
    pub(crate) fn id_token(&self) -> Value {
        part(self.0["id_token"].as_str().unwrap(), 1)
    }

    pub(crate) fn access_token(&self) -> Value {
        part(self.0["access_token"].as_str().unwrap(), 1)
    }
}

/// The header (0) or the claims (1) of a JWT, without looking at its signature.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn pool(url: &str, provider_url: &str) -> PoolConfig {
    PoolConfig {
        region: "eu-west-1".to_owned(),
        pool_id: "eu-west-1_Test00001".to_owned(),
        domain_url: url.to_owned(),
        clients: vec![AppClient {
            client_id: "app".to_owned(),
            secret: Some(SecretString::from("app-secret")),
            callback_urls: vec![CALLBACK.to_owned()],
            logout_urls: vec!["http://localhost:1/".to_owned()],
            scopes: ["openid", "email", "api/read"].map(str::to_owned).into(),
            supported_providers: vec!["Vestibule".to_owned(), "COGNITO".to_owned()],
            token_lifetime: Duration::from_hours(1),
        }],
        providers: vec![OidcProvider {
            name: "Vestibule".to_owned(),
            issuer: provider_url.to_owned(),
            client_id: "cognito-at-provider".to_owned(),
            client_secret: SecretString::from("provider-secret"),
            authorize_scopes: "openid email".to_owned(),
            attribute_mapping: OidcProvider::usual_mapping(),
        }],
        required_attributes: Vec::new(),
        lambda_config: LambdaConfig::default(),
    }
}
