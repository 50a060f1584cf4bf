//! Signed checkpoints: what the log was, kept where whoever can write to the database cannot write.
//!
//! The hash chain alone finds a row that was changed by itself. Somebody with all rights on the database can recompute
//! the chain behind a change, cut off the end, or rewrite everything. So the log is digested at intervals, the digest is
//! signed with a key that lies sealed outside of the log, and the signed line is exported.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{Clock, Timestamp};
use vestibule_storage::{Key, KeyError, KeyStore, verify_ed25519};

use crate::{
    Archive, Hash, Partition, ReadError,
    entries::{Entries, Entry},
};

/// What the keys of checkpoints are for.
const PURPOSE: &str = "checkpoint";

/// Sets the signing key apart from others that are derived of the same key.
const LABEL: &str = "vestibule.eventlog.checkpoint.1";

/// The most events that one statement covers: a line of the export stays below a megabyte.
pub const STATEMENT_EVENTS_MAX: u64 = 65_536;

/// How many bytes of each event's hash a checkpoint lists, so that a rewritten event can be named.
pub const MARK_BYTES: usize = 8;

/// A line of the export.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Statement {
    /// What the log was.
    Checkpoint(Checkpoint),
    /// What was removed from it with our knowledge.
    Archived(Archived),
}

/// What the log was, up to one position.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The epoch of the log.
    pub epoch: u64,
    /// The last position it covers.
    pub position: u64,
    /// How many events it covers since the checkpoint before it.
    pub count: u64,
    /// Covers the digest of the checkpoint before it, and position and hash of every event since.
    #[serde(with = "hex_bytes")]
    pub digest: Hash,
    /// The first bytes of the hash of every event it covers, one after the other. Only points at what the digest proves.
    #[serde(with = "base64_bytes")]
    pub marks: Vec<u8>,
    /// When it was made.
    pub at: Timestamp,
    /// The key that signed it.
    pub key_id: Uuid,
    /// The Ed25519 signature of all of this.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

/// Events of a closed partition that were archived: they are in a file of their own, and may be missing in the log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Archived {
    /// The epoch of the log.
    pub epoch: u64,
    /// The category of its streams.
    pub category: String,
    /// The month.
    pub partition: Partition,
    /// Covers position and hash of each event.
    #[serde(with = "hex_bytes")]
    pub digest: Hash,
    /// The positions of the events: the first one, and the distances to the next ones.
    pub positions: Vec<u64>,
    /// When it was archived.
    pub at: Timestamp,
    /// The key that signed it.
    pub key_id: Uuid,
    /// The Ed25519 signature of all of this.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

/// A checkpoint cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The signing key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log ends before the last checkpoint: it has been cut off, or restored from an older copy.
    #[error("the log ends at position {head}, but the last checkpoint covers {position}")]
    Truncated {
        /// Where the log ends.
        head: u64,
        /// What was signed.
        position: u64,
    },
    /// An event that the log gave out is missing.
    #[error("the event at position {position} is missing")]
    Missing {
        /// Its position.
        position: u64,
    },
    /// The last checkpoint is of another log.
    #[error("the last checkpoint belongs to another log")]
    Foreign,
}

/// Signs statements, and says whether a signature is ours.
#[derive(Clone)]
pub struct Signer {
    keys: KeyStore,
}

impl Signer {
    /// Signs with the key for checkpoints in `keys`.
    #[must_use]
    pub const fn new(keys: KeyStore) -> Self {
        Self { keys }
    }

    /// The statement's signature fields, filled in.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn sign(&self, mut statement: Statement) -> Result<Statement, KeyError> {
        let key = self.keys.current(PURPOSE, "").await?;
        match &mut statement {
            Statement::Checkpoint(Checkpoint { key_id, .. }) | Statement::Archived(Archived { key_id, .. }) => {
                *key_id = key.id.0;
            }
        }
        let made = key.ed25519(LABEL)?.sign(&statement.signed_bytes())?;
        match &mut statement {
            Statement::Checkpoint(Checkpoint { signature, .. }) | Statement::Archived(Archived { signature, .. }) => {
                *signature = made;
            }
        }
        Ok(statement)
    }

    /// The public keys that may have signed.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn trust(&self) -> Result<Trust, KeyError> {
        let public = |key: Key| Ok((key.id.0, key.ed25519(LABEL)?.public_key().to_vec()));
        let keys = self.keys.all(PURPOSE, "").await?.into_iter().map(public).collect::<Result<Vec<_>, KeyError>>()?;
        Ok(Trust { keys })
    }
}

/// The public keys whose signatures count.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Key ids and Ed25519 public keys.
    pub keys: Vec<(Uuid, Vec<u8>)>,
}

impl Trust {
    /// Whether the statement is signed by one of these keys.
    #[must_use]
    pub fn covers(&self, statement: &Statement) -> bool {
        let (key_id, signature) = match statement {
            Statement::Checkpoint(checkpoint) => (checkpoint.key_id, &checkpoint.signature),
            Statement::Archived(archived) => (archived.key_id, &archived.signature),
        };
        let signed = statement.signed_bytes();
        self.keys.iter().any(|(id, public)| *id == key_id && verify_ed25519(public, &signed, signature))
    }
}

