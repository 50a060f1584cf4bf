//! Archives whole months of streams that are kept in partitions: assertions.
//!
//! A partition takes appends until [`Partition::closes_at`]. After that nothing in it can change any more: every
//! assertion of that month has expired, with its code, and an assertion that claims to be of that month is refused before
//! anybody looks whether it was used. So single use does not depend on the rows, and they may go.
//!
//! The unique names that streams of the partition hold go with them. For assertions that is the request that was
//! answered: the sealed sign-in that could answer it again lives for minutes, so nothing can present it a month later.
//! A name that must outlive its month has to be held by a stream that is not partitioned, as a person's subject is.
//!
//! Rows are written to a file, a signed statement of them to the export, and only then they are removed; position and
//! hash stay, so that the chain of checkpoints still adds up. Interrupted at any point, it goes on where it was.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use tokio::{
    fs::{File, OpenOptions},
    io::AsyncWriteExt as _,
};
use uuid::Uuid;
use vestibule_kernel::{Clock, EventId, PersonId, Timestamp};

use crate::{
    Archive, Cursor, Filter, Metadata, Partition, ReadError, Recorded,
    checkpoint::{Archived, CheckpointError, Fold, STATEMENT_EVENTS_MAX, Signer, Statement},
    export::{Export, ExportError, Statements},
};

/// How many events are read, and removed, at once.
const PAGE_EVENTS: usize = 1_000;

/// A partition cannot be archived.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It still takes appends.
    #[error("partition {partition} takes appends until {until}")]
    StillOpen {
        /// The month.
        partition: Partition,
        /// When it closes.
        until: Timestamp,
    },
    /// The store does not answer as it should.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The export cannot be used.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The archive's file cannot be written.
    #[error("the archive {} cannot be written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The rows are not those that were archived, so they are not removed.
    #[error("the partition does not hold what was archived of it")]
    Differs,
}

/// Archives the partition of `category`: its rows go to `<category>-<yyyy-mm>.jsonl` in the directory of the export, as
/// one JSON line each, and are removed from the log. Answers how many.
///
/// # Errors
/// [`ArchiveError`]; calling again goes on.
pub async fn archive(
    store: &dyn Archive,
    category: &'static str,
    partition: Partition,
    directory: &Path,
    export: &mut Export,
    signer: &Signer,
    clock: &dyn Clock,
) -> Result<u64, ArchiveError> {
    let until = partition.closes_at();
    if clock.now() < until {
        return Err(ArchiveError::StillOpen { partition, until });
    }
    // First, so that no row can come behind what is written to the file.
    store.close(category, partition, clock.now()).await?;
    // Checkpoints come before removal: the export must know the rows for what they were.
    export.catch_up(store, signer, clock).await?;
    let stated = stated(directory, category, partition).await?;
    let (mut removed, mut after) = (0, Cursor::at(store.epoch(), 0));
    loop {
        let (events, next) = batch(store, category, partition, after).await?;
        if events.is_empty() {
            return Ok(removed);
        }
        // Interrupted between statement and removal, it need not be stated again.
        let new: Vec<&Recorded> = events.iter().filter(|event| !stated.contains(&event.cursor.position())).collect();
        if !new.is_empty() {
            write(directory, category, partition, &new).await?;
            let statement = statement(store.epoch(), category, partition, &new, clock.now());
            let statement = signer.sign(statement).await.map_err(CheckpointError::from).map_err(ExportError::from)?;
            export.append(statement).await?;
        }
        removed += remove(store, category, partition, events.len() as u64).await?;
        after = next;
    }
}

/// The positions that statements of the export cover already.
async fn stated(directory: &Path, category: &str, partition: Partition) -> Result<HashSet<u64>, ArchiveError> {
    let mut positions = HashSet::new();
    let mut statements = Statements::open(directory).await?;
    while let Some(statement) = statements.next().await? {
        if let Statement::Archived(archived) = statement
            && archived.category == category
            && archived.partition == partition
        {
            let mut position = 0;
            for distance in archived.positions {
                position += distance;
                positions.insert(position);
            }
        }
    }
    Ok(positions)
}

/// The next events of the partition, as many as one statement covers.
async fn batch(
    store: &dyn Archive,
    category: &'static str,
    partition: Partition,
    mut after: Cursor,
) -> Result<(Vec<Recorded>, Cursor), ReadError> {
    let filter = Filter { categories: vec![category], organization: None };
    let mut events = Vec::new();
    loop {
        let page = store.read_all(after, &filter, PAGE_EVENTS).await?;
        events.extend(page.events.into_iter().filter(|event| event.stream.partition() == Some(partition)));
        after = page.next;
        if page.at_head || events.len() as u64 + PAGE_EVENTS as u64 > STATEMENT_EVENTS_MAX {
            return Ok((events, after));
        }
    }
}

fn statement(epoch: u64, category: &str, partition: Partition, events: &[&Recorded], at: Timestamp) -> Statement {
    let (mut fold, mut positions, mut before) = (Fold::partition(), Vec::with_capacity(events.len()), 0);
    for event in events {
        let position = event.cursor.position();
        fold.add(position, &event.hash);
        positions.push(position - before);
        before = position;
    }
    Statement::Archived(Archived {
        epoch,
        category: category.to_owned(),
        partition,
        digest: fold.finish(),
        positions,
        at,
        key_id: Uuid::nil(),
        signature: Vec::new(),
    })
}

async fn remove(store: &dyn Archive, category: &str, partition: Partition, count: u64) -> Result<u64, ArchiveError> {
    let mut left = count;
    while left > 0 {
        let max = usize::try_from(left).unwrap_or(PAGE_EVENTS).min(PAGE_EVENTS);
        let removed = store.remove(category, partition, max).await?;
        if removed == 0 {
            return Err(ArchiveError::Differs);
        }
        left = left.saturating_sub(removed);
    }
    Ok(count)
}

async fn write(
    directory: &Path,
    category: &str,
    partition: Partition,
    events: &[&Recorded],
) -> Result<(), ArchiveError> {
    let path = directory.join(format!("{category}-{partition}.jsonl"));
    let fault = |source| ArchiveError::File { path: path.clone(), source };
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, &Line::of(event)).map_err(|error| fault(error.into()))?;
        lines.push(b'\n');
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path).await.map_err(fault)?;
    file.write_all(&lines).await.map_err(fault)?;
    file.flush().await.map_err(fault)?;
    file.sync_all().await.map_err(fault)?;
    File::open(directory).await.map_err(fault)?.sync_all().await.map_err(fault)
}

/// An event in an archive: everything that its hash covers, and the hash.
#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    id: EventId,
    stream: String,
    version: u64,
    name: &'a str,
    revision: u16,
    recorded_at: Timestamp,
    metadata: &'a Metadata,
    data: &'a str,
    person: Option<PersonId>,
    ciphertext: Option<String>,
    hash: String,
}

impl<'a> Line<'a> {
    fn of(event: &'a Recorded) -> Self {
        Self {
            position: event.cursor.position(),
            id: event.id,
            stream: event.stream.to_string(),
            version: event.version.0,
            name: &event.name,
            revision: event.revision,
            recorded_at: event.recorded_at,
            metadata: &event.metadata,
            data: &event.data,
            person: event.personal.as_ref().map(|personal| personal.person),
            ciphertext: event.personal.as_ref().map(|personal| STANDARD.encode(&personal.ciphertext)),
            hash: hex::encode(event.hash),
        }
    }
}
