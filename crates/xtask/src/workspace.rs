//! Where the workspace lies, and how the commands speak to the person who started them.

use std::path::{Path, PathBuf};

/// The root of the workspace, whatever folder the command was started in.
pub(crate) fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).unwrap_or(crate_folder).to_path_buf()
}

/// Prints one line for the person who started the command.
#[expect(clippy::print_stdout, reason = "the terminal is the interface of a developer's command")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Prints one line that says what went wrong.
#[expect(clippy::print_stderr, reason = "the terminal is the interface of a developer's command")]
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}