impl Statement {
    /// What the signature covers: every field but the signature, each with its length, behind the kind of statement.
    fn signed_bytes(&self) -> Vec<u8> {
        let mut signed = b"vestibule.eventlog.statement.1".to_vec();
        let mut field = |bytes: &[u8]| {
            signed.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            signed.extend_from_slice(bytes);
        };
        match self {
            Self::Checkpoint(checkpoint) => {
                field(b"checkpoint");
                field(&checkpoint.epoch.to_be_bytes());
                field(&checkpoint.position.to_be_bytes());
                field(&checkpoint.count.to_be_bytes());
                field(&checkpoint.digest);
                field(&checkpoint.marks);
                field(&checkpoint.at.unix_millis().to_be_bytes());
                field(checkpoint.key_id.as_bytes());
            }
            Self::Archived(archived) => {
                field(b"archived");
                field(&archived.epoch.to_be_bytes());
                field(archived.category.as_bytes());
                field(archived.partition.to_string().as_bytes());
                field(&archived.digest);
                field(&(archived.positions.len() as u64).to_be_bytes());
                for distance in &archived.positions {
                    field(&distance.to_be_bytes());
                }
                field(&archived.at.unix_millis().to_be_bytes());
                field(archived.key_id.as_bytes());
            }
        }
        signed
    }
}

/// A digest over positions and hashes.
pub(crate) struct Fold(Context);

impl Fold {
    /// Begins behind a checkpoint, or at the beginning.
    pub(crate) fn behind(previous: Option<&Checkpoint>) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"vestibule.eventlog.checkpoint.1");
        context.update(&previous.map_or([0; 32], |checkpoint| checkpoint.digest));
        Self(context)
    }

    /// For the events of a partition.
    pub(crate) fn partition() -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"vestibule.eventlog.partition.1");
        Self(context)
    }

    pub(crate) fn add(&mut self, position: u64, hash: &Hash) {
        self.0.update(&position.to_be_bytes());
        self.0.update(hash);
    }

    pub(crate) fn finish(self) -> Hash {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

/// The first bytes of a hash.
pub(crate) fn mark(hash: &Hash) -> [u8; MARK_BYTES] {
    let mut mark = [0; MARK_BYTES];
    for (to, from) in mark.iter_mut().zip(hash) {
        *to = *from;
    }
    mark
}

/// Makes the checkpoint that follows `previous`, signed, over at most [`STATEMENT_EVENTS_MAX`] events; `None` when there
/// is nothing new.
///
/// # Errors
/// [`CheckpointError`]; a log that has lost events since `previous` is not signed.
pub async fn next_checkpoint(
    store: &dyn Archive,
    previous: Option<&Checkpoint>,
    signer: &Signer,
    clock: &dyn Clock,
) -> Result<Option<Checkpoint>, CheckpointError> {
    let epoch = store.epoch();
    if previous.is_some_and(|previous| previous.epoch != epoch) {
        return Err(CheckpointError::Foreign);
    }
    let from = previous.map_or(0, |previous| previous.position);
    let head = store.head().await?.position();
    if head < from {
        return Err(CheckpointError::Truncated { head, position: from });
    }
    let to = head.min(from + STATEMENT_EVENTS_MAX);
    if to == from {
        return Ok(None);
    }
    let (mut fold, mut marks) = (Fold::behind(previous), Vec::new());
    let mut position = from;
    let mut entries = Entries::between(store, from, to);
    while let Some(page) = entries.page().await? {
        for entry in page {
            position += 1;
            let hash = match entry {
                Entry::Event(event) if event.cursor.position() == position => event.hash,
                Entry::Removed(removed) if removed.position == position => removed.hash,
                Entry::Unreadable { position, source } => return Err(ReadError::Corrupt { position, source }.into()),
                Entry::Event(_) | Entry::Removed(_) => return Err(CheckpointError::Missing { position }),
            };
            fold.add(position, &hash);
            marks.extend_from_slice(&mark(&hash));
        }
    }
    if position != to {
        return Err(CheckpointError::Missing { position: position + 1 });
    }
    let checkpoint = Checkpoint {
        epoch,
        position: to,
        count: to - from,
        digest: fold.finish(),
        marks,
        at: clock.now(),
        key_id: Uuid::nil(),
        signature: Vec::new(),
    };
    match signer.sign(Statement::Checkpoint(checkpoint)).await? {
        Statement::Checkpoint(checkpoint) => Ok(Some(checkpoint)),
        Statement::Archived(_) => Ok(None),
    }
}

mod hex_bytes {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::Hash;

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let mut hash = [0; 32];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut hash).map_err(D::Error::custom)?;
        Ok(hash)
    }
}

mod base64_bytes {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
