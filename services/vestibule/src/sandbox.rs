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
    check::{CheckOptions, Services, run_check},
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

/// Runs the sandbox until a signal, or, for a check, until a person has signed in.
pub(crate) async fn run(check: bool, config: &Config) -> anyhow::Result<()> {
    let mut config = config.clone();
    // A check must not disturb a sandbox that runs already, nor find what an earlier one left.
    let scratch = if check { Some(make_private(&mut config)?) } else { None };
    let telemetry = telemetry::start(&config.telemetry, "sandbox")?;
    let stop = CancellationToken::new();
    vestibule_host::stop_on_signal(stop.clone()).context("signals")?;
    let done = run_until(check, config, stop).await;
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

async fn run_until(check: bool, mut config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    let ports = Ports::take(&config, true).await?;
    if let Some(address) = ports.http_address().filter(|_| check) {
        config.deployment.public_url = format!("http://localhost:{}", address.port()).parse()?;
    }
    let grpc_address = ports.grpc_address();
    let (clock, ids): (Arc<dyn Clock>, Arc<dyn IdSource>) = (Arc::new(SystemClock), Arc::new(SystemIds));
    // What services follow and keep fresh stays so while running calls end.
    let drained = CancellationToken::new();
    let resources = start::resources(&config, clock.clone(), ids.clone(), drained.clone()).await?;
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
        Ok(sandbox) => live(check, sandbox, channel, clock, grpc_address, &config, &stop).await,
        Err(error) => Err(error.into()),
    };
    stop.cancel();
    let served = serving.await.context("the servers ended by force")?;
    drained.cancel();
    workers.await;
    lived.and(served)
}

async fn live(
    check: bool,
    sandbox: Sandbox,
    channel: Channel,
    clock: Arc<dyn Clock>,
    grpc: SocketAddr,
    config: &Config,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let lived = if check {
        check_path(&sandbox, channel, clock).await
    } else {
        line(&banner(&sandbox, grpc, config));
        stop.cancelled().await;
        Ok(())
    };
    sandbox.stop().await;
    lived
}

async fn check_path(sandbox: &Sandbox, channel: Channel, clock: Arc<dyn Clock>) -> anyhow::Result<()> {
    let services = Services { routing: channel.clone(), gateway: channel };
    let app = sandbox.addresses.app.parse().context("the demo application's address")?;
    let options = CheckOptions { app, email: CHECKED_PERSON.to_owned(), services, clock };
    match run_check(&options).await {
        Ok(report) => {
            line(&report.to_string());
            note(&format!("\n{CHECKED_PERSON} signed in, and the organization is in both tokens."));
            Ok(())
        }
        Err(failed) => {
            for hop in failed.hops() {
                line(&hop.to_string());
            }
            Err(anyhow::Error::new(failed).context("the sign-in failed"))
        }
    }
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
