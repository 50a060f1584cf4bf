//! What somebody with all rights on the database does to the log, and that it is found.
//!
//! The columns that the statements name (`position`, `stream`, `version`, `data`, `hash` of `events`) are called the same
//! in both stores.

use async_trait::async_trait;
use vestibule_eventlog::{
    Link, Version,
    checkpoint::CheckpointError,
    export::{Export, ExportError},
    verify::Finding,
};
use vestibule_kernel::SystemClock;

use crate::{
    checkpoint::Exported,
    fixture::{Stores, commit, everything, naming, simple, stream, take},
};

/// Somebody behind the store's back.
#[async_trait]
pub trait Attacker: Send + Sync {
    /// Runs a statement as the application could; whether the database let it happen.
    async fn attempt(&self, statement: &str) -> bool;

    /// Runs statements with all rights, the protection of the rows switched off.
    async fn overpower(&self, statements: &[String]);

    /// A literal for these bytes.
    fn literal(&self, bytes: &[u8]) -> String;
}

/// The database itself refuses to change or to remove an event.
pub async fn rows_are_protected(store: impl Stores, attacker: impl Attacker) {
    commit(&store, naming(&stream("one"), 0, vec![take("x")])).await.unwrap();
    commit(&store, simple(&stream("one"), 1, 2)).await.unwrap();
    let before = everything(&store).await;
    for statement in [
        "UPDATE events SET data = '{}' WHERE position = 2",
        "UPDATE events SET position = 7 WHERE position = 2",
        "UPDATE events SET hash = hash",
        "DELETE FROM events WHERE position = 3",
        "DELETE FROM events",
    ] {
        assert!(!attacker.attempt(statement).await, "the database let it happen: {statement}");
    }
    assert_eq!(everything(&store).await, before);
    // The attempts fail for that reason, and not because nothing works.
    assert!(attacker.attempt("DELETE FROM reservations").await);
}

/// A log of 12 events of three streams, exported twice, and 3 more.
async fn exported<S: Stores>(store: S) -> Exported<S> {
    let log = Exported::new(store);
    for round in 0..4 {
        log.append(round).await;
        if round > 0 && round % 2 == 1 {
            log.export().await;
        }
    }
    log.append(4).await;
    assert!(log.verify().await.is_clean());
    log
}

/// One row is changed and the hashes are left as they are.
pub async fn a_changed_event_is_found(store: impl Stores, attacker: impl Attacker) {
    let log = exported(store).await;
    attacker.overpower(&["UPDATE events SET data = '{\"number\":999}' WHERE position = 5".to_owned()]).await;
    assert_eq!(log.verify().await.findings, [Finding::Changed { stream: stream("two"), position: 5 }]);
    // Also where no checkpoint is yet.
    attacker.overpower(&["UPDATE events SET name = 'thing.other' WHERE position = 15".to_owned()]).await;
    let report = log.verify().await;
    assert_eq!(report.findings[1..], [Finding::Changed { stream: stream("three"), position: 15 }]);
}

/// One row is removed, in the middle of a stream and at its end.
pub async fn a_removed_event_is_found(store: impl Stores, attacker: impl Attacker) {
    let log = exported(store).await;
    attacker.overpower(&["DELETE FROM events WHERE position = 5".to_owned()]).await;
    let report = log.verify().await;
    let gap = Finding::Gap { stream: stream("two"), version: Version(2), position: 8 };
    assert_eq!(report.findings, [Finding::Removed { position: 5 }, gap]);
    attacker.overpower(&["DELETE FROM events WHERE stream = 'thing/-/two'".to_owned()]).await;
    let positions: Vec<Finding> = [2, 5, 8, 11, 14].map(|position| Finding::Removed { position }).into_iter().collect();
    assert_eq!(log.verify().await.findings, positions, "a whole stream, to its end");
}

/// The end of the log is cut off, once without and once with new events in its place.
pub async fn a_truncated_log_is_found(store: impl Stores, attacker: impl Attacker) {
    let log = exported(store).await;
    attacker.overpower(&["DELETE FROM events WHERE position > 7".to_owned()]).await;
    let report = log.verify().await;
    assert_eq!(report.findings, [Finding::Truncated { head: 7, checkpoint: 12 }]);
    // Such a log is not signed again.
    let mut export = Export::open(log.directory.path()).await.unwrap();
    let refused = export.catch_up(&log.store, &log.signer, &SystemClock).await;
    let expected = CheckpointError::Truncated { head: 7, position: 12 };
    assert!(
        matches!(&refused, Err(ExportError::Checkpoint(error)) if error.to_string() == expected.to_string()),
        "{refused:?}"
    );
    commit(&log.store, simple(&stream("new"), 0, 9)).await.unwrap();
    let report = log.verify().await;
    let first = Finding::Recomputed { stream: stream("new"), position: 8, checkpoint: 12 };
    assert_eq!((report.findings.first(), report.findings_total), (Some(&first), 5), "{report:?}");
}

/// A stream is rewritten from one event on, with all its hashes: only the signature tells.
pub async fn a_recomputed_stream_is_found(store: impl Stores, attacker: impl Attacker) {
    let log = exported(store).await;
    let chain = log.store.read_stream(&stream("one"), Version::EMPTY, 10).await.unwrap();
    let mut statements = Vec::new();
    let mut previous = chain[0].hash;
    for event in &chain[1..] {
        let mut forged = event.clone();
        if event.version == Version(2) {
            r#"{"number":999}"#.clone_into(&mut forged.data);
        }
        previous = Link::from(&forged).hash(&previous);
        statements.push(format!(
            "UPDATE events SET data = '{}', hash = {} WHERE position = {}",
            forged.data.replace('\'', "''"),
            attacker.literal(&previous),
            event.cursor.position()
        ));
    }
    attacker.overpower(&statements).await;
    let report = log.verify().await;
    let found = [(4, 6), (7, 12), (10, 12)].map(|(position, checkpoint)| Finding::Recomputed {
        stream: stream("one"),
        position,
        checkpoint,
    });
    assert_eq!(report.findings, found);
}

/// An event is removed as if its month had been archived: nothing was signed about that.
pub async fn a_forged_removal_is_found(store: impl Stores, attacker: impl Attacker) {
    let log = exported(store).await;
    let last = everything(&log.store).await.remove(10);
    let hash = attacker.literal(&last.hash);
    attacker
        .overpower(&[
            "DELETE FROM events WHERE position = 11".to_owned(),
            format!("INSERT INTO removed_events (position, hash) VALUES (11, {hash})"),
        ])
        .await;
    let report = log.verify().await;
    assert_eq!(report.findings.first(), Some(&Finding::Removed { position: 11 }), "{report:?}");
}
