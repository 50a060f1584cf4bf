//! Fuzzing of everything that reads what strangers send.

use anyhow::Result;

use crate::process::{cargo, run as run_visibly};

/// How long each target runs in the pipeline.
pub(crate) const SECONDS: u64 = 60;

/// One thread for each target, however few cores there are: the time is a target's own.
const THREADS: &str = "5";

/// How `cargo xtask fuzz` is called.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs; they run at the same time.
    #[arg(long, default_value_t = SECONDS)]
    pub(crate) seconds: u64,
    /// Repeats the run with this seed, which a failure has printed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Runs the targets whose name holds this only, such as `responses`.
    #[arg(default_value = "")]
    pub(crate) target: String,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { seconds: SECONDS, seed: None, target: String::new() }
    }
}

/// Runs the targets; a broken invariant prints its input and the seed.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "-p", "vestibule-saml", "--test", "saml", "--"]);
    command.arg(format!("fuzz::{}", arguments.target)).args(["--nocapture", "--test-threads", THREADS]);
    command.env("VESTIBULE_FUZZ_SECONDS", arguments.seconds.to_string());
    if let Some(seed) = arguments.seed {
        command.env("VESTIBULE_FUZZ_SEED", seed.to_string());
    }
    run_visibly(&mut command)
}
