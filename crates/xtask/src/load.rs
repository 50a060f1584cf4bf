//! Whole sign-ins against a running Vestibule: how many a second, how long each hop takes, how much memory.

use anyhow::Result;

use crate::metadata::Metadata;
use crate::process::{cargo, run as run_visibly};

/// How `cargo xtask load` is called.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measures the development build, which is not what runs in production.
    #[arg(long)]
    dev: bool,

    /// How many browsers sign in at the same time.
    #[arg(long, default_value_t = 16)]
    browsers: usize,

    /// For how long.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
}

/// Builds the program and the one that signs people in, and runs the second against the first.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (profile, folder): (&[&str], _) = if arguments.dev { (&[], "debug") } else { (&["--release"], "release") };
    run_visibly(cargo().args(["build", "--locked", "--package", "vestibule"]).args(profile))?;
    let program = Metadata::load()?.target_directory.join(folder).join("vestibule");
    let mut load = cargo();
    load.args(["run", "--locked", "--package", "vestibule-tests", "--example", "load"]).args(profile);
    load.args(["--", "--browsers", &arguments.browsers.to_string(), "--seconds", &arguments.seconds.to_string()]);
    run_visibly(load.env("VESTIBULE_TEST_BINARY", program))
}
