//! The whole pipeline, as the build machine runs it and as anybody can run it before pushing.

use std::time::Duration;

use anyhow::Result;

use crate::process::{cargo, run as run_visibly};
use crate::stage::Stages;
use crate::test::debian;
use crate::{apart, codegen, deny, fuzz, layers, test};

/// A pipeline that takes longer stops being run.
const LIMIT: Duration = Duration::from_mins(40);

/// Runs every stage and fails when one of them fails or all together take too long.
pub(crate) fn run() -> Result<()> {
    let mut stages = Stages::within(LIMIT);
    stages.run("fmt", || command(&["fmt", "--all", "--check"]));
    stages.run("clippy", || command(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]));
    stages.run("programs apart: fmt, clippy", judge_apart);
    stages.run("deny", || deny::run().map(|()| String::new()));
    stages.run("layers", || layers::run().map(|()| String::new()));
    stages.run("codegen", || codegen::run(&codegen::Arguments { check: true }).map(|()| String::new()));
    test::stages(&mut stages, &test::Arguments::everything());
    stages.run("fuzz", || fuzz::run(&fuzz::Arguments::default()).map(|()| format!("{} s a target", fuzz::SECONDS)));
    stages.run("doc", document);
    stages.run("first run", || command(&["run", "--locked", "--", "sandbox", "--check"]));
    stages.finish()
}

fn command(arguments: &[&str]) -> Result<String> {
    run_visibly(cargo().args(arguments))?;
    Ok(String::new())
}

/// The programs outside of the workspace are judged as everything in it is.
fn judge_apart() -> Result<String> {
    debian::install_missing()?;
    for apart in apart::ALL {
        run_visibly(apart.cargo().args(["fmt", "--check"]))?;
        run_visibly(apart.cargo().args(["clippy", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    }
    Ok(String::new())
}

fn document() -> Result<String> {
    run_visibly(cargo().env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--workspace", "--no-deps", "--locked"]))?;
    Ok(String::new())
}
