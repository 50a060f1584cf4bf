//! Runs the tests and counts them: a run in which nothing ran, or in which something was left out, has not passed.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Arguments, Environment};
use crate::apart;
use crate::process::{Output, cargo, find, run_watched};

/// How many tests ran, and how many were left out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Count {
    ran: u32,
    skipped: u32,
}

/// Runs the tests with nextest where it is installed, otherwise with cargo's own runner.
pub(super) fn tests(arguments: &Arguments, environment: &Environment) -> Result<String> {
    let mut command = cargo();
    let nextest = find("cargo-nextest").is_some();
    if nextest {
        command.args(["nextest", "run", "--locked", "--profile", "ci", "--no-tests", "fail"]);
    } else {
        command.args(["test", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    }
    if arguments.only.is_empty() {
        command.arg("--workspace");
    }
    for package in arguments.only.iter().filter(|package| apart::ALL.iter().all(|apart| apart.package != *package)) {
        command.args(["--package", package]);
    }
    if nextest {
        command.args(&arguments.names);
    } else {
        command.arg("--").args(&arguments.names);
    }
    command.envs(environment.iter().map(|(key, value)| (key, value)));
    let count = if nextest { counted(&mut command, Output::Stderr, nextest_summary)? } else { by_cargo(&mut command)? };
    judged(count, arguments.is_everything())
}

/// Runs the tests of the workspace in another folder.
pub(super) fn beside(folder: &Path, arguments: &Arguments, environment: &Environment) -> Result<String> {
    let mut command = cargo();
    command.current_dir(folder).args(["test", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"]);
    command.arg("--").args(&arguments.names).envs(environment.iter().map(|(key, value)| (key, value)));
    let count = by_cargo(&mut command)?;
    if arguments.names.is_empty() { judged(count, true) } else { Ok(format!("{} tests", count.ran)) }
}

/// Runs the examples in the documentation.
pub(super) fn doctests(environment: &Environment) -> Result<String> {
    let mut command = cargo();
    command.args(["test", "--doc", "--workspace", "--locked"]);
    command.envs(environment.iter().map(|(key, value)| (key, value)));
    judged(by_cargo(&mut command)?, true)
}

fn by_cargo(command: &mut Command) -> Result<Count> {
    counted(command, Output::Stdout, cargo_summary)
}

fn counted(command: &mut Command, output: Output, read: fn(&str) -> Option<Count>) -> Result<Count> {
    let mut sum = Count::default();
    run_watched(command, output, |line| {
        if let Some(count) = read(line) {
            sum = Count { ran: sum.ran + count.ran, skipped: sum.skipped + count.skipped };
        }
    })?;
    Ok(sum)
}

fn judged(count: Count, everything: bool) -> Result<String> {
    ensure!(count.ran > 0, "no test ran");
    ensure!(!everything || count.skipped == 0, "{} tests were left out", count.skipped);
    Ok(format!("{} tests", count.ran))
}

/// Reads `     Summary [   0.512s] 12 tests run: 11 passed (1 slow), 1 failed, 0 skipped`.
fn nextest_summary(line: &str) -> Option<Count> {
    let (_, counts) = line.trim_start().strip_prefix("Summary [")?.split_once(']')?;
    Some(Count { ran: number_before(counts, " test")?, skipped: number_before(counts, " skipped").unwrap_or(0) })
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.14s`.
fn cargo_summary(line: &str) -> Option<Count> {
    let counts = line.strip_prefix("test result: ")?;
    Some(Count { ran: number_before(counts, " passed")?, skipped: number_before(counts, " ignored").unwrap_or(0) })
}

fn number_before(text: &str, word: &str) -> Option<u32> {
    let (before, _) = text.split_once(word)?;
    before.rsplit(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_understood() {
        let nextest = "     Summary [   0.512s] 12 tests run: 11 passed (1 slow), 1 failed, 3 skipped";
        assert_eq!(nextest_summary(nextest), Some(Count { ran: 12, skipped: 3 }));
        let one = "     Summary [   0.005s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(nextest_summary(one), Some(Count { ran: 1, skipped: 0 }));
        let cargo = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.14s";
        assert_eq!(cargo_summary(cargo), Some(Count { ran: 3, skipped: 1 }));
        assert_eq!(nextest_summary("        PASS [   0.005s] xtask tests"), None);
        assert_eq!(cargo_summary("running 3 tests"), None);
    }

    #[test]
    fn a_run_without_tests_or_with_tests_left_out_has_not_passed() {
        assert!(judged(Count { ran: 0, skipped: 0 }, false).is_err());
        assert!(judged(Count { ran: 5, skipped: 1 }, true).is_err());
        assert!(judged(Count { ran: 5, skipped: 1 }, false).is_ok(), "the developer asked for fewer");
        assert!(judged(Count { ran: 5, skipped: 0 }, true).is_ok());
    }
}
