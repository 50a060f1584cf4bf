//! `vestibule-provisioner`: keeps SCIM services as the registry knows the people.

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::Parser;
use tokio_util::sync::CancellationToken;
use vestibule_host::{config::Flags, telemetry};
use vestibule_kernel::Chain;
use vestibule_provisioner::{config::Config, run, run_once};

/// The exit code for configuration that cannot be used (`EX_USAGE` of sysexits).
const EXIT_USAGE: u8 = 64;

/// Creates, updates and deactivates the users and groups of SCIM 2.0 services as Vestibule's events tell of people.
///
/// It consumes Vestibule's events on NATS, asks the registry how people are, and compares everything when it starts.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file; `deploy/provisioner.toml` shows every setting.
    #[arg(long, env = "VESTIBULE_PROVISIONER_CONFIG")]
    config: Option<PathBuf>,
    /// Sets one setting; may be given several times. `VESTIBULE__SECTION__KEY` does the same.
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Compares everything once, and ends: with an error when something still differs.
    #[arg(long)]
    once: bool,
    /// Only checks the configuration.
    #[arg(long, conflicts_with = "once")]
    check_config: bool,
}

fn main() -> ExitCode {
    vestibule_host::install_crypto_provider();
    let arguments = Arguments::parse();
    let config = vestibule_host::config::load::<Config>(arguments.config.as_deref(), Flags(arguments.set.clone()));
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if arguments.check_config {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(start(arguments.once, &config)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn start(once: bool, config: &Config) -> Result<(), Box<dyn Error>> {
    let telemetry = telemetry::start(&config.telemetry, "provisioner")?;
    let stop = CancellationToken::new();
    vestibule_host::stop_on_signal(stop.clone())?;
    let done = if once { run_once(config, &stop).await } else { run(config, stop).await };
    telemetry.shutdown();
    Ok(done?)
}

fn setting(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[expect(clippy::print_stderr, reason = "there is no log yet, or no longer")]
fn complain(error: &dyn Error) {
    eprintln!("error: {}", Chain(error));
}
