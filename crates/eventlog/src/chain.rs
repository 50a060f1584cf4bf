use aws_lc_rs::digest::{Context, SHA256};
use vestibule_kernel::{EventId, Timestamp};

use crate::{Hash, Metadata, Recorded, StoredPersonal, StreamId, Version};

/// What the first event of a stream is chained to.
pub const ORIGIN: Hash = [0; 32];

/// Keeps these digests apart from every other use of SHA-256, and names the encoding below.
const DOMAIN: &[u8] = b"vestibule.eventlog.event.1";

/// Everything that is stored of an event except its hash: what the hash covers.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Its place in the global order.
    pub position: u64,
    /// Its id.
    pub id: EventId,
    /// Its stream.
    pub stream: &'a StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// The name of its type.
    pub name: &'a str,
    /// The revision of its type.
    pub revision: u16,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who did it.
    pub metadata: &'a Metadata,
    /// The public part.
    pub data: &'a str,
    /// The personal part.
    pub personal: Option<&'a StoredPersonal>,
}

impl Link<'_> {
    /// The hash of the event whose predecessor in the stream has the hash `previous`.
    ///
    /// Every field goes in as tag, length and bytes; a field that is absent is left out. So no two different events have
    /// the same encoding, and a field that is added later leaves the hashes of older events as they are.
    #[must_use]
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut chain = Context::new(&SHA256);
        chain.update(DOMAIN);
        chain.update(previous);
        let mut field = |tag: u8, bytes: &[u8]| {
            chain.update(&[tag]);
            chain.update(&(bytes.len() as u64).to_be_bytes());
            chain.update(bytes);
        };
        field(1, &self.position.to_be_bytes());
        field(2, self.id.uuid().as_bytes());
        field(3, self.stream.to_string().as_bytes());
        field(4, &self.version.0.to_be_bytes());
        field(5, self.name.as_bytes());
        field(6, &self.revision.to_be_bytes());
        field(7, &self.recorded_at.unix_millis().to_be_bytes());
        field(8, self.metadata.actor.as_bytes());
        if let Some(correlation) = &self.metadata.correlation_id {
            field(9, correlation.as_bytes());
        }
        if let Some(causation) = &self.metadata.causation_id {
            field(10, causation.uuid().as_bytes());
        }
        if let Some(traceparent) = &self.metadata.traceparent {
            field(11, traceparent.as_bytes());
        }
        field(12, self.data.as_bytes());
        if let Some(personal) = self.personal {
            field(13, personal.person.uuid().as_bytes());
            field(14, &personal.ciphertext);
        }
        let mut hash = ORIGIN;
        hash.copy_from_slice(chain.finish().as_ref());
        hash
    }
}

impl<'a> From<&'a Recorded> for Link<'a> {
    fn from(event: &'a Recorded) -> Self {
        Self {
            position: event.cursor.position(),
            id: event.id,
            stream: &event.stream,
            version: event.version,
            name: &event.name,
            revision: event.revision,
            recorded_at: event.recorded_at,
            metadata: &event.metadata,
            data: &event.data,
            personal: event.personal.as_ref(),
        }
    }
}
