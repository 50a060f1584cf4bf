//! Compares the log with its hash chain, and with the checkpoints that were exported.
//!
//! What it finds: a row that was changed, removed or cannot be read; a log that was cut off; rows that were rewritten
//! together with all hashes behind them. What it cannot find: anything that happened to events that no exported
//! checkpoint covers yet, except a change that leaves the chain broken.

mod archives;
mod report;

use std::{collections::HashMap, path::Path};

use aws_lc_rs::digest::{SHA256, digest};

use self::archives::Archives;
pub use self::report::{FINDINGS_MAX, Finding, Progress, Report};
use crate::{
    Archive, Hash, Link, ORIGIN, ReadError, Recorded, Removed, StreamId, Version,
    checkpoint::{Checkpoint, Fold, MARK_BYTES, Statement, Trust, mark},
    entries::{Entries, Entry},
    export::{ExportError, Statements},
};

/// The log could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The export cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
}

/// Goes through the whole log, and compares it with the export in `directory`. Keeps about 80 bytes for each stream and
/// 16 for each archived event in memory.
///
/// # Errors
/// [`VerifyError`] when it could not finish; what is wrong with the log is in the report.
pub async fn verify(
    store: &dyn Archive,
    directory: &Path,
    trust: &Trust,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Report, VerifyError> {
    let mut report = Report::default();
    let archives = Archives::read(directory, trust, &mut report).await?;
    let head = store.head().await?.position();
    let mut run = Run {
        report,
        streams: HashMap::new(),
        archives,
        covers: Covers { statements: Statements::open(directory).await?, trust, epoch: store.epoch(), previous: None },
        current: None,
        position: 0,
    };
    run.next_checkpoint().await?;
    let mut entries = Entries::between(store, 0, head);
    while let Some(page) = entries.page().await? {
        for entry in page {
            run.look_at(entry).await?;
        }
        progress(Progress { position: run.position, head });
    }
    run.finish(head).await
}

struct Run<'a> {
    report: Report,
    /// The last version and hash of every stream, by a digest of its name.
    streams: HashMap<[u8; 16], (Version, Hash)>,
    archives: Archives,
    covers: Covers<'a>,
    current: Option<Comparison>,
    position: u64,
}

/// The checkpoint that is being compared.
struct Comparison {
    checkpoint: Checkpoint,
    /// The position before the first one it covers.
    from: u64,
    /// `None` when the digest before it is not known.
    fold: Option<Fold>,
    /// Whether a finding explains already why the digest will differ.
    explained: bool,
}

