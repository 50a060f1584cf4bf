//! The developer's commands: `cargo xtask <command>`.

mod apart;
mod ci;
mod codegen;
mod deny;
mod fuzz;
mod layers;
mod load;
mod metadata;
mod process;
mod second_opinion;
mod stage;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a developer or the build machine does in this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks everything: format, lints, dependencies, layers, generated code, tests, documents, the first run.
    Ci,
    /// Sets up what the tests talk to, runs every test, and fails when a part cannot run.
    Test(test::Arguments),
    /// Signs in as many people as it can, and prints logins a second, time for each hop and memory.
    Load(load::Arguments),
    /// Mutates hostile and genuine SAML messages and fails when an invariant breaks.
    Fuzz(fuzz::Arguments),
    /// Writes the gRPC code of `proto/` into `crates/rpc/src/generated`.
    Codegen(codegen::Arguments),
    /// Checks that crates import only what the table of layers allows.
    Layers,
    /// Checks linked packages against `deny.toml`: banned ones, second versions, licences, registries.
    Deny,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Ci => ci::run(),
        Command::Test(arguments) => test::run(&arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Layers => layers::run(),
        Command::Deny => deny::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            workspace::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
