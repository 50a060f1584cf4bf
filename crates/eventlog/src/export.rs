//! The export of signed statements: one JSON line each, in a file that only grows, outside of the database.
//!
//! Put the directory where whoever can write to the database cannot write: another volume, an append-only share, a
//! place that is copied elsewhere at once.

use std::{
    fs::TryLockError,
    io::{self, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    fs::File,
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, BufReader},
};
use tokio_util::sync::CancellationToken;
use vestibule_kernel::{Chain, Clock};

use crate::{
    Archive, ReadError,
    checkpoint::{Checkpoint, CheckpointError, Signer, Statement, next_checkpoint},
};

/// The file in the export's directory.
pub const FILE_NAME: &str = "checkpoints.jsonl";

/// The export cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be read or written.
    #[error("the export {} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is writing to it.
    #[error("another process is writing to the export {}", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A line is not a statement.
    #[error("line {line} of the export {} is not a statement", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
    /// The next checkpoint cannot be made.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The export, opened for writing; only one process can.
#[derive(Debug)]
pub struct Export {
    file: File,
    path: PathBuf,
    last: Option<Checkpoint>,
}

impl Export {
    /// Opens the export in `directory`, and makes both when they are not there. A line that a crash cut off was never
    /// acknowledged and is dropped.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn open(directory: &Path) -> Result<Self, ExportError> {
        let path = directory.join(FILE_NAME);
        let fault = |source| ExportError::File { path: path.clone(), source };
        tokio::fs::create_dir_all(directory).await.map_err(fault)?;
        let opened = std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&path);
        let opened = opened.map_err(fault)?;
        match opened.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ExportError::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(ExportError::File { path, source }),
        }
        let mut file = File::from_std(opened);
        drop_torn_line(&mut file).await.map_err(fault)?;
        // The name of a new file is durable only with its directory.
        File::open(directory).await.map_err(fault)?.sync_all().await.map_err(fault)?;
        let mut last = None;
        let mut statements = Statements::open(directory).await?;
        while let Some(statement) = statements.next().await? {
            if let Statement::Checkpoint(checkpoint) = statement {
                last = Some(checkpoint);
            }
        }
        Ok(Self { file, path, last })
    }

    /// The last checkpoint in it.
    #[must_use]
    pub const fn last(&self) -> Option<&Checkpoint> {
        self.last.as_ref()
    }

    /// Adds a statement; durable when it returns.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn append(&mut self, statement: Statement) -> Result<(), ExportError> {
        let fault = |source| ExportError::File { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&statement).map_err(|error| fault(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).await.map_err(fault)?;
        self.file.flush().await.map_err(fault)?;
        self.file.sync_data().await.map_err(fault)?;
        if let Statement::Checkpoint(checkpoint) = statement {
            self.last = Some(checkpoint);
        }
        Ok(())
    }

    /// Adds checkpoints until they cover the whole log; answers how many.
    ///
    /// # Errors
    /// [`ExportError`]; a log that has lost events is not signed.
    pub async fn catch_up(
        &mut self,
        store: &dyn Archive,
        signer: &Signer,
        clock: &dyn Clock,
    ) -> Result<u64, ExportError> {
        let mut added = 0;
        while let Some(checkpoint) = next_checkpoint(store, self.last(), signer, clock).await? {
            self.append(Statement::Checkpoint(checkpoint)).await?;
            added += 1;
        }
        Ok(added)
    }
}

async fn drop_torn_line(file: &mut File) -> io::Result<()> {
    let mut end = file.seek(SeekFrom::End(0)).await?;
    let full = end;
    let mut byte = [0];
    while end > 0 {
        file.seek(SeekFrom::Start(end - 1)).await?;
        file.read_exact(&mut byte).await?;
        if byte == *b"\n" {
            break;
        }
        end -= 1;
    }
    if end < full {
        file.set_len(end).await?;
        file.sync_all().await?;
    }
    Ok(())
}

/// The statements of an export, one by one. A last line that is being written, or was cut off, is none.
#[derive(Debug)]
pub struct Statements {
    lines: Option<BufReader<File>>,
    path: PathBuf,
    line: u64,
}

impl Statements {
    /// Reads the export in `directory`; without a file it has no statement.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn open(directory: &Path) -> Result<Self, ExportError> {
        let path = directory.join(FILE_NAME);
        match File::open(&path).await {
            Ok(file) => Ok(Self { lines: Some(BufReader::new(file)), path, line: 0 }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self { lines: None, path, line: 0 }),
            Err(source) => Err(ExportError::File { path, source }),
        }
    }

    /// The next statement.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn next(&mut self) -> Result<Option<Statement>, ExportError> {
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let mut line = Vec::new();
        let read = lines.read_until(b'\n', &mut line).await;
        read.map_err(|source| ExportError::File { path: self.path.clone(), source })?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        self.line += 1;
        let malformed = |source| ExportError::Malformed { path: self.path.clone(), line: self.line, source };
        serde_json::from_slice(&line).map(Some).map_err(malformed)
    }
}

/// Exports checkpoints every `interval` until `stop` is cancelled, and once more then.
///
/// # Errors
/// [`ExportError`] when the export cannot be used or the log must not be signed. A store that does not answer is asked
/// again after the interval.
pub async fn run_exporter(
    store: Arc<dyn Archive>,
    directory: PathBuf,
    signer: Signer,
    clock: Arc<dyn Clock>,
    interval: Duration,
    stop: CancellationToken,
) -> Result<(), ExportError> {
    let mut export = Export::open(&directory).await?;
    loop {
        match export.catch_up(&*store, &signer, &*clock).await {
            Ok(added) => tracing::debug!(added, "checkpoints exported"),
            Err(ExportError::Checkpoint(
                error @ (CheckpointError::Read(ReadError::Unavailable(_)) | CheckpointError::Key(_)),
            )) => tracing::warn!(error = %Chain(&error), "no checkpoint: retrying later"),
            Err(error) => return Err(error),
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(interval) => {}
        }
    }
}
