use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use tonic::{Code, Response, Status};
use url::Url;
use vestibule_kernel::{IdSource, SystemIds};
use vestibule_rpc::{
    Channel, reason_of,
    registry::v1::{
        AttestDomainRequest, Connection, CreateConnectionRequest, CreateDomainRequest, CreateTestSignInRequest, Domain,
        EnableConnectionRequest, GetConnectionRequest, GetOnboardingRequest, GetTestSignInRequest,
        ReviewMappingRequest, SamlIdentityProvider, connection, connection::IdentityProvider,
        connection_service_client::ConnectionServiceClient, domain_service_client::DomainServiceClient, onboarding,
        onboarding_service_client::OnboardingServiceClient, organization_service_client::OrganizationServiceClient,
        test_sign_in,
    },
};
use vestibule_sandbox::check::Browser;

use super::super::{crowd::Pulse, registry};
use crate::{customer::to_identity_provider, provider::Provider};

/// How long is waited before something is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// An operator's script that onboards one customer after the other, and repeats what was not answered.
pub(super) struct Operator {
    registry: Channel,
    user_pool: String,
    pulse: Arc<Pulse>,
}

/// A connection that went live, as the registry has acknowledged.
pub(super) struct Onboarded {
    /// Its resource name.
    pub(super) connection: String,
    /// Whether with an override: then nobody has reviewed or tested.
    pub(super) is_overridden: bool,
}

impl Operator {
    pub(super) const fn new(registry: Channel, user_pool: String, pulse: Arc<Pulse>) -> Self {
        Self { registry, user_pool, pulse }
    }

    /// Every third customer goes live without review and test.
    pub(super) async fn onboard_again_and_again(self) -> Result<Vec<Onboarded>> {
        let mut onboarded = Vec::new();
        loop {
            let is_last = self.pulse.is_enough();
            onboarded.push(self.onboard(onboarded.len() % 3 == 1).await?);
            if is_last {
                return Ok(onboarded);
            }
        }
    }

    async fn onboard(&self, is_overridden: bool) -> Result<Onboarded> {
        let (slug, organization) = self.organization().await?;
        self.domain(&organization, &format!("{slug}.test")).await?;
        let provider = Provider::new(&slug)?;
        let connection = self.connection(&organization, &provider).await?;
        if !is_overridden {
            self.review(&connection).await?;
            self.test(&connection, &provider).await?;
        }
        self.enable(&connection, is_overridden).await?;
        let told = insist(|| {
            let (mut client, request) = (self.onboardings(), GetOnboardingRequest { name: connection.clone() });
            async move { client.get_onboarding(request).await }
        });
        let told = told.await?.onboarding.context("an onboarding")?;
        ensure!(told.state() == onboarding::State::Complete, "{told:?}");
        Ok(Onboarded { connection, is_overridden })
    }

    fn connections(&self) -> ConnectionServiceClient<Channel> {
        ConnectionServiceClient::new(self.registry.clone())
    }

    fn onboardings(&self) -> OnboardingServiceClient<Channel> {
        OnboardingServiceClient::new(self.registry.clone())
    }

    async fn organization(&self) -> Result<(String, String)> {
        let request = registry::request(&self.user_pool);
        let made = insist(|| {
            let (mut client, request) = (OrganizationServiceClient::new(self.registry.clone()), request.clone());
            async move { client.create_organization(request).await }
        });
        let made = made.await?.organization.context("an organization")?;
        self.pulse.step();
        Ok((made.slug, made.name))
    }

    async fn domain(&self, organization: &str, name: &str) -> Result<()> {
        let request = CreateDomainRequest {
            parent: organization.to_owned(),
            domain: Some(Domain { domain_name: name.to_owned(), ..Domain::default() }),
            request_id: request_id(),
        };
        let client = || DomainServiceClient::new(self.registry.clone());
        let made = insist(|| {
            let (mut client, request) = (client(), request.clone());
            async move { client.create_domain(request).await }
        });
        let name = made.await?.domain.context("a domain")?.name;
        self.pulse.step();
        let request = AttestDomainRequest { name, note: "contract".to_owned(), ..AttestDomainRequest::default() };
        let attested = insist(|| {
            let (mut client, request) = (client(), request.clone());
            async move { client.attest_domain(request).await }
        });
        attested.await?;
        self.pulse.step();
        Ok(())
    }

