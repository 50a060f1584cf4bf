use std::{ffi::OsStr, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tonic::transport::Endpoint;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use url::Url;
use vestibule_kernel::SecretString;
use vestibule_rpc::{Channel, Outgoing};

use crate::{Cli, Launch, Process, Ran, http_client, until};

/// The running program, ready to be asked; killed when it is dropped.
pub struct Vestibule {
    /// The process.
    pub process: Process,
    /// Where everything is.
    pub addresses: Addresses,
    launch: Launch,
}

/// Where everything is; sites that this process does not serve have no address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// The gRPC server.
    pub grpc: String,
    /// The gateway as browsers reach it: the issuer.
    pub gateway: Option<String>,
    /// The simulated identity providers.
    pub idp: Option<String>,
    /// The simulated Cognito.
    pub cognito: Option<String>,
    /// The demo application.
    pub app: Option<String>,
}

impl Vestibule {
    pub(crate) const fn new(process: Process, launch: Launch, addresses: Addresses) -> Self {
        Self { process, addresses, launch }
    }

    /// How it was started, with the ports that were chosen: [`Launch::start`] starts it again in the same place.
    #[must_use]
    pub const fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Where its files are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.launch.directory()
    }

    /// The operator's command line beside it.
    ///
    /// # Errors
    /// When its configuration cannot be written.
    pub fn cli(&self) -> Result<Cli> {
        Ok(self.launch.cli()?.with("VESTIBULE_SERVER", &self.addresses.grpc))
    }

    /// Runs an operator's command, such as `["org", "list"]`.
    ///
    /// # Errors
    /// When it cannot be run; how it ended is in the answer.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Ran> {
        self.cli()?.run(arguments)
    }

    /// The address of a path of the gateway.
    ///
    /// # Errors
    /// When this process serves no gateway.
    pub fn gateway(&self, path: &str) -> Result<Url> {
        site(self.addresses.gateway.as_deref(), path)
    }

    /// The address of the demo application.
    ///
    /// # Errors
    /// When this process serves none.
    pub fn app(&self) -> Result<Url> {
        site(self.addresses.app.as_deref(), "/")
    }

    /// A channel that presents no token: for what may be read.
    ///
    /// # Errors
    /// When the address is none.
    pub fn channel(&self) -> Result<Channel> {
        Ok(Outgoing::anonymous().over(self.transport()?))
    }

    /// A channel that presents the token of who may write to the registry.
    ///
    /// # Errors
    /// When there is no token.
    pub fn writer(&self) -> Result<Channel> {
        let file = self.directory().join("vestibule-data/registry.token");
        let token = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Outgoing::with_token(&SecretString::from(token.trim().to_owned()))?.over(self.transport()?))
    }

    fn transport(&self) -> Result<tonic::transport::Channel> {
        Ok(Endpoint::from_shared(self.addresses.grpc.clone())?.connect_lazy())
    }

    /// How many events the log holds, after `vestibule log verify` has found it whole.
    ///
    /// # Errors
    /// When the log is not whole.
    pub fn events(&self) -> Result<u64> {
        let report = self.run(["log", "verify", "--json"])?.json()?;
        report.get("events").and_then(Value::as_u64).context("the report names no number of events")
    }

    /// The sign-in that a reference on a page stands for, as `vestibule sign-ins show` tells it.
    ///
    /// # Errors
    /// When there is none.
    pub fn sign_in(&self, reference: &str) -> Result<Value> {
        self.run(["sign-ins", "show", reference, "--json"])?.json()
    }

    /// Waits until everything that it serves answers.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let mut health = HealthClient::new(self.transport()?);
        self.wait("gRPC health", async |_| {
            let answer = health.check(HealthCheckRequest { service: String::new() }).await;
            Ok(answer.is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving))
        })
        .await?;
        if self.launch.has_gateway() {
            let (http, address) = (http_client()?, self.gateway("/readyz")?);
            self.wait("the gateway's /readyz", async |_| {
                Ok(http.get(address.clone()).send().await.is_ok_and(|answer| answer.status().is_success()))
            })
            .await?;
        }
        if self.launch.is_sandbox() {
            // It says so when the organizations are onboarded and routed.
            self.wait("the sandbox", async |process| Ok(process.stdout().contains("Open http"))).await?;
        }
        Ok(())
    }

    async fn wait(&mut self, what: &str, mut is_there: impl AsyncFnMut(&Process) -> Result<bool>) -> Result<()> {
        let process = &mut self.process;
        let waited = until(what, async || {
            if let Some(ended) = process.ended()? {
                bail!("it ended with {ended}");
            }
            Ok(is_there(process).await?.then_some(()))
        });
        let waited = waited.await;
        waited.with_context(|| format!("vestibule {}\n{}", self.launch.arguments.join(" "), self.process.stderr()))
    }
}

fn site(base: Option<&str>, path: &str) -> Result<Url> {
    ensure!(path.starts_with('/'), "{path} is not a path");
    Ok(Url::parse(&format!("{}{path}", base.context("this process does not serve that")?))?)
}
