//! Where the metadata of a connection comes from, and what it proposes.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use vestibule_rpc::registry::v1::{
    ApproveMetadataChangeRequest, Connection, DeclineMetadataChangeRequest, PendingMetadataChange,
    RefreshMetadataRequest, SamlIdentityProvider, connection_service_client::ConnectionServiceClient,
    refresh_metadata_response::Outcome,
};

use super::saml;
use crate::{
    command::Operator,
    output::{moment, note},
};

/// The fewest characters by which a change may be named.
const CHANGE_CHARS_MIN: usize = 8;
/// As many of them are shown.
const CHANGE_CHARS_SHOWN: usize = 16;

/// Where metadata comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct MetadataFlags {
    /// The metadata document of the identity provider.
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Where the identity provider publishes it: read at once, and again as often as the document asks for. Empty: it is
    /// imported by hand from now on.
    #[arg(long, value_name = "URL", conflicts_with = "metadata")]
    metadata_url: Option<String>,
    /// The certificate (PEM) whose key has to have signed the document at the address. An empty file pins none.
    #[arg(long, value_name = "FILE")]
    metadata_signing_certificate: Option<PathBuf>,
    /// Only observe certificates that the document adds later, until an operator trusts them.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    approve_new_certificates: Option<bool>,
}

impl MetadataFlags {
    /// Whether it says where metadata comes from.
    pub(super) const fn has_origin(&self) -> bool {
        self.metadata.is_some() || self.metadata_url.is_some()
    }

    /// Writes what is set into a message; answers the fields that it has set.
    pub(super) fn write(&self, saml: &mut SamlIdentityProvider) -> anyhow::Result<Vec<&'static str>> {
        let mut fields = Vec::new();
        if let Some(path) = &self.metadata {
            saml.metadata_xml = read(path, "metadata")?;
            fields.push("saml.metadata_xml");
        }
        if let Some(url) = &self.metadata_url {
            saml.metadata_url.clone_from(url);
            fields.push("saml.metadata_url");
        }
        if let Some(path) = &self.metadata_signing_certificate {
            read(path, "certificate")?.trim().clone_into(&mut saml.metadata_signing_certificate);
            fields.push("saml.metadata_signing_certificate");
        }
        if let Some(approve) = self.approve_new_certificates {
            saml.approve_new_certificates = approve;
            fields.push("saml.approve_new_certificates");
        }
        Ok(fields)
    }
}

fn read(path: &Path, what: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("the {what} file {}", path.display()))
}

/// Reads the metadata from its address now.
pub(super) async fn refresh(operator: &Operator, found: Connection) -> anyhow::Result<Connection> {
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let answer = client.refresh_metadata(RefreshMetadataRequest { name: found.name }).await;
    let answer = answer.map_err(|status| operator.refused(&status))?.into_inner();
    let outcome = answer.outcome();
    let connection = answer.connection.unwrap_or_default();
    let status = saml(&connection).and_then(|saml| saml.metadata_status.as_ref());
    match outcome {
        Outcome::Failed => {
            let (reason, message) = status.map_or(("", ""), |status| (&status.reason, &status.message));
            anyhow::bail!("the metadata cannot be used, and what was known before counts: {message} ({reason})")
        }
        Outcome::Changed => note("The metadata says something new."),
        Outcome::Unchanged | Outcome::Unspecified => note("The metadata says what it said before."),
    }
    Ok(connection)
}

/// Approves or declines the change that the operator names, having looked at it.
pub(super) async fn settle(
    operator: &Operator,
    found: Connection,
    change: Option<&str>,
    approve: bool,
) -> anyhow::Result<Connection> {
    let pending = saml(&found).and_then(|saml| saml.pending_metadata_change.clone());
    let pending = pending.context("the metadata proposes no change that awaits approval")?;
    let Some(change) = change else {
        anyhow::bail!(
            "look at the change, and name it to settle it:\n{}\n  --change {}",
            pending.differences.join("\n"),
            short(&pending)
        )
    };
    let is_it = change.len() >= CHANGE_CHARS_MIN && pending.change.starts_with(change);
    anyhow::ensure!(
        is_it,
        "another change awaits approval:\n{}\n  --change {}",
        pending.differences.join("\n"),
        short(&pending)
    );
    let (name, change) = (found.name, pending.change);
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let connection = if approve {
        let answer = client.approve_metadata_change(ApproveMetadataChangeRequest { name, change }).await;
        answer.map(|answer| answer.into_inner().connection)
    } else {
        let answer = client.decline_metadata_change(DeclineMetadataChangeRequest { name, change }).await;
        answer.map(|answer| answer.into_inner().connection)
    };
    Ok(connection.map_err(|status| operator.refused(&status))?.unwrap_or_default())
}

fn short(pending: &PendingMetadataChange) -> &str {
    pending.change.get(..CHANGE_CHARS_SHOWN).unwrap_or(&pending.change)
}

/// Where metadata comes from and how that goes, as people read it.
pub(super) fn lines(saml: &SamlIdentityProvider) -> String {
    if saml.metadata_url.is_empty() {
        return String::new();
    }
    let mut lines = vec![saml.metadata_url.clone()];
    let signed = !saml.metadata_signing_certificate.is_empty();
    lines.push(if signed { "signed by a pinned key" } else { "believed because it comes over TLS" }.to_owned());
    if saml.approve_new_certificates {
        lines.push("new certificates await approval".to_owned());
    }
    if let Some(status) = &saml.metadata_status {
        lines.push(format!(
            "read {}, next {}",
            moment(status.success_time.as_ref()),
            moment(status.next_time.as_ref())
        ));
        if !status.reason.is_empty() {
            lines.push(format!("failed {} times: {} ({})", status.failures, status.message, status.reason));
        }
    }
    lines.join("\n")
}

/// The change that awaits approval.
pub(super) fn pending(saml: &SamlIdentityProvider) -> String {
    let Some(pending) = &saml.pending_metadata_change else { return String::new() };
    let head = if pending.declined { "declined" } else { "awaits approval: `vestibule connection approve-metadata`" };
    format!("{} {head}\n{}", short(pending), pending.differences.join("\n"))
}
