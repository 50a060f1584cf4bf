//! Vestibule and an identity provider that others wrote, each with the other's metadata.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use url::Url;
use vestibule_sandbox::check::{Answer, Browser};
use vestibule_tests::{Interop, Launch, PeerVariable, Vestibule, http_client, required, until};

use crate::{
    customer::{Client, Customer},
    provider::Provider,
};

/// Where the application takes people who have signed out.
pub(crate) const SIGNED_OUT: &str = "https://app.acme.example/signed-out";

/// More hops than any of these walks has.
const HOPS_MAX: usize = 12;

/// Both, after they were introduced to each other.
pub(crate) struct Introduced {
    pub(crate) vestibule: Vestibule,
    pub(crate) provider: Interop,
    pub(crate) client: Client,
    pub(crate) customer: Customer,
    /// What the provider said of itself.
    pub(crate) described: Value,
    /// The connection, as `vestibule connection list` shows it.
    pub(crate) connection: Value,
}

/// How they are introduced; everything beyond the metadata.
#[derive(Default)]
pub(crate) struct Terms<'a> {
    /// Options of `vestibule connection configure`; it is not called without any.
    pub(crate) configure: &'a [&'a str],
    /// What the provider is told beside our metadata.
    pub(crate) trust: Value,
}

impl Introduced {
    /// Starts Vestibule and onboards the provider by its metadata, and Vestibule at the provider by ours.
    pub(crate) async fn new(mut provider: Interop, terms: &Terms<'_>) -> Result<Self> {
        let mut launch = Launch::serve("all")?;
        // What others wrote is a document that two engines have to agree about.
        if let Some(program) = required(PeerVariable::SecondOpinion)? {
            launch = launch.with_second_opinion("require", &program);
        }
        let vestibule = launch.start().await?;
        let options = ["--post-logout-redirect-uri", SIGNED_OUT];
        let client = Client::register(&vestibule, "eu-west-1_Interop01", &options)?;
        let described = provider.ask(&json!({ "do": "metadata" })).await?;
        let file = vestibule.directory().join("metadata.xml");
        fs::write(&file, described["metadata"].as_str().context("metadata")?)?;
        let customer =
            Customer::onboard_with(&vestibule, &client, "acme", Provider::new("acme")?, &file.to_string_lossy())
                .await?;
        if !terms.configure.is_empty() {
            let command = ["connection", "configure", "acme", "Single sign-on"];
            vestibule.run(command.iter().chain(terms.configure))?.ok()?;
        }
        let connection = vestibule.run(["connection", "show", "acme", "Single sign-on", "--json"])?.json()?;
        let mut introduced = Self { vestibule, provider, client, customer, described, connection };
        let mut trust = if terms.trust.is_null() { json!({}) } else { terms.trust.clone() };
        trust["do"] = json!("trust");
        trust["sp_metadata"] = json!(introduced.our_metadata().await?);
        introduced.provider.ask(&trust).await?;
        Ok(introduced)
    }

    /// Our metadata for the connection, as the provider fetches it.
    pub(crate) async fn our_metadata(&self) -> Result<String> {
        let address = self.saml("service_provider_metadata_url")?;
        Ok(http_client()?.get(address).send().await?.error_for_status()?.text().await?)
    }

    /// What the connection says of SAML.
    pub(crate) fn saml(&self, field: &str) -> Result<&str> {
        let value = &self.connection["saml"][field];
        value.as_str().with_context(|| format!("{field} in {:#}", self.connection))
    }

    /// From Cognito's redirect through the provider's own pages to the answer of our assertion consumer service.
    pub(crate) async fn sign_in(&self, browser: &mut Browser) -> Result<Answer> {
        let start = self.client.authorize(browser, &self.customer).await?;
        let acs: Url = self.saml("assertion_consumer_service_url")?.parse()?;
        walk(browser, &start, |answer| answer.url == acs).await
    }

    /// Where Cognito's `/logout` sends the browser.
    pub(crate) fn end_session(&self) -> Result<Url> {
        let mut url = self.vestibule.gateway("/oauth2/end_session")?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client.id)
            .append_pair("post_logout_redirect_uri", SIGNED_OUT);
        Ok(url)
    }

    /// From Cognito's redirect through the provider's own pages to the redirect back to the application.
    pub(crate) async fn sign_out(&self, browser: &mut Browser) -> Result<()> {
        let has_arrived = |answer: &Answer| answer.location.as_ref().is_some_and(|url| url.as_str() == SIGNED_OUT);
        walk(browser, &self.end_session()?, has_arrived).await?;
        Ok(())
    }

    /// Waits until the trace, which is written beside the path, tells that so many people were signed out at the
    /// provider's word.
    pub(crate) async fn heard(&self, times: usize) -> Result<()> {
        until("the trace to tell of a sign-out", async || {
            let listed = self.vestibule.run(["sign-ins", "list", "--reason", "SIGNED_OUT", "--json"])?.json()?;
            Ok((listed["sign_ins"].as_array().context("a list")?.len() == times).then_some(()))
        })
        .await
    }

    /// The claims that Cognito gets for the person who signs in.
    pub(crate) async fn claims(&self, browser: &mut Browser) -> Result<Value> {
        let accepted = self.sign_in(browser).await?;
        let code = self.client.code_of(&accepted)?;
        Ok(self.client.redeem(&code).await?.id_token)
    }
}

/// Follows redirects, signs in as Ada where a page asks who is there, and sends every other form as it is, as its script
/// would do, until the answer is the one that is wanted.
pub(crate) async fn walk(browser: &mut Browser, start: &Url, wanted: impl Fn(&Answer) -> bool) -> Result<Answer> {
    let mut answer = browser.get(start).await?;
    for _ in 0..HOPS_MAX {
        if wanted(&answer) {
            return Ok(answer);
        }
        answer = match (answer.location.clone(), answer.forms().into_iter().next()) {
            (Some(location), _) => browser.get(&location).await?,
            (None, Some(form)) if form.field("password").is_some() => {
                browser.submit(&form.with("username", "ada").with("password", "adapass"), None).await?
            }
            (None, Some(form)) => browser.submit(&form, None).await?,
            (None, None) => bail!("the walk ends at {}\n{}", answer.url, answer.body),
        };
    }
    bail!("the walk does not end: {}", answer.url)
}
