use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use url::Url;
use vestibule_kernel::{SystemClock, SystemIds};
use vestibule_sandbox::{
    Channels, Ports, Sandbox, SandboxConfig,
    check::{Browser, Walk},
};

use crate::Vestibule;

/// The simulated identity providers, the simulated Cognito and the demo application in this process, around services in
/// others; their organizations are onboarded.
pub struct Surroundings {
    /// The simulators, for looking into them.
    pub sandbox: Sandbox,
    app: Url,
    browser: Browser,
}

impl Surroundings {
    /// Starts the simulators around a gateway and services that this address and these channels reach.
    ///
    /// # Errors
    /// When the organizations cannot be onboarded.
    pub async fn start(gateway_url: &str, services: Channels) -> Result<Self> {
        let browser = Browser::new()?;
        let sandbox = Sandbox::start(SandboxConfig {
            ports: Ports { idp: 0, cognito: 0, app: 0 },
            gateway_url: gateway_url.to_owned(),
            services,
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            stop: CancellationToken::new(),
        });
        let sandbox = sandbox.await?;
        let app = Url::parse(&sandbox.addresses.app)?;
        Ok(Self { sandbox, app, browser })
    }

    /// Starts the simulators around one process that serves everything.
    ///
    /// # Errors
    /// When the organizations cannot be onboarded.
    pub async fn around(all: &Vestibule) -> Result<Self> {
        let gateway_url = all.addresses.gateway.as_deref().context("this process serves no gateway")?;
        let (writer, reader) = (all.writer()?, all.channel()?);
        Self::start(gateway_url, Channels { registry: writer, routing: reader.clone(), enrichment: reader }).await
    }

    /// A walk in a new browser.
    #[must_use]
    pub fn walk(&self) -> Walk {
        Walk::new(self.app.clone(), self.browser.another())
    }

    /// Where Cognito has Vestibule send people back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/oauth2/idpresponse", self.sandbox.addresses.cognito)
    }
}
