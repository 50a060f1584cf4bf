use vestibule_eventlog::{CommandError, LoadError, ReadError};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_oidc::KeyError as UnsoundKey;
use vestibule_storage::{KeyError, KeyId};
use vestibule_tenancy::signing_key::Rejection;

/// The signing keys cannot be had, or what is asked of them cannot be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyringError {
    #[error(transparent)]
    Store(#[from] KeyError),
    /// What was stored under the master key is no key of its algorithm.
    #[error("signing key {id} cannot be used: its row holds no key of its algorithm")]
    Unsound { id: KeyId, source: UnsoundKey },
    #[error("a signing key cannot be made")]
    Unmade(#[source] UnsoundKey),
    /// The thread that works with keys was lost.
    #[error("the key could not be computed")]
    Interrupted(#[source] tokio::task::JoinError),
    /// Every key of a line was made in the future.
    #[error("every signing key was made in the future: is this clock right, or was the one they were made by?")]
    FromTheFuture,
    /// What is in memory is too old to be used, and was not read again a moment ago.
    #[error("the signing keys could not be read for too long")]
    Outdated,
    /// Whoever takes a key out would not be heard.
    #[error("the log is not followed any more, so that it is not known which signing keys count")]
    NotFollowed,
    #[error("no signing key may sign")]
    NoneSigns,
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Command(#[from] CommandError<Rejection>),
    /// An operator asked for the next key while one is waiting for its time.
    #[error("the next signing key is published already, and signs when its time has come")]
    Rotating,
}

impl Explain for KeyringError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Store(error) => error.explain(),
            Self::Unsound { .. } => Explanation::new(Kind::Corrupt, "SIGNING_KEY_UNUSABLE"),
            Self::Unmade(_) | Self::Interrupted(_) => Explanation::new(Kind::Internal, "SIGNING_KEY_UNMADE"),
            Self::FromTheFuture => Explanation::new(Kind::Corrupt, "KEY_FROM_THE_FUTURE"),
            Self::Outdated => Explanation::new(Kind::Unavailable, "SIGNING_KEYS_OUTDATED"),
            Self::NotFollowed => Explanation::new(Kind::Unavailable, "SIGNING_KEYS_NOT_FOLLOWED"),
            Self::NoneSigns => Explanation::new(Kind::Unavailable, "SIGNING_KEY_NONE"),
            Self::Read(error) => error.explain(),
            Self::Load(error) => error.explain(),
            Self::Command(error) => error.explain(),
            Self::Rotating => Explanation::new(Kind::Precondition, "SIGNING_KEYS_ROTATING"),
        }
    }
}
