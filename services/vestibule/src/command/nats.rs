//! `vestibule nats`: what lies in JetStream for a deployment.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Subcommand;
use vestibule_bus_nats::{Administrator, Danger, Declaration, Plan};

use super::dead_letters;
use crate::{config::Config, input, output::line};

/// The declaration that the program comes with.
const DECLARATION: &str = include_str!("../../../../deploy/nats/jetstream.toml");

/// What to do where no address is configured.
pub(super) const NO_ADDRESS: &str = "nats.url is not set: give --config with the settings of the registry's process, or --set nats.url=nats://host:4222";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make streams, consumers and buckets as declared. Doing it again changes nothing; what is not declared is left alone.
    Apply {
        /// The declaration; that of `deploy/nats/jetstream.toml` when absent.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Print what differs, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Also make changes that lose something, such as a shorter retention.
        #[arg(long)]
        force: bool,
    },
    /// Print the declaration that the program comes with.
    Declaration,
    /// What consumers have set aside because nothing helped.
    DeadLetters {
        #[command(subcommand)]
        command: dead_letters::Command,
    },
}

pub(crate) async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::Declaration => {
            line(DECLARATION.trim_end());
            Ok(())
        }
        Command::DeadLetters { command } => dead_letters::run(command, config).await,
        Command::Apply { file, dry_run, force } => {
            let text = match &file {
                Some(file) => input::read(file)?,
                None => DECLARATION.to_owned(),
            };
            let declaration: Declaration = toml::from_str(&text).context("the declaration")?;
            let declaration = declaration.of_deployment(&config.deployment.environment, &config.nats.stream)?;
            apply(&declaration, config, dry_run, force).await
        }
    }
}

async fn apply(declaration: &Declaration, config: &Config, dry_run: bool, force: bool) -> anyhow::Result<()> {
    let settings = config.nats.connection(&config.deployment).context(NO_ADDRESS)?;
    if config.nats.manage_stream {
        declaration.agrees_with(&settings.stream)?;
    }
    let administrator = Administrator::connect(&settings).await?;
    let plan = administrator.plan(declaration).await?;
    for change in plan.changes() {
        line(&change.to_string());
    }
    if plan.is_empty() {
        line("everything is as declared");
        return Ok(());
    }
    refuse_dangers(&plan, force)?;
    if dry_run {
        line("nothing was changed");
        return Ok(());
    }
    administrator.apply(plan).await?;
    let left = administrator.plan(declaration).await?;
    let rest: Vec<String> = left.changes().map(ToString::to_string).collect();
    ensure!(left.is_empty(), "the server took the changes and still differs:\n{}", rest.join("\n"));
    line("everything is as declared now");
    Ok(())
}

fn refuse_dangers(plan: &Plan, force: bool) -> anyhow::Result<()> {
    let impossible = plan.dangers().any(|(_, danger)| danger == Danger::Impossible);
    ensure!(!impossible, "some of it cannot be changed: remove by hand what is there, or declare it as it is");
    ensure!(force || plan.dangers().next().is_none(), "some of it loses something: add --force if that is meant");
    Ok(())
}
