//! What is durable beside the event log: keys (sealed under one master key), records that expire, the trace of
//! sign-ins, and snapshots of views. The ports are here; the two store adapters implement them.
//!
//! Nothing in these tables is a fact of the domain: keys are named by events but never in them, expiring records are
//! worth nothing after minutes, the sign-in trace is bounded so that a flood cannot fill it, and snapshots are a cache.

mod cipher;
mod expiring;
mod key;
mod key_cache;
mod key_store;
mod keys;
mod master;
mod snapshots;
mod subject;
mod test_sign_in;
mod trace;

pub use expiring::{Bucket, ExpiringRecord, ExpiringRecords};
pub use key::{Ed25519Signer, Key, OpenError, verify_ed25519};
pub use key_store::{KeyError, KeyStore, PRUNED_MAX};
pub use keys::{KeyId, KeyTable, SealedKey};
pub use master::{MasterKey, MasterKeyError};
pub use snapshots::{SnapshotTable, StoredSnapshot};
pub use subject::{Subject, SubjectIndex};
pub use test_sign_in::{TestCheck, TestOutcome, TestRefusal, TestSignIns, TestTicket, TestTicketError};
pub use trace::{RecordedSignIn, SignInTrace, SignInTraceFilter};
use vestibule_kernel::{Explain, Explanation, Kind};

/// A companion table does not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database does not answer; the operation may be retried.
    #[error("the store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row cannot be read.
    #[error("row {row} of table {table} cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key, shortened; never its content.
        row: String,
        /// What the decoder said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was to be stored crosses a limit.
    #[error("{what} is larger than {limit_bytes} bytes")]
    TooLarge {
        /// What crossed it.
        what: &'static str,
        /// The limit.
        limit_bytes: usize,
    },
}

impl Explain for StorageError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Unavailable(_) => Explanation::new(Kind::Unavailable, "STORE_UNAVAILABLE"),
            Self::Corrupt { .. } => Explanation::new(Kind::Corrupt, "ROW_UNREADABLE"),
            Self::TooLarge { .. } => Explanation::new(Kind::Invalid, "VALUE_TOO_LARGE"),
        }
    }
}
