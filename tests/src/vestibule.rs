use std::{ffi::OsStr, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use url::Url;
use vestibule_kernel::SecretString;
use vestibule_rpc::{Channel, Outgoing};

use crate::{Cli, Launch, Process, Ran, http_client, until};

/// The settings of what a client presents and trusts.
const REGISTRY_TOKEN: &str = "grpc.registry_token_file";
const AUTHORITY: &str = "peers.authority_file";

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
        let files = [("VESTIBULE_AUTHORITY_FILE", AUTHORITY), ("VESTIBULE_TOKEN_FILE", REGISTRY_TOKEN)];
        let cli = self.launch.cli()?.with("VESTIBULE_SERVER", &self.addresses.grpc);
        Ok(files.into_iter().fold(cli, |cli, (variable, setting)| match self.launch.file(setting) {
            Some(file) => cli.with(variable, file.to_string_lossy()),
            None => cli,
        }))
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

    /// A channel for what may be read: with the service token where one is set, otherwise without any.
    ///
    /// # Errors
    /// When the address is none, or there is no token where one is set.
    pub fn channel(&self) -> Result<Channel> {
        match self.launch.file("grpc.service_token_file") {
            Some(file) => self.channel_with(&file),
            None => Ok(Outgoing::anonymous().over(self.transport()?)),
        }
    }

    /// A channel that presents the token of who may write to the registry.
    ///
    /// # Errors
    /// When there is no token.
    pub fn writer(&self) -> Result<Channel> {
        let default = || self.directory().join("vestibule-data/registry.token");
        self.channel_with(&self.launch.file(REGISTRY_TOKEN).unwrap_or_else(default))
    }

    fn channel_with(&self, token: &Path) -> Result<Channel> {
        let token = fs::read_to_string(token).with_context(|| token.display().to_string())?;
        Ok(Outgoing::with_token(&SecretString::from(token.trim().to_owned()))?.over(self.transport()?))
    }

    /// A connection that presents nothing, made when it is first used.
    ///
    /// # Errors
    /// When the address is none, or the certificate authority cannot be read.
    pub fn transport(&self) -> Result<tonic::transport::Channel> {
        let mut endpoint = Endpoint::from_shared(self.addresses.grpc.clone())?;
        if let Some(authority) = self.launch.file(AUTHORITY).filter(|_| self.addresses.grpc.starts_with("https:")) {
            // The second one finds the provider installed.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let authority = Certificate::from_pem(fs::read(authority)?);
            endpoint = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(authority))?;
        }
        Ok(endpoint.connect_lazy())
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
