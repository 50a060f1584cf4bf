//! Compares the log with its hash chain, and with the checkpoints that were exported.
//!
//! What it finds: a row that was changed, removed or cannot be read; a log that was cut off; rows that were rewritten
//! together with all hashes behind them. What it cannot find: anything that happened to events that no exported
//! checkpoint covers yet, except a change that leaves the chain broken.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use aws_lc_rs::digest::{SHA256, digest};

use crate::{
    Archive, Hash, Link, ORIGIN, Partition, ReadError, Recorded, Removed, StreamId, Version,
    checkpoint::{Archived, Checkpoint, Fold, MARK_BYTES, Statement, Trust, mark},
    entries::{Entries, Entry},
    export::{ExportError, Statements},
};

/// The most findings that a report lists; further ones are only counted.
pub const FINDINGS_MAX: usize = 1_000;

/// Something is not as it was.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The row does not match its hash, or is not chained to the one before it.
    Changed {
        /// Its stream.
        stream: StreamId,
        /// Its place in the global order.
        position: u64,
    },
    /// The row cannot be read any more.
    Unreadable {
        /// Its place in the global order.
        position: u64,
    },
    /// The event is gone. Its stream is known when a later event of the same stream misses it.
    Removed {
        /// Its place in the global order.
        position: u64,
    },
    /// Events of this stream are gone: the event at `position` is not the next one after the event before it.
    Gap {
        /// The stream.
        stream: StreamId,
        /// The first version that is missing.
        version: Version,
        /// Where that shows.
        position: u64,
    },
    /// The row is whole, but it is not what the checkpoint signed: it was rewritten and its hashes were recomputed.
    Recomputed {
        /// Its stream.
        stream: StreamId,
        /// Its place in the global order.
        position: u64,
        /// The checkpoint that shows it.
        checkpoint: u64,
    },
    /// What the checkpoint covers is not what it signed; which event it is cannot be told.
    Differs {
        /// The first position the checkpoint covers.
        from: u64,
        /// The checkpoint.
        checkpoint: u64,
    },
    /// The log ends before the last checkpoint.
    Truncated {
        /// The last position there is.
        head: u64,
        /// The last position that was signed.
        checkpoint: u64,
    },
    /// A checkpoint or an archive statement is not signed by a key of ours, or contradicts itself.
    Forged {
        /// The position of the checkpoint, or the first of the archived events.
        position: u64,
    },
    /// A checkpoint before this one is missing in the export.
    ExportGap {
        /// The position of the checkpoint behind the gap.
        checkpoint: u64,
    },
    /// What is left of archived events is not what was archived.
    ArchiveDiffers {
        /// The category of the partition.
        category: String,
        /// The month.
        partition: Partition,
    },
}

/// How far a verification is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    /// The position that has been looked at.
    pub position: u64,
    /// The end of the log.
    pub head: u64,
}

/// What a verification found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// How many events were looked at.
    pub events: u64,
    /// How many streams they belong to.
    pub streams: u64,
    /// How many of the positions are archived.
    pub archived: u64,
    /// How many checkpoints were compared.
    pub checkpoints: u64,
    /// How many events no checkpoint covers yet.
    pub uncovered: u64,
    /// What is wrong, at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub findings_total: u64,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings_total == 0
    }

    fn add(&mut self, finding: Finding) {
        self.findings_total += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

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

/// What may be missing in the log, because it was archived.
struct Archives {
    /// Which archive a position belongs to.
    positions: HashMap<u64, usize>,
    partitions: HashSet<(String, Partition)>,
    archives: Vec<(Archived, Fold, u64)>,
}

impl Archives {
    async fn read(directory: &Path, trust: &Trust, report: &mut Report) -> Result<Self, VerifyError> {
        let mut all = Self { positions: HashMap::new(), partitions: HashSet::new(), archives: Vec::new() };
        let mut statements = Statements::open(directory).await?;
        while let Some(statement) = statements.next().await? {
            let signed = trust.covers(&statement);
            let Statement::Archived(archived) = statement else { continue };
            if !signed {
                report.add(Finding::Forged { position: archived.positions.first().copied().unwrap_or(0) });
                continue;
            }
            let mut position = 0;
            for distance in &archived.positions {
                position += distance;
                all.positions.insert(position, all.archives.len());
            }
            all.partitions.insert((archived.category.clone(), archived.partition));
            all.archives.push((Archived { positions: Vec::new(), ..archived }, Fold::partition(), 0));
        }
        Ok(all)
    }

    fn concerns(&self, stream: &StreamId) -> bool {
        stream.partition().is_some_and(|partition| self.partitions.contains(&(stream.category().to_owned(), partition)))
    }

    /// Whether this position was archived.
    fn take(&mut self, removed: Removed) -> bool {
        let Some(archive) = self.positions.remove(&removed.position) else { return false };
        if let Some((_, fold, taken)) = self.archives.get_mut(archive) {
            fold.add(removed.position, &removed.hash);
            *taken += 1;
        }
        true
    }

    fn finish(self, report: &mut Report) {
        let mut open: HashSet<usize> = self.positions.into_values().collect();
        for (index, (archived, fold, taken)) in self.archives.into_iter().enumerate() {
            // Interrupted before everything was removed: the rest is still in the log and was compared there.
            let partial = open.remove(&index);
            if taken > 0 && !partial && fold.finish() != archived.digest {
                let Archived { category, partition, .. } = archived;
                report.add(Finding::ArchiveDiffers { category, partition });
            }
        }
    }
}

fn stream_digest(stream: &StreamId) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(digest(&SHA256, stream.to_string().as_bytes()).as_ref()) {
        *to = *from;
    }
    short
}
