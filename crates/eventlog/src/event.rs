use serde::{Deserialize, Serialize};
use vestibule_decider::{DecodeError, DomainEvent, Payload, Personal};
use vestibule_kernel::{EventId, PersonId, Timestamp};

use crate::{Cursor, StreamId, Version};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Who did it, and what it belongs to. Stored with every event.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Who acted: `operator`, `service:saml`, `person:<id>`; never a name or an address.
    pub actor: String,
    /// Joins everything that one request or sign-in caused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The event that caused this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// W3C Trace Context `traceparent` of the span that appended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Personal fields as they are stored: ciphertext under a key of the person's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredPersonal {
    /// Whose data it is; names the key.
    pub person: PersonId,
    /// The id of the key (16 bytes), the nonce, the AEAD ciphertext.
    pub ciphertext: Vec<u8>,
}

/// An event as the log keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recorded {
    /// Unique in the log; the id under which it is published.
    pub id: EventId,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub version: Version,
    /// Its place in the global order; hand it back to go on behind it.
    pub cursor: Cursor,
    /// The dotted name of its type.
    pub name: String,
    /// The revision of its type it was written in.
    pub revision: u16,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub metadata: Metadata,
    /// The public part, JSON text exactly as it was written: the hash covers it.
    pub data: String,
    /// The personal part.
    pub personal: Option<StoredPersonal>,
    /// The hash chain: covers the whole row and the hash of the event before it in the stream.
    pub hash: Hash,
}

impl Recorded {
    /// Reads the event without its personal part. Use [`EventLog::open`](crate::EventLog::open) where that is needed.
    ///
    /// # Errors
    /// [`DecodeError`]; the reader must stop.
    pub fn decode<E: DomainEvent>(&self) -> Result<E, DecodeError> {
        let personal = if self.personal.is_some() { Personal::Withheld } else { Personal::None };
        self.decode_with::<E>(personal)
    }

    pub(crate) fn decode_with<E: DomainEvent>(&self, personal: Personal) -> Result<E, DecodeError> {
        let data =
            serde_json::from_str(&self.data).map_err(|source| DecodeError::Malformed { name: "(any)", source })?;
        E::decode(&self.name, self.revision, Payload { data, personal })
    }
}
