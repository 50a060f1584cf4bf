use vestibule_decider::{Decider, DecodeError};
use vestibule_kernel::{Explain, Explanation, Kind, Timestamp};
use vestibule_storage::KeyError;

use crate::{AppendError, Cursor, EventLog, Metadata, ReadError, Recorded, StreamId, Transaction, Version};

/// How often a command is decided before it gives up against others on the same stream.
const ATTEMPTS_MAX: u32 = 3;

/// How many events of a stream are read at once.
const PAGE_EVENTS: usize = 500;

/// An aggregate as the log has it.
#[derive(Clone, Debug)]
pub struct Current<D: Decider> {
    /// What its events fold to.
    pub state: D,
    /// Its version; its `etag`.
    pub version: Version,
    /// The cursor behind its last event; `None` when it has none.
    pub cursor: Option<Cursor>,
    /// When its first event was recorded.
    pub first_recorded_at: Option<Timestamp>,
    /// When its last event was recorded.
    pub last_recorded_at: Option<Timestamp>,
}

impl<D: Decider> Default for Current<D> {
    fn default() -> Self {
        let state = D::default();
        Self { state, version: Version::EMPTY, cursor: None, first_recorded_at: None, last_recorded_at: None }
    }
}

/// An aggregate cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event is not what this program understands.
    #[error("the event at position {position} cannot be understood")]
    Decode {
        /// Its place in the global order.
        position: u64,
        /// Why.
        source: DecodeError,
    },
    /// The personal part of an event does not open with the key it names.
    #[error("the personal part of the event at position {position} does not open")]
    Unsealable {
        /// Its place in the global order.
        position: u64,
    },
    /// The key store does not answer as it should.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl LoadError {
    pub(crate) fn decode(event: &Recorded, source: DecodeError) -> Self {
        Self::Decode { position: event.cursor.position(), source }
    }
}

impl Explain for LoadError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Read(error) => error.explain(),
            Self::Decode { .. } | Self::Unsealable { .. } => Explanation::new(Kind::Corrupt, "EVENT_UNREADABLE"),
            Self::Key(error) => error.explain(),
        }
    }
}

/// A command did not take effect.
#[derive(Debug, thiserror::Error)]
pub enum CommandError<R: std::error::Error + 'static> {
    /// The domain says no.
    #[error(transparent)]
    Rejected(R),
    /// The aggregate is not at the version the caller has seen.
    #[error("the current version is {actual}, not {expected}")]
    Stale {
        /// What the caller has seen.
        expected: Version,
        /// What is current.
        actual: Version,
    },
    /// Others kept changing the aggregate.
    #[error("others keep changing the same thing")]
    Contended,
    /// The events could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The aggregate could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl<R: Explain + 'static> Explain for CommandError<R> {
    fn explain(&self) -> Explanation {
        match self {
            Self::Rejected(rejection) => rejection.explain(),
            Self::Stale { .. } => Explanation::new(Kind::Conflict, "ETAG_STALE"),
            Self::Contended => Explanation::new(Kind::Conflict, "CONTENDED"),
            Self::Append(error) => error.explain(),
            Self::Load(error) => error.explain(),
        }
    }
}

impl EventLog {
    /// The aggregate of `stream`, its personal fields opened.
    ///
    /// # Errors
    /// [`LoadError`].
    pub async fn load<D: Decider>(&self, stream: &StreamId) -> Result<Current<D>, LoadError> {
        let mut current = Current::<D>::default();
        loop {
            let page = self.read_stream(stream, current.version, PAGE_EVENTS).await?;
            for recorded in &page {
                let event = self.open::<D::Event>(recorded).await?;
                current.state = current.state.evolve(&event);
                current.version = recorded.version;
                current.cursor = Some(recorded.cursor);
                current.first_recorded_at.get_or_insert(recorded.recorded_at);
                current.last_recorded_at = Some(recorded.recorded_at);
            }
            if page.len() < PAGE_EVENTS {
                return Ok(current);
            }
        }
    }

    /// Loads, decides, appends, and answers what has become of the aggregate. After a conflict the command is decided
    /// again on the newer state, at most three times; events that were decided on an older one are never appended.
    ///
    /// With an `etag` the command only takes effect on that version.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn execute<D: Decider>(
        &self,
        stream: &StreamId,
        etag: Option<Version>,
        metadata: Metadata,
        command: &D::Command,
    ) -> Result<Current<D>, CommandError<D::Rejection>> {
        for _ in 0..ATTEMPTS_MAX {
            let current = self.load::<D>(stream).await?;
            if let Some(expected) = etag.filter(|expected| *expected != current.version) {
                return Err(CommandError::Stale { expected, actual: current.version });
            }
            let events = current.state.decide(command).map_err(CommandError::Rejected)?;
            if events.is_empty() {
                return Ok(current);
            }
            let transaction = Transaction::new(metadata.clone()).append(stream.clone(), current.version, &events);
            let transaction = transaction.map_err(|error| AppendError::Unprepared(Box::new(error)))?;
            match self.append(transaction).await {
                Ok(appended) => {
                    return Ok(Current {
                        state: events.iter().fold(current.state, D::evolve),
                        version: current.version.plus(events.len() as u64),
                        cursor: Some(appended.cursor),
                        first_recorded_at: current.first_recorded_at.or(Some(appended.recorded_at)),
                        last_recorded_at: Some(appended.recorded_at),
                    });
                }
                Err(AppendError::Conflict { .. }) => {} // somebody else appended: look again
                Err(error) => return Err(CommandError::Append(error)),
            }
        }
        Err(CommandError::Contended)
    }
}
