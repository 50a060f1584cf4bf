//! `vestibule log`: the proof that nobody has changed the event log, and the snapshots of views. Works on the store itself,
//! not through a server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{
    checkpoint::Signer,
    export::{Export, run_exporter},
    verify::{Finding, Progress, Report, verify},
};
use vestibule_host::Resources;
use vestibule_kernel::{Chain, SystemClock, SystemIds};

use crate::{
    cli::LogCommand,
    config::Config,
    output::{line, note, properties},
    start,
};

/// How many events lie between two lines of progress.
const PROGRESS_EVENTS: u64 = 100_000;

pub(crate) async fn run(command: LogCommand, config: &Config) -> anyhow::Result<()> {
    let resources =
        start::resources(config, Arc::new(SystemClock), Arc::new(SystemIds), CancellationToken::new()).await?;
    let signer = Signer::new(resources.keys.clone());
    match command {
        LogCommand::Checkpoint { to } => {
            let directory = to.unwrap_or_else(|| config.checkpoint_directory());
            let mut export = Export::open(&directory).await?;
            let added = export.catch_up(&*resources.archive, &signer, &*resources.clock).await?;
            line(&format!("{added} checkpoints added to {}", directory.display()));
            Ok(())
        }
        LogCommand::DropSnapshots => {
            let dropped = resources.snapshots().clear().await?;
            line(&format!("{dropped} snapshots removed"));
            Ok(())
        }
        LogCommand::Verify { checkpoints, json } => {
            let directory = checkpoints.unwrap_or_else(|| config.checkpoint_directory());
            let trust = signer.trust().await?;
            let mut told = 0;
            let progress = |at: Progress| {
                if at.position >= told + PROGRESS_EVENTS {
                    told = at.position;
                    note(&format!("{} of {} positions verified", at.position, at.head));
                }
            };
            let report = verify(&*resources.archive, &directory, &trust, progress).await?;
            let text = if json { serde_json::to_string_pretty(&as_json(&report))? } else { human(&report) };
            line(text.trim_end());
            anyhow::ensure!(report.is_clean(), "the log is not what was recorded: {} findings", report.findings_total);
            Ok(())
        }
    }
}

/// Exports checkpoints until the process stops. Trouble is an operator's business, not a reason to stop signing people in.
pub(crate) async fn export_periodically(resources: Resources, directory: PathBuf, every: Duration) {
    let signer = Signer::new(resources.keys.clone());
    let (store, clock, stop) = (resources.archive, resources.clock, resources.stop);
    if let Err(error) = run_exporter(store, directory, signer, clock, every, stop).await {
        tracing::error!(
            monotonic_counter.vestibule_checkpoint_failures = 1_u64,
            error = %Chain(&error),
            "no checkpoints are exported any more"
        );
    }
}

fn human(report: &Report) -> String {
    let counts = properties(&[
        ("events", report.events.to_string()),
        ("streams", report.streams.to_string()),
        ("archived", report.archived.to_string()),
        ("checkpoints", report.checkpoints.to_string()),
        ("not covered yet", format!("{} events behind the last checkpoint", report.uncovered)),
    ]);
    let verdict = if report.is_clean() { "the log is whole" } else { "THE LOG HAS BEEN CHANGED" };
    let findings = report.findings.iter().map(describe);
    findings.chain([verdict.to_owned()]).fold(counts, |text, line| text + &line + "\n")
}

fn as_json(report: &Report) -> Value {
    json!({
        "events": report.events,
        "streams": report.streams,
        "archived": report.archived,
        "checkpoints": report.checkpoints,
        "uncovered": report.uncovered,
        "findings": report.findings.iter().map(describe).collect::<Vec<_>>(),
        "findings_total": report.findings_total,
    })
}

fn describe(finding: &Finding) -> String {
    match finding {
        Finding::Changed { stream, position } => format!("changed: stream {stream} at position {position}"),
        Finding::Unreadable { position } => format!("unreadable: position {position}"),
        Finding::Removed { position } => format!("removed: position {position}"),
        Finding::Gap { stream, version, position } => {
            format!("removed: stream {stream} misses version {version}, seen at position {position}")
        }
        Finding::Recomputed { stream, position, checkpoint } => format!(
            "recomputed: stream {stream} at position {position} is not what the checkpoint at {checkpoint} signed"
        ),
        Finding::Differs { from, checkpoint } => {
            format!("changed: something from position {from} on is not what the checkpoint at {checkpoint} signed")
        }
        Finding::Truncated { head, checkpoint } => {
            format!("truncated: the log ends at position {head}, a checkpoint covers {checkpoint}")
        }
        Finding::Forged { position } => {
            format!("forged: the statement at position {position} is not signed by a key of ours")
        }
        Finding::ExportGap { checkpoint } => {
            format!("export incomplete: a checkpoint before the one at position {checkpoint} is missing")
        }
        Finding::ArchiveDiffers { category, partition } => {
            format!("archive differs: what is left of {category} {partition} is not what was archived")
        }
        other => format!("{other:?}"),
    }
}
