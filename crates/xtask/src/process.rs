//! Starting other programs, visibly.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{root, say};

/// Which of a program's two outputs is read along.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

/// A `cargo` command in the root of the workspace, by the cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Prints the command, runs it on the terminal, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.status().with_context(|| format!("starting {}", described(command)))?;
    ensure!(status.success(), "`{}` ended with {status}", described(command));
    Ok(())
}

/// As [`run`], and hands every line of one of the outputs to `watch` while it still goes to the terminal.
pub(crate) fn run_watched(command: &mut Command, output: Output, mut watch: impl FnMut(&str)) -> Result<()> {
    announce(command);
    match output {
        Output::Stdout => command.stdout(Stdio::piped()),
        Output::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().with_context(|| format!("starting {}", described(command)))?;
    let stream: Box<dyn std::io::Read> = match (output, child.stdout.take(), child.stderr.take()) {
        (Output::Stdout, Some(stdout), _) => Box::new(stdout),
        (Output::Stderr, _, Some(stderr)) => Box::new(stderr),
        _ => bail!("the output of {} was not captured", described(command)),
    };
    for line in BufReader::new(stream).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        say(&line);
        watch(&line);
    }
    let status = child.wait()?;
    ensure!(status.success(), "`{}` ended with {status}", described(command));
    Ok(())
}

/// Runs silently and returns what the program wrote to its standard output; a failure shows what it wrote to the other.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("starting {}", described(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}: {}", described(command), output.status, complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where a program lies on the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn announce(command: &Command) {
    say(&format!("$ {}", described(command)));
}

fn described(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
