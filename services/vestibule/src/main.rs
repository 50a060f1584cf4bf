//! Vestibule: every service in one process, the sandbox around them, and the operator's command line.

mod cli;
mod client;
mod command;
mod config;
mod input;
mod nats;
mod output;
mod sandbox;
mod serve;
mod start;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use vestibule_host::config::Flags;

use crate::{
    cli::{Cli, Command, ServiceName},
    command::Operator,
    config::Config,
};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code for configuration that cannot be used (`EX_USAGE` of sysexits).
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    vestibule_host::install_crypto_provider();
    let cli = Cli::parse();
    let flags = Flags(cli.settings.set.clone());
    let config = match vestibule_host::config::load::<Config>(cli.settings.config.as_deref(), flags) {
        Ok(config) => config,
        Err(error) => {
            output::note(&format!("error: {}", vestibule_kernel::Chain(&error)));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli, config)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli, config: Config) -> anyhow::Result<()> {
    match cli.command {
        None => Box::pin(sandbox::run(sandbox::Run::UntilSignal, &config)).await,
        Some(Command::Sandbox(sandbox)) => Box::pin(sandbox::run(sandbox.run(), &config)).await,
        Some(Command::Serve(serve)) if serve.check_config => check_config(serve.service, &config),
        Some(Command::Serve(serve)) => serve::run(serve.service, label(serve.service), &config).await,
        Some(Command::Org(client)) => {
            let operator = Operator::new(&client, config)?;
            command::org::run(client.command, &operator).await
        }
        Some(Command::Domain(client)) => {
            let operator = Operator::new(&client, config)?;
            command::domain::run(client.command, &operator).await
        }
        Some(Command::Connection(client)) => {
            let operator = Operator::new(&client, config)?;
            command::connection::run(client.command, &operator).await
        }
        Some(Command::Directory(client)) => {
            let operator = Operator::new(&client, config)?;
            command::directory::run(client.command, &operator).await
        }
        Some(Command::Onboarding(client)) => {
            let operator = Operator::new(&client, config)?;
            command::onboarding::run(client.command, &operator).await
        }
        Some(Command::Certificates(client)) => {
            let operator = Operator::new(&client, config)?;
            command::certificates::run(client.command, &operator).await
        }
        Some(Command::Keys(client)) => {
            let operator = Operator::new(&client, config)?;
            command::keys::run(client.command, &operator).await
        }
        Some(Command::Person(client)) => {
            let operator = Operator::new(&client, config)?;
            command::person::run(client.command, &operator).await
        }
        Some(Command::Pool(client)) => {
            let operator = Operator::new(&client, config)?;
            command::pool::run(client.command, &operator).await
        }
        Some(Command::Saml(client)) => {
            let operator = Operator::new(&client, config)?;
            command::saml::run(client.command, &operator).await
        }
        Some(Command::Claims(client)) => {
            let operator = Operator::new(&client, config)?;
            command::claims::run(client.command, &operator).await
        }
        Some(Command::SignIns(client)) => {
            let operator = Operator::new(&client, config)?;
            command::sign_ins::run(client.command, &operator).await
        }
        Some(Command::Events(client)) => {
            let operator = Operator::new(&client, config)?;
            command::events::run(client.command, &operator).await
        }
        Some(Command::Log(log)) => command::log::run(log.command, &config).await,
        Some(Command::Nats(nats)) => command::nats::run(nats.command, &config).await,
        Some(Command::Tls(tls)) => command::tls::run(tls.command),
        Some(Command::Health(health)) => command::health::run(&health, &config).await,
    }
}

/// Settings that only some services need are checked for the one that is named.
fn check_config(service: ServiceName, config: &Config) -> anyhow::Result<()> {
    if service == ServiceName::Gateway {
        anyhow::ensure!(
            config.peers.routing.is_some() && config.peers.saml.is_some(),
            "configuration: peers: the gateway needs peers.routing and peers.saml, such as https://routing:8801"
        );
    }
    if service == ServiceName::Scim {
        anyhow::ensure!(
            config.peers.registry.is_some(),
            "configuration: peers: the SCIM edge needs peers.registry, such as https://registry:8801"
        );
    }
    output::line(&serde_json::to_string_pretty(config)?);
    Ok(())
}

/// The name by which logs and telemetry know the process.
fn label(service: ServiceName) -> &'static str {
    match service {
        ServiceName::Registry => "registry",
        ServiceName::Routing => "routing",
        ServiceName::Saml => "saml",
        ServiceName::Enrichment => "enrichment",
        ServiceName::Gateway => "gateway",
        ServiceName::Scim => "scim",
        ServiceName::All => "all",
    }
}
