//! `vestibule` without a command, and `vestibule sandbox`: everything in one process, with simulators around it.

use std::{io::IsTerminal, net::SocketAddr, sync::Arc};

use anyhow::Context;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vestibule_host::telemetry;
use vestibule_kernel::{Clock, IdSource, SystemClock, SystemIds};
use vestibule_rpc::Channel;
use vestibule_sandbox::{
    Channels, Ports as SandboxPorts, Sandbox, SandboxConfig,
    check::{CheckOptions, FailedCheck, Services, run_check, run_forgeries},
};

use crate::{
    cli::ServiceName,
    config::Config,
    output::{line, note, properties},
    serve::{self, Ports},
    start,
};

/// Who signs in when the path is checked.
const CHECKED_PERSON: &str = "ada@acme.test";

/// How long the sandbox runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Run {
    /// Until a signal.
    UntilSignal,
    /// Until a person has signed in.
    Check,
    /// Until a person has signed in, and every forgery was refused.
    CheckWithForgeries,
}

/// Runs the sandbox.
pub(crate) async fn run(run: Run, config: &Config) -> anyhow::Result<()> {
    let mut config = config.clone();
    // A check must not disturb a sandbox that runs already, nor find what an earlier one left.
    let check = run != Run::UntilSignal;
    let scratch = if check { Some(make_private(&mut config)?) } else { None };
    let telemetry = telemetry::start(&config.telemetry, "sandbox")?;
    let stop = CancellationToken::new();
    vestibule_host::stop_on_signal(stop.clone()).context("signals")?;
    let done = run_until(run, config, stop).await;
    telemetry.shutdown();
    drop(scratch);
    done
}

/// Own files and free ports.
fn make_private(config: &mut Config) -> anyhow::Result<TempDir> {
    let scratch = tempfile::tempdir().context("a directory for the check")?;
    config.deployment.data_directory = scratch.path().join("data");
    config.grpc.listen.set_port(0);
    config.http.listen.set_port(0);
    config.sandbox.identity_provider = 0;
    config.sandbox.cognito = 0;
    config.sandbox.application = 0;
    Ok(scratch)
}

async fn run_until(run: Run, mut config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    // The simulated identity providers are on this machine, and speak plain http.
    config.registry.metadata_plain_http = true;
    for own in ["127.0.0.1", "::1"] {
        config.registry.metadata_networks.push(own.parse()?);
    }
    let ports = Ports::take(&config, true).await?;
    if let Some(address) = ports.http_address().filter(|_| run != Run::UntilSignal) {
        config.deployment.public_url = format!("http://localhost:{}", address.port()).parse()?;
    }
    let grpc_address = ports.grpc_address();
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (Arc::new(SystemClock), Arc::new(SystemIds));
    // What services follow and keep fresh stays so while running calls end.
    let drained = CancellationToken::new();
    let mut resources = start::resources(&config, clock.clone(), ids.clone(), drained.clone()).await?;
    resources.ending = stop.clone();
    let access = serve::access(&config)?;
    let (services, channel) = start::all(&resources, &config).await?;
    let workers = serve::workers(ServiceName::All, &resources, &config).await;
    let serving = tokio::spawn(ports.serve(services, access, stop.clone()));

    let sandbox = Sandbox::start(SandboxConfig {
        ports: SandboxPorts {
            idp: config.sandbox.identity_provider,
            cognito: config.sandbox.cognito,
            app: config.sandbox.application,
        },
        gateway_url: config.deployment.public_url.as_str().to_owned(),
        services: Channels { registry: channel.clone(), routing: channel.clone(), enrichment: channel.clone() },
        clock: clock.clone(),
        ids,
        stop: stop.clone(),
    });
    let lived = match sandbox.await {
        Ok(sandbox) => live(run, sandbox, channel, clock, grpc_address, &config, &stop).await,
        Err(error) => Err(error.into()),
    };
    stop.cancel();
    let served = serving.await.context("the servers ended by force")?;
    drained.cancel();
    workers.await;
    lived.and(served)
}

async fn live(
    run: Run,
    sandbox: Sandbox,
    channel: Channel,
    clock: Arc<dyn Clock>,
    grpc: SocketAddr,
    config: &Config,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let lived = if run == Run::UntilSignal {
        line(&banner(&sandbox, grpc, config));
        stop.cancelled().await;
        Ok(())
    } else {
        check_path(&sandbox, channel, clock, run == Run::CheckWithForgeries).await
    };
    sandbox.stop().await;
    lived
}

async fn check_path(sandbox: &Sandbox, channel: Channel, clock: Arc<dyn Clock>, forgeries: bool) -> anyhow::Result<()> {
    let services = Services { routing: channel.clone(), gateway: channel };
    let app = sandbox.addresses.app.parse().context("the demo application's address")?;
    let options = CheckOptions { app, email: CHECKED_PERSON.to_owned(), services, clock };
    let report = run_check(&options).await.map_err(|failed| told(failed, "the sign-in failed"))?;
    line(&report.to_string());
    note(&format!("\n{CHECKED_PERSON} signed in, and the organization is in both tokens."));
    if forgeries {
        let checks = run_forgeries(&options).await.map_err(|failed| told(failed, "a forgery was not refused"))?;
        for check in &checks {
            line(&check.to_string());
        }
        note(&format!("\nThe identity provider sent {} forgeries; each was refused.", checks.len()));
    }
    Ok(())
}

/// Prints how far it came.
fn told(failed: FailedCheck, what: &'static str) -> anyhow::Error {
    for hop in failed.hops() {
        line(&hop.to_string());
    }
    anyhow::Error::new(failed).context(what)
}

fn banner(sandbox: &Sandbox, grpc: SocketAddr, config: &Config) -> String {
    let directory = &config.deployment.data_directory;
    let places = properties(&[
        ("gateway", config.deployment.public_url.to_string()),
        ("gRPC", format!("{grpc}  registry, routing, saml, enrichment, sign-ins")),
        ("identity providers", format!("{}  simulated", sandbox.addresses.idp)),
        ("Cognito", format!("{}  simulated", sandbox.addresses.cognito)),
        ("demo application", sandbox.addresses.app.clone()),
        ("data", format!("{}  SQLite, keys, tokens; delete it to begin anew", directory.display())),
    ]);
    let (bold, plain) = if std::io::stdout().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    format!(
        "Vestibule runs, with everything around it simulated.\n\n{places}\n\
         {bold}Open {}{plain} and sign in as {CHECKED_PERSON}.\n\
         In another terminal: `vestibule org list`, `vestibule sign-ins list`. Ctrl-C ends it.\n",
        sandbox.addresses.app
    )
}