    async fn connection(&self, organization: &str, provider: &Provider) -> Result<String> {
        let saml =
            SamlIdentityProvider { metadata_xml: provider.idp.metadata_xml(), ..SamlIdentityProvider::default() };
        let connection = Connection {
            display_name: "Single sign-on".to_owned(),
            identity_provider: Some(IdentityProvider::Saml(saml)),
            ..Connection::default()
        };
        let (parent, connection) = (organization.to_owned(), Some(connection));
        let request = CreateConnectionRequest { parent, connection, request_id: request_id() };
        let made = insist(|| {
            let (mut client, request) = (self.connections(), request.clone());
            async move { client.create_connection(request).await }
        });
        let name = made.await?.connection.context("a connection")?.name;
        self.pulse.step();
        Ok(name)
    }

    /// Looks, and says that it is right; again when something else happened meanwhile.
    async fn review(&self, connection: &str) -> Result<()> {
        loop {
            let request = GetConnectionRequest { name: connection.to_owned() };
            let seen = insist(|| {
                let (mut client, request) = (self.connections(), request.clone());
                async move { client.get_connection(request).await }
            });
            let etag = seen.await?.connection.context("a connection")?.etag;
            let request = ReviewMappingRequest { name: connection.to_owned(), etag };
            match self.onboardings().review_mapping(request).await {
                Ok(_) => break,
                Err(status) if is_to_be_repeated(&status) => tokio::time::sleep(PAUSE).await,
                Err(status) => return Err(status.into()),
            }
        }
        self.pulse.step();
        Ok(())
    }

    /// Has the customer's IT admin try it until it has passed.
    async fn test(&self, connection: &str, provider: &Provider) -> Result<()> {
        loop {
            let request = CreateTestSignInRequest { connection: connection.to_owned(), lifetime: None };
            let made = insist(|| {
                let (mut client, request) = (self.onboardings(), request.clone());
                async move { client.create_test_sign_in(request).await }
            });
            let made = made.await?;
            // Whoever has not seen the page asks what came of it.
            let _ = try_it(&made.url.parse()?, provider).await;
            self.pulse.step();
            let name = made.test_sign_in.context("a test")?.name;
            let request = GetTestSignInRequest { name };
            let told = insist(|| {
                let (mut client, request) = (self.onboardings(), request.clone());
                async move { client.get_test_sign_in(request).await }
            });
            if told.await?.test_sign_in.context("a test")?.state() == test_sign_in::State::Passed {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn enable(&self, connection: &str, is_overridden: bool) -> Result<()> {
        let override_note = if is_overridden { "as agreed".to_owned() } else { String::new() };
        let request = EnableConnectionRequest { name: connection.to_owned(), etag: String::new(), override_note };
        let enabled = insist(|| {
            let (mut client, request) = (self.connections(), request.clone());
            async move { client.enable_connection(request).await }
        });
        let enabled = enabled.await?.connection.context("a connection")?;
        ensure!(enabled.state() == connection::State::Enabled, "{enabled:?}");
        self.pulse.step();
        Ok(())
    }
}

async fn try_it(link: &Url, provider: &Provider) -> Result<()> {
    let mut browser = Browser::new()?;
    let at_provider = to_identity_provider(&mut browser, link).await?;
    browser.submit(&provider.answer(&at_provider, "ada@acme.test")?, None).await?;
    Ok(())
}

/// Repeats what was not answered, or what met a change of somebody else's.
async fn insist<T, F>(call: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    loop {
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if is_to_be_repeated(&status) => tokio::time::sleep(PAUSE).await,
            Err(status) => return Err(status.into()),
        }
    }
}

fn is_to_be_repeated(status: &Status) -> bool {
    let is_of_the_moment = status.code() == Code::Aborted && reason_of(status).is_some();
    registry::is_silence(status.code()) || is_of_the_moment
}

fn request_id() -> String {
    let ids: &dyn IdSource = &SystemIds;
    ids.uuid_v4().to_string()
}
