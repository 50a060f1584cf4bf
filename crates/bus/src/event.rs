use vestibule_eventlog::{Cursor, EventLog, Recorded};
use vestibule_kernel::{EventId, OrganizationId, Timestamp};

use crate::catalog::{Fact, MapError, fact};

/// The `specversion` of every event (CloudEvents 1.0, section 3.1).
pub const SPEC_VERSION: &str = "1.0";

/// The media type of every body.
pub const CONTENT_TYPE: &str = "application/json";

/// Stands before the name of every event type.
pub const TYPE_PREFIX: &str = "vestibule.";

/// The longest `traceparent` that is passed on (W3C Trace Context, version 00: 55 characters; later ones may be longer).
const TRACEPARENT_BYTES_MAX: usize = 128;

/// What an attribute takes beside its value: its name, its tag and its length.
const ATTRIBUTE_BYTES: usize = 32;

/// A published event, whichever way it goes out: what CloudEvents 1.0 calls its context attributes, and its data.
#[derive(Clone, Debug)]
pub struct Event {
    /// `id`: the same however often it is sent.
    pub id: EventId,
    /// `cursor`, an extension of ours: its place in the log.
    pub cursor: Cursor,
    /// `source`: the deployment.
    pub source: String,
    /// `<noun>.<fact>`: the `type` without [`TYPE_PREFIX`].
    pub name: &'static str,
    /// `subject`: the resource it is about, as the gRPC interface names it.
    pub subject: String,
    /// `time`: when it was recorded.
    pub time: Timestamp,
    /// `organization`, an extension of ours.
    pub organization: Option<OrganizationId>,
    /// `traceparent`, of the extension for distributed tracing.
    pub traceparent: Option<String>,
    /// The data: JSON.
    pub body: String,
}

impl Event {
    /// The `type`.
    #[must_use]
    pub fn type_name(&self) -> String {
        format!("{TYPE_PREFIX}{}", self.name)
    }

    /// How many bytes it takes to send, or somewhat more.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let attributes: usize = self.attributes().iter().map(|(_, value)| value.len() + ATTRIBUTE_BYTES).sum();
        self.body.len() + ATTRIBUTE_BYTES + attributes
    }

    /// The context attributes by their names.
    #[must_use]
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            ("specversion", SPEC_VERSION.to_owned()),
            ("id", self.id.to_string()),
            ("source", self.source.clone()),
            ("type", self.type_name()),
            ("subject", self.subject.clone()),
            ("time", self.time.to_string()),
            ("cursor", self.cursor.to_string()),
        ];
        attributes.extend(self.organization.map(|organization| ("organization", organization.to_string())));
        attributes.extend(self.traceparent.clone().map(|traceparent| ("traceparent", traceparent)));
        attributes
    }
}

/// Makes published events of recorded ones.
#[derive(Clone, Debug)]
pub struct Events {
    source: String,
}

impl Events {
    /// For the deployment whose events have this `source` (CloudEvents 1.0, section 3.1.2): an absolute URI.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        Self { source: source.into() }
    }

    /// What is published of a recorded event; `None` when it stays inside. Personal fields are opened here; where the
    /// person's key has been destroyed, the event goes out without them.
    ///
    /// # Errors
    /// [`MapError`].
    pub async fn event(&self, log: &EventLog, recorded: &Recorded) -> Result<Option<Event>, MapError> {
        Ok(fact(log, recorded).await?.map(|fact| self.assemble(recorded, fact)))
    }

    fn assemble(&self, recorded: &Recorded, fact: Fact) -> Event {
        Event {
            id: recorded.id,
            cursor: recorded.cursor,
            source: self.source.clone(),
            name: fact.name,
            subject: fact.resource,
            time: recorded.recorded_at,
            organization: recorded.stream.organization(),
            traceparent: recorded.metadata.traceparent.clone().filter(|text| is_traceparent(text)),
            body: fact.body.to_string(),
        }
    }
}

/// Callers sent it, so it is not trusted to be a header.
fn is_traceparent(text: &str) -> bool {
    (1..=TRACEPARENT_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