impl Run<'_> {
    async fn look_at(&mut self, entry: Entry) -> Result<(), VerifyError> {
        while self.position + 1 < entry.position() {
            self.position += 1;
            self.report.add(Finding::Removed { position: self.position });
            self.explain();
            self.close_at(self.position).await?;
        }
        self.position = entry.position();
        match entry {
            Entry::Event(event) => self.event(&event),
            Entry::Removed(removed) => self.removed(removed),
            Entry::Unreadable { position, .. } => {
                self.report.add(Finding::Unreadable { position });
                self.explain();
            }
        }
        self.close_at(self.position).await
    }

    fn event(&mut self, event: &Recorded) {
        self.report.events += 1;
        let position = event.cursor.position();
        let name = stream_digest(&event.stream);
        let before = self.streams.insert(name, (event.version, event.hash));
        let expected = before.map_or(Version(1), |(version, _)| version.plus(1));
        // The beginning of a stream may have been archived already when archiving was interrupted.
        let cut = before.is_none() && self.archives.concerns(&event.stream);
        let mut whole = true;
        if event.version != expected && !cut {
            self.report.add(Finding::Gap { stream: event.stream.clone(), version: expected, position });
            whole = false;
        } else if !cut && Link::from(event).hash(&before.map_or(ORIGIN, |(_, hash)| hash)) != event.hash {
            self.report.add(Finding::Changed { stream: event.stream.clone(), position });
            whole = false;
        }
        if let Some(checkpoint) = self.compare(position, &event.hash) {
            if whole {
                self.report.add(Finding::Recomputed { stream: event.stream.clone(), position, checkpoint });
            }
            self.explain();
        }
    }

    fn removed(&mut self, removed: Removed) {
        self.report.archived += 1;
        let archived = self.archives.take(removed);
        let differs = self.compare(removed.position, &removed.hash).is_some();
        if !archived || differs {
            self.report.add(Finding::Removed { position: removed.position });
            self.explain();
        }
    }

    /// Takes a hash into the digest; answers the checkpoint when it signed another.
    fn compare(&mut self, position: u64, hash: &Hash) -> Option<u64> {
        let Some(comparison) = &mut self.current else {
            self.report.uncovered += 1;
            return None;
        };
        if let Some(fold) = &mut comparison.fold {
            fold.add(position, hash);
        }
        // In front of the first position it covers there is nothing to compare with: a gap in the export.
        let index = usize::try_from(position.checked_sub(comparison.from + 1)?).ok()?;
        let signed = comparison.checkpoint.marks.chunks_exact(MARK_BYTES).nth(index)?;
        (signed != mark(hash)).then_some(comparison.checkpoint.position)
    }

    fn explain(&mut self) {
        if let Some(comparison) = &mut self.current {
            comparison.explained = true;
        }
    }

    /// Compares the digest when `position` is where the checkpoint was made.
    async fn close_at(&mut self, position: u64) -> Result<(), VerifyError> {
        let Some(comparison) = self.current.take_if(|current| current.checkpoint.position <= position) else {
            return Ok(());
        };
        let Comparison { checkpoint, from, fold, explained } = comparison;
        self.report.checkpoints += 1;
        let differs = fold.is_some_and(|fold| fold.finish() != checkpoint.digest);
        if differs && !explained {
            self.report.add(Finding::Differs { from: from + 1, checkpoint: checkpoint.position });
        }
        self.next_checkpoint().await
    }

    async fn next_checkpoint(&mut self) -> Result<(), VerifyError> {
        self.current = self.covers.next(self.position, &mut self.report).await?;
        Ok(())
    }

    async fn finish(mut self, head: u64) -> Result<Report, VerifyError> {
        while self.position < head {
            self.position += 1;
            self.report.add(Finding::Removed { position: self.position });
            self.explain();
            self.close_at(self.position).await?;
        }
        let mut signed = None;
        while let Some(comparison) = self.current.take() {
            signed = Some(comparison.checkpoint.position);
            self.next_checkpoint().await?;
        }
        if let Some(checkpoint) = signed {
            self.report.add(Finding::Truncated { head, checkpoint });
        }
        self.report.streams = self.streams.len() as u64;
        self.archives.finish(&mut self.report);
        Ok(self.report)
    }
}

/// The checkpoints of the export, one after the other.
struct Covers<'a> {
    statements: Statements,
    trust: &'a Trust,
    epoch: u64,
    previous: Option<Checkpoint>,
}

impl Covers<'_> {
    /// The next checkpoint that can be trusted.
    async fn next(&mut self, position: u64, report: &mut Report) -> Result<Option<Comparison>, VerifyError> {
        while let Some(statement) = self.statements.next().await? {
            let signed = self.trust.covers(&statement);
            let Statement::Checkpoint(checkpoint) = statement else { continue };
            let before = self.previous.as_ref().map_or(0, |previous| previous.position);
            let from = checkpoint.position.saturating_sub(checkpoint.count);
            let sound = checkpoint.epoch == self.epoch
                && checkpoint.position > before
                && checkpoint.count > 0
                && checkpoint.marks.len() as u64 == checkpoint.count.saturating_mul(MARK_BYTES as u64);
            if !signed || !sound || from < before {
                report.add(Finding::Forged { position: checkpoint.position });
                continue;
            }
            let gap = from > before;
            if gap {
                report.add(Finding::ExportGap { checkpoint: checkpoint.position });
            }
            let fold = (!gap && position == before).then(|| Fold::behind(self.previous.as_ref()));
            self.previous = Some(checkpoint.clone());
            return Ok(Some(Comparison { checkpoint, from, fold, explained: false }));
        }
        Ok(None)
    }
}

fn stream_digest(stream: &StreamId) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(digest(&SHA256, stream.to_string().as_bytes()).as_ref()) {
        *to = *from;
    }
    short
}
