use vestibule_eventlog::{Cursor, EventLog, Recorded};
use vestibule_kernel::{EventId, OrganizationId};

use crate::{
    catalog::MapError,
    event::{CONTENT_TYPE, Event, Events},
};

/// The first token of every subject.
const ROOT: &str = "vestibule";

/// Stands in a subject where an event belongs to no organization. Never an organization: those are UUIDs.
const NO_ORGANIZATION: &str = "deployment";

/// The header that carries the place of an event in the log: a CloudEvents extension of ours. The relay reads it back to
/// know how far an organization has been published.
pub const CURSOR_HEADER: &str = "ce-cursor";

/// An event as it is published on a bus: CloudEvents 1.0 in binary mode (NATS protocol binding, section 3.1), so attributes
/// are headers and the body is the event's data.
#[derive(Clone, Debug)]
pub struct Message {
    /// The event's id: the same however often it is sent.
    pub id: EventId,
    /// Its place in the log.
    pub cursor: Cursor,
    /// `vestibule.<environment>.<organization>.<noun>.<fact>`.
    pub subject: String,
    /// The subjects of everything that must stay in order with it: `vestibule.<environment>.<organization>.>`.
    pub lane: String,
    /// CloudEvents attributes and `content-type`.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// Makes messages of recorded events.
#[derive(Clone, Debug)]
pub struct Mapping {
    environment: String,
    events: Events,
}

impl Mapping {
    /// For the deployment of this environment, whose events have this `source` (CloudEvents 1.0, section 3.1.2): an
    /// absolute URI.
    #[must_use]
    pub fn new(environment: impl Into<String>, source: impl Into<String>) -> Self {
        Self { environment: environment.into(), events: Events::new(source) }
    }

    /// The subjects of all events of this deployment.
    #[must_use]
    pub fn subjects(&self) -> String {
        format!("{ROOT}.{}.>", self.environment)
    }

    /// What is published of a recorded event; `None` when it stays inside. Personal fields are opened here; where the
    /// person's key has been destroyed, the event goes out without them.
    ///
    /// # Errors
    /// [`MapError`].
    pub async fn message(&self, log: &EventLog, recorded: &Recorded) -> Result<Option<Message>, MapError> {
        Ok(self.events.event(log, recorded).await?.map(|event| self.assemble(event)))
    }

    fn assemble(&self, event: Event) -> Message {
        let lane = self.lane(event.organization);
        let attributes = event.attributes().into_iter().map(|(name, value)| (header(name), header_value(value)));
        let content_type = ("content-type", CONTENT_TYPE.to_owned());
        Message {
            id: event.id,
            cursor: event.cursor,
            subject: format!("{lane}.{}", event.name),
            lane: format!("{lane}.>"),
            headers: std::iter::once(content_type).chain(attributes).collect(),
            body: event.body,
        }
    }

    fn lane(&self, organization: Option<OrganizationId>) -> String {
        let environment = &self.environment;
        match organization {
            Some(organization) => format!("{ROOT}.{environment}.{organization}"),
            None => format!("{ROOT}.{environment}.{NO_ORGANIZATION}"),
        }
    }
}

/// The header of an attribute: its name with a prefix (NATS protocol binding of CloudEvents, section 3.1.3.1).
fn header(attribute: &'static str) -> &'static str {
    match attribute {
        "specversion" => "ce-specversion",
        "id" => "ce-id",
        "source" => "ce-source",
        "type" => "ce-type",
        "subject" => "ce-subject",
        "time" => "ce-time",
        "cursor" => CURSOR_HEADER,
        "organization" => "ce-organization",
        "traceparent" => "ce-traceparent",
        other => other,
    }
}

/// A value that ends no header and begins none, whatever an event holds: what is not printable ASCII, and what stands for
/// something else there, is percent-encoded (by the rule of the HTTP protocol binding, section 3.1.3.2).
fn header_value(value: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'%');
    if value.bytes().all(is_plain) {
        return value;
    }
    let encode = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(encode).collect()
}
