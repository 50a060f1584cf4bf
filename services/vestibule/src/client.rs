//! Asking a running server, and saying what it answered when it refused.

use std::{error::Error, fmt::Write, path::Path};

use tonic::{Code, Status};
use vestibule_host::peers;
use vestibule_rpc::{Channel, field_violations, reason_of};

use crate::{cli::Server, config::Config};

/// A channel to the server that the command line names.
pub(crate) fn connect(server: &Server, config: &Config) -> anyhow::Result<Channel> {
    let default_token = config.registry_token_file();
    let token = server.token_file.as_deref().or_else(|| default_token.is_file().then_some(default_token.as_path()));
    Ok(peers::connect(&server.address, server.authority_file.as_deref(), token)?)
}

/// An answer that was a refusal, in words that help.
pub(crate) fn refused(status: &Status, server: &Server, config: &Config) -> anyhow::Error {
    let mut text = match root_cause(status) {
        Some(cause) => format!("{} cannot be reached: {cause}", server.address),
        None => status.message().to_owned(),
    };
    if let Some(reason) = reason_of(status) {
        let _ = write!(text, " ({reason})");
    }
    for (field, description) in field_violations(status) {
        let line = format!("{field}: {description}");
        // A refusal of one field says so in its message already.
        if !status.message().contains(&line) {
            let _ = write!(text, "\n  {line}");
        }
    }
    if let Some(hint) = hint(status.code(), server, &config.registry_token_file()) {
        let _ = write!(text, "\n{hint}");
    }
    anyhow::Error::msg(text)
}

/// What the system said about a connection that could not be made. Servers that answer give a message, and no cause.
fn root_cause(status: &Status) -> Option<String> {
    let mut cause = status.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause.to_string())
}

fn hint(code: Code, server: &Server, token_file: &Path) -> Option<String> {
    match code {
        Code::Unavailable => Some(format!(
            "Is a server running at {}? Start one with `vestibule` or `vestibule serve all`, or name it with --server.",
            server.address
        )),
        Code::Unauthenticated | Code::PermissionDenied => Some(format!(
            "Name the file with the token by --token-file; a server that runs here wrote it to {}.",
            token_file.display()
        )),
        Code::Unimplemented => Some(format!(
            "{} does not offer this: name the process that does with --server, for `sign-ins` and `keys` the gateway's, for \
             `claims preview` enrichment's.",
            server.address
        )),
        Code::Aborted => Some("Somebody else changed it meanwhile: look at it again, then repeat.".to_owned()),
        _ => None,
    }
}
