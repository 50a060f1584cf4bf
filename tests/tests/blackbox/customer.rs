//! A customer that is onboarded by the command line, and the user pool that its people come from.

use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;
use vestibule_sandbox::check::{Answer, Browser};
use vestibule_tests::{Vestibule, free_port, http_client, until};

use crate::provider::{Provider, parameters};

/// How long a `state` of Cognito may be.
const STATE_BYTES: usize = 4096;

/// A user pool as the gateway knows it; the test plays Cognito.
pub(crate) struct Client {
    pub(crate) issuer: Url,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) redirect_uri: String,
    pub(crate) name: String,
}

/// An organization with a verified domain and an enabled connection.
pub(crate) struct Customer {
    pub(crate) provider: Provider,
    pub(crate) organization: String,
    pub(crate) email: String,
}

/// What the token endpoint and the userinfo endpoint answered.
pub(crate) struct Tokens {
    pub(crate) id_token: Value,
    pub(crate) access_token: String,
}

impl Client {
    /// Registers a user pool, as the README says.
    pub(crate) fn register(vestibule: &Vestibule, pool_id: &str, options: &[&str]) -> Result<Self> {
        let domain = format!("localhost:{}", free_port()?);
        Self::register_at(vestibule, pool_id, &domain, options)
    }

    /// The same for a pool whose domain is known.
    pub(crate) fn register_at(vestibule: &Vestibule, pool_id: &str, domain: &str, options: &[&str]) -> Result<Self> {
        Self::register_by(vestibule, vestibule.gateway("/")?, (pool_id, domain), options)
    }

    /// The same by a process that serves the registry, for the gateway of another one.
    pub(crate) fn register_by(
        registry: &Vestibule,
        issuer: Url,
        (pool_id, domain): (&str, &str),
        options: &[&str],
    ) -> Result<Self> {
        let create = ["pool", "create", pool_id, "--domain", domain, "--app-client", "1example23456789", "--json"];
        let made = registry.run(create.iter().chain(options))?.json()?;
        let pool = &made["user_pool"];
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a text in the answer");
        Ok(Self {
            issuer,
            id: text(&pool["client_id"])?,
            secret: text(&made["client_secret"])?,
            redirect_uri: text(&pool["redirect_uris"][0])?,
            name: text(&pool["name"])?,
        })
    }

    /// The address of the authorize endpoint that Cognito would send the browser to.
    pub(crate) fn authorize_url(&self, login_hint: &str) -> Result<Url> {
        let mut url = self.issuer.join("/oauth2/authorize")?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("response_type", "code")
            .append_pair("state", &state())
            .append_pair("login_hint", login_hint);
        Ok(url)
    }

    /// From the authorize endpoint to the identity provider: the address with the AuthnRequest.
    pub(crate) async fn authorize(&self, browser: &mut Browser, customer: &Customer) -> Result<Url> {
        to_identity_provider(browser, &self.authorize_url(&customer.email)?).await
    }

    /// A whole sign-in up to the code.
    pub(crate) async fn code(&self, browser: &mut Browser, customer: &Customer) -> Result<String> {
        let location = self.authorize(browser, customer).await?;
        let answer = browser.submit(&customer.provider.answer(&location, &customer.email)?, None).await?;
        self.code_of(&answer)
    }

    /// The code in the answer of the assertion consumer service, which must lead to the pool with the `state` unchanged.
    pub(crate) fn code_of(&self, answer: &Answer) -> Result<String> {
        let back = answer.location.as_ref().with_context(|| answer.problem().to_string())?;
        assert!(back.as_str().starts_with(&format!("{}?", self.redirect_uri)), "{back}");
        let mut parameters = parameters(back);
        assert_eq!(parameters.remove("state"), Some(state()));
        parameters.remove("code").with_context(|| back.to_string())
    }

    /// What Cognito sends to the token endpoint.
    pub(crate) fn token_request(&self, code: &str) -> Vec<(String, String)> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("client_id", &self.id),
            ("client_secret", &self.secret),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Posts to the token endpoint: status and JSON.
    pub(crate) async fn token(&self, request: &[(String, String)]) -> Result<(u16, Value)> {
        let answer = http_client()?.post(self.issuer.join("/oauth2/token")?).form(request).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// Redeems a code as Cognito does.
    pub(crate) async fn redeem(&self, code: &str) -> Result<Tokens> {
        let (status, answer) = self.token(&self.token_request(code)).await?;
        assert_eq!(status, 200, "{answer}");
        let id_token = answer["id_token"].as_str().context("an ID token")?;
        let access_token = answer["access_token"].as_str().context("an access token")?.to_owned();
        Ok(Tokens { id_token: claims(id_token)?, access_token })
    }
}

impl Customer {
    /// Onboards an organization as the README says: organization, domain, connection.
    pub(crate) async fn onboard(vestibule: &Vestibule, client: &Client, slug: &str) -> Result<Self> {
        let provider = Provider::new(slug)?;
        let metadata = provider.metadata_file(vestibule)?;
        Self::onboard_with(vestibule, client, slug, provider, &metadata.to_string_lossy()).await
    }

    /// The same with another's metadata.
    pub(crate) async fn onboard_with(
        vestibule: &Vestibule,
        client: &Client,
        slug: &str,
        provider: Provider,
        metadata: &str,
    ) -> Result<Self> {
        let domain = format!("{slug}.test");
        let made = vestibule.run(["org", "create", slug, "--pool", &client.name, "--json"])?.json()?;
        vestibule.run(["domain", "create", slug, &domain, "--attest", "contract 4711"])?.ok()?;
        vestibule
            .run(["connection", "create", slug, "--metadata", metadata, "--enable", "--override-note", "test"])?
            .ok()?;
        let organization = made["name"].as_str().context("a name")?.trim_start_matches("organizations/").to_owned();
        let customer = Self { provider, organization, email: format!("ada@{domain}") };
        customer.routed(client).await?;
        Ok(customer)
    }

    /// Waits until every service knows: each follows the event log by itself.
    async fn routed(&self, client: &Client) -> Result<()> {
        let browser = Browser::new()?;
        until("the customer's sign-in to begin", async || {
            Ok(client.authorize(&mut browser.another(), self).await.ok())
        })
        .await?;
        Ok(())
    }
}

/// The `state` of a sign-in, with everything that must come back as it went.
fn state() -> String {
    let mut state = "H4sIAAAAAAAAAH-_.~ +/=%2F%20&x=1#é".repeat(STATE_BYTES / 35);
    state.push_str(&"A".repeat(STATE_BYTES - state.len()));
    state
}

/// Opens an authorize address of the gateway; it must lead to an identity provider.
pub(crate) async fn to_identity_provider(browser: &mut Browser, authorize: &Url) -> Result<Url> {
    let answer = browser.get(authorize).await?;
    let location = answer.location.clone().with_context(|| answer.problem().to_string())?;
    parameters(&location).contains_key("SAMLRequest").then_some(location).with_context(|| answer.problem().to_string())
}

/// The claims of a JWT, whose signature others verify.
pub(crate) fn claims(token: &str) -> Result<Value> {
    let payload = token.split('.').nth(1).context("a JWT")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?)
}
