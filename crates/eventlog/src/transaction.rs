use vestibule_decider::{DomainEvent, Personal, PersonalFields, Reservation};
use vestibule_kernel::EventId;

use crate::{Metadata, StreamId, Version};

/// An event before it is recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Draft {
    /// Its id; `None` lets the log choose one.
    pub id: Option<EventId>,
    /// The dotted name of its type.
    pub name: &'static str,
    /// The current revision of its type.
    pub revision: u16,
    /// The public part, JSON text.
    pub data: String,
    /// The personal part, in the clear; sealed before it leaves the process.
    pub personal: Option<PersonalFields>,
    /// The unique names it takes or gives up.
    pub reservations: Vec<Reservation>,
}

impl Draft {
    /// What will be stored of `event`.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn of<E: DomainEvent>(event: &E) -> Result<Self, serde_json::Error> {
        let payload = event.encode()?;
        let personal = match payload.personal {
            Personal::Open(fields) => Some(fields),
            Personal::None | Personal::Withheld => None,
        };
        Ok(Self {
            id: None,
            name: event.schema().name(),
            revision: event.schema().revision(),
            data: serde_json::to_string(&payload.data)?,
            personal,
            reservations: event.reservations(),
        })
    }
}

/// Events for one stream, and the version it must be at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The version the decision was based on; there is no "any".
    pub expected: Version,
    /// Its events; none only holds the stream to its version.
    pub drafts: Vec<Draft>,
}

/// Everything one decision adds to the log: several streams and their unique names, all or nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Transaction {
    /// Who did it.
    pub metadata: Metadata,
    /// What is appended; each stream at most once.
    pub appends: Vec<StreamAppend>,
}

impl Transaction {
    /// Nothing yet, done by whom `metadata` says.
    #[must_use]
    pub const fn new(metadata: Metadata) -> Self {
        Self { metadata, appends: Vec::new() }
    }

    /// Adds the events of one stream; none is nothing to add.
    ///
    /// # Errors
    /// When an event cannot be written as JSON.
    pub fn append<'a, E: DomainEvent>(
        mut self,
        stream: StreamId,
        expected: Version,
        events: impl IntoIterator<Item = &'a E>,
    ) -> Result<Self, serde_json::Error> {
        let drafts = events.into_iter().map(Draft::of).collect::<Result<Vec<_>, _>>()?;
        if !drafts.is_empty() {
            self.appends.push(StreamAppend { stream, expected, drafts });
        }
        Ok(self)
    }

    /// Adds no event of a stream, and still takes effect only while the stream is at that version: what was decided was
    /// decided on it.
    #[must_use]
    pub fn unchanged(mut self, stream: StreamId, expected: Version) -> Self {
        self.appends.push(StreamAppend { stream, expected, drafts: Vec::new() });
        self
    }
}
