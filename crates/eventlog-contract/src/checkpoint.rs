//! Signed checkpoints, their export, and verification of a log that nobody touched.

use std::{io::Write as _, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use vestibule_eventlog::{
    checkpoint::{Signer, Statement, Trust},
    export::{Export, ExportError, FILE_NAME, Statements, run_exporter},
    verify::{Finding, Progress, Report, verify},
};
use vestibule_kernel::SystemClock;

use crate::fixture::{Stores, commit, key_store, simple, stream};

/// A log with an export beside it.
pub(crate) struct Exported<S> {
    pub(crate) store: S,
    pub(crate) signer: Signer,
    pub(crate) directory: TempDir,
}

impl<S: Stores> Exported<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { signer: Signer::new(key_store(&store)), store, directory: TempDir::new().unwrap() }
    }

    /// One more event for each of three streams; `round` counts from 0.
    pub(crate) async fn append(&self, round: u64) {
        for key in ["one", "two", "three"] {
            commit(&self.store, simple(&stream(key), round, 1)).await.unwrap();
        }
    }

    /// Exports what is new, and closes the export.
    pub(crate) async fn export(&self) -> u64 {
        let mut export = Export::open(self.directory.path()).await.unwrap();
        export.catch_up(&self.store, &self.signer, &SystemClock).await.unwrap()
    }

    pub(crate) async fn verify(&self) -> Report {
        let trust = self.signer.trust().await.unwrap();
        verify(&self.store, self.directory.path(), &trust, |_| {}).await.unwrap()
    }

    async fn statements(&self) -> Vec<Statement> {
        let mut statements = Statements::open(self.directory.path()).await.unwrap();
        let mut all = Vec::new();
        while let Some(statement) = statements.next().await.unwrap() {
            all.push(statement);
        }
        all
    }

    /// Replaces the export, as somebody who can write to it would.
    fn overwrite(&self, statements: &[Statement]) {
        let lines: String =
            statements.iter().map(|statement| serde_json::to_string(statement).unwrap() + "\n").collect();
        std::fs::write(self.directory.path().join(FILE_NAME), lines).unwrap();
    }
}

/// With and without checkpoints, and the report counts right.
pub async fn an_untouched_log_verifies(store: impl Stores) {
    let log = Exported::new(store);
    assert!(log.verify().await.is_clean());
    log.append(0).await;
    let unsigned = log.verify().await;
    assert!(unsigned.is_clean());
    assert_eq!((unsigned.events, unsigned.uncovered, unsigned.checkpoints), (3, 3, 0));
    assert_eq!(log.export().await, 1);
    log.append(1).await;
    assert_eq!(log.export().await, 1);
    assert_eq!(log.export().await, 0, "nothing new");
    log.append(2).await;
    let trust = log.signer.trust().await.unwrap();
    let mut told = Vec::new();
    let report = verify(&log.store, log.directory.path(), &trust, |progress| told.push(progress)).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.events, report.streams, report.checkpoints, report.uncovered), (9, 3, 2, 3));
    assert_eq!(told.last(), Some(&Progress { position: 9, head: 9 }));
}

/// Each covers what came since the one before it, under a signature that another key does not make.
pub async fn checkpoints_are_signed_and_chained(store: impl Stores) {
    let log = Exported::new(store);
    for round in 0..3 {
        log.append(round).await;
        log.export().await;
    }
    let trust = log.signer.trust().await.unwrap();
    let statements = log.statements().await;
    for (index, statement) in (1..).zip(&statements) {
        let Statement::Checkpoint(checkpoint) = statement else { panic!("not a checkpoint") };
        assert_eq!((checkpoint.position, checkpoint.count), (index * 3, 3));
        assert_eq!(checkpoint.epoch, log.store.epoch());
        assert!(trust.covers(statement));
        assert!(!Trust::default().covers(statement));
        let mut changed = checkpoint.clone();
        changed.digest[0] ^= 1;
        assert!(!trust.covers(&Statement::Checkpoint(changed)));
    }
    assert_eq!(statements.len(), 3);
    let unknown = verify(&log.store, log.directory.path(), &Trust::default(), |_| {}).await.unwrap();
    assert_eq!(unknown.findings_total, 3, "without our keys no checkpoint counts: {unknown:?}");
}

/// Changed, left out, put in another order.
pub async fn a_forged_checkpoint_is_found(store: impl Stores) {
    let log = Exported::new(store);
    for round in 0..3 {
        log.append(round).await;
        log.export().await;
    }
    let honest = log.statements().await;
    let mut changed = honest.clone();
    if let Statement::Checkpoint(checkpoint) = &mut changed[1] {
        checkpoint.digest[5] ^= 1;
    }
    log.overwrite(&changed);
    let report = log.verify().await;
    assert!(report.findings.contains(&Finding::Forged { position: 6 }), "{report:?}");
    log.overwrite(&[honest[0].clone(), honest[2].clone()]);
    let report = log.verify().await;
    assert_eq!(report.findings, [Finding::ExportGap { checkpoint: 9 }]);
    log.overwrite(&[honest[0].clone(), honest[2].clone(), honest[1].clone()]);
    assert!(!log.verify().await.is_clean());
    log.overwrite(&honest);
    assert!(log.verify().await.is_clean());
}

/// A crash in the middle of a line costs that line only; two writers at once are refused.
pub async fn the_export_survives_a_torn_line(store: impl Stores) {
    let log = Exported::new(store);
    log.append(0).await;
    log.export().await;
    let path = log.directory.path().join(FILE_NAME);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(br#"{"type":"checkpoint","epoch":1,"posi"#).unwrap();
    drop(file);
    assert_eq!(log.statements().await.len(), 1, "whoever reads meanwhile sees whole lines only");
    log.append(1).await;
    assert_eq!(log.export().await, 1);
    assert_eq!(log.statements().await.len(), 2);
    assert!(log.verify().await.is_clean());
    let _first = Export::open(log.directory.path()).await.unwrap();
    let second = Export::open(log.directory.path()).await;
    assert!(matches!(second, Err(ExportError::InUse { .. })), "{second:?}");
}

/// At the start, and once more when it is asked to stop.
pub async fn the_exporter_runs_until_it_is_stopped(store: impl Stores) {
    let log = Exported::new(store);
    log.append(0).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(run_exporter(
        Arc::new(log.store.clone()),
        log.directory.path().to_owned(),
        log.signer.clone(),
        Arc::new(SystemClock),
        Duration::from_hours(1),
        stop.clone(),
    ));
    while log.statements().await.is_empty() {
        tokio::task::yield_now().await;
    }
    log.append(1).await;
    stop.cancel();
    running.await.unwrap().unwrap();
    let report = log.verify().await;
    assert!(report.is_clean() && report.checkpoints >= 2 && report.uncovered == 0, "{report:?}");
}
