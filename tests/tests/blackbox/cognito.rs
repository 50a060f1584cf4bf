//! The simulated Cognito in the test's own process, in front of a Vestibule that was onboarded by the command line.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;
use vestibule_kernel::{SecretString, SystemClock, SystemIds};
use vestibule_rpc::Channel;
use vestibule_sandbox::{
    bind,
    check::{Browser, Form},
    cognito::{
        AppClient, Cognito, EnrichmentTrigger, LambdaConfig, LambdaVersion, OidcProvider, PoolConfig, Surroundings,
    },
    serve,
};
use vestibule_tests::{Vestibule, http_client};

use crate::{
    customer::{Client, Customer, claims, to_identity_provider},
    provider::parameters,
};

pub(crate) const POOL_ID: &str = "eu-west-1_Onboard01";
pub(crate) const APP: &str = "1example23456789";
const APP_SECRET: &str = "the secret of the application";
const CALLBACK: &str = "http://localhost:1/callback";

/// A user pool with its domain, registered by the command line.
pub(crate) struct Pool {
    url: String,
    pub(crate) client: Client,
    _stop: DropGuard,
}

/// What the application gets.
pub(crate) struct AppTokens {
    pub(crate) id: Value,
    pub(crate) access: Value,
    pub(crate) refresh: String,
}

impl Pool {
    pub(crate) async fn start(vestibule: &Vestibule) -> Result<Self> {
        Self::start_before(vestibule, vestibule.gateway("/")?, vestibule.channel()?).await
    }

    /// The same for services apart.
    pub(crate) async fn start_before(registry: &Vestibule, gateway: Url, enrichment: Channel) -> Result<Self> {
        let (listener, url) = bind(0).await?;
        let domain = url.trim_start_matches("http://");
        let client = Client::register_by(registry, gateway, (POOL_ID, domain), &[])?;
        let config = PoolConfig {
            region: "eu-west-1".to_owned(),
            pool_id: POOL_ID.to_owned(),
            domain_url: url.clone(),
            clients: vec![AppClient {
                client_id: APP.to_owned(),
                secret: Some(SecretString::from(APP_SECRET)),
                callback_urls: vec![CALLBACK.to_owned()],
                logout_urls: Vec::new(),
                scopes: ["openid", "email", "api/read"].map(str::to_owned).into(),
                supported_providers: vec!["Vestibule".to_owned()],
                token_lifetime: Duration::from_hours(1),
            }],
            providers: vec![OidcProvider {
                name: "Vestibule".to_owned(),
                issuer: client.issuer.as_str().trim_end_matches('/').to_owned(),
                client_id: client.id.clone(),
                client_secret: SecretString::from(client.secret.clone()),
                authorize_scopes: "openid email profile".to_owned(),
                attribute_mapping: OidcProvider::usual_mapping(),
            }],
            required_attributes: Vec::new(),
            lambda_config: LambdaConfig { pre_token_generation: LambdaVersion::V3, ..LambdaConfig::every() },
        };
        let surroundings = Surroundings {
            trigger: Arc::new(EnrichmentTrigger::new(enrichment)),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        };
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, Cognito::new(config, surroundings)?.router(), stop.clone()));
        Ok(Self { url, client, _stop: stop.drop_guard() })
    }

    /// A whole sign-in: application, Cognito, Vestibule, identity provider, and back.
    pub(crate) async fn sign_in(&self, customer: &Customer) -> Result<AppTokens> {
        let mut browser = Browser::new()?;
        let location = self.begin(&mut browser, &customer.email).await?;
        self.finish(&mut browser, &customer.provider.answer(&location, &customer.email)?).await
    }

    /// From the application to the identity provider that Vestibule sends the browser to.
    pub(crate) async fn begin(&self, browser: &mut Browser, login_hint: &str) -> Result<Url> {
        leave(browser, self.authorize_url(login_hint)?).await
    }

    /// The same for somebody who has been refused: Cognito's cookie would answer with whom they were for the rest of its hour.
    pub(crate) async fn begin_again(&self, browser: &mut Browser, login_hint: &str) -> Result<Url> {
        let mut authorize = self.authorize_url(login_hint)?;
        authorize.query_pairs_mut().append_pair("prompt", "login");
        leave(browser, authorize).await
    }

    fn authorize_url(&self, login_hint: &str) -> Result<Url> {
        let mut authorize: Url = format!("{}/oauth2/authorize", self.url).parse()?;
        authorize
            .query_pairs_mut()
            .append_pair("client_id", APP)
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid email")
            .append_pair("state", "of-the-application")
            .append_pair("identity_provider", "Vestibule")
            .append_pair("login_hint", login_hint);
        Ok(authorize)
    }

    /// From the identity provider's answer to the application's tokens.
    pub(crate) async fn finish(&self, browser: &mut Browser, answer: &Form) -> Result<AppTokens> {
        let answer = browser.submit(answer, None).await?;
        let idpresponse = answer.location.clone().with_context(|| answer.problem().to_string())?;
        let callback = browser.get(&idpresponse).await?.location.context("Cognito sends the browser back")?;
        let parameters = parameters(&callback);
        ensure!(callback.as_str().starts_with(CALLBACK) && parameters.contains_key("code"), "{callback}");
        assert_eq!(parameters["state"], "of-the-application");
        let (status, tokens) =
            self.token(&[("grant_type", "authorization_code"), ("code", &parameters["code"])]).await?;
        assert_eq!(status, 200, "{tokens}");
        let text = |name: &str| tokens[name].as_str().context("a token");
        Ok(AppTokens {
            id: claims(text("id_token")?)?,
            access: claims(text("access_token")?)?,
            refresh: text("refresh_token")?.to_owned(),
        })
    }

    /// Refreshes the tokens, as an application does every hour.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<(u16, Value)> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// An access token of the app client's own.
    pub(crate) async fn client_token(&self) -> Result<Value> {
        let fields = [("grant_type", "client_credentials"), ("scope", "api/read")];
        let (status, tokens) = self.token(&fields).await?;
        ensure!(status == 200, "{tokens}");
        claims(tokens["access_token"].as_str().context("a token")?)
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Result<(u16, Value)> {
        let request = http_client()?.post(format!("{}/oauth2/token", self.url));
        let common = [("redirect_uri", CALLBACK), ("client_id", APP), ("client_secret", APP_SECRET)];
        let fields: Vec<_> = fields.iter().copied().chain(common).collect();
        let answer = request.form(&fields).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }
}

/// From Cognito to the identity provider.
async fn leave(browser: &mut Browser, authorize: Url) -> Result<Url> {
    let vestibule = browser.get(&authorize).await?.location.context("Cognito sends the browser on")?;
    to_identity_provider(browser, &vestibule).await
}
