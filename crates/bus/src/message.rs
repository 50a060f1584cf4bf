use vestibule_eventlog::{Cursor, EventLog, Recorded};
use vestibule_kernel::{EventId, OrganizationId};

use crate::catalog::{Fact, MapError, fact};

/// The first token of every subject.
const ROOT: &str = "vestibule";

/// Stands in a subject where an event belongs to no organization. Never an organization: those are UUIDs.
const NO_ORGANIZATION: &str = "deployment";

/// The header that carries the place of an event in the log: a CloudEvents extension of ours. The relay reads it back to
/// know how far an organization has been published.
pub const CURSOR_HEADER: &str = "ce-cursor";

/// The longest `traceparent` that is passed on (W3C Trace Context, version 00: 55 characters; later ones may be longer).
const TRACEPARENT_BYTES_MAX: usize = 128;

/// An event as it is published: CloudEvents 1.0 in binary mode (NATS protocol binding, section 3.1), so attributes are
/// headers and the body is the event's data.
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
    source: String,
}

impl Mapping {
    /// For the deployment of this environment, whose events have this `source` (CloudEvents 1.0, section 3.1.2): an
    /// absolute URI.
    #[must_use]
    pub fn new(environment: impl Into<String>, source: impl Into<String>) -> Self {
        Self { environment: environment.into(), source: source.into() }
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
        Ok(fact(log, recorded).await?.map(|fact| self.assemble(recorded, fact)))
    }

    fn assemble(&self, recorded: &Recorded, fact: Fact) -> Message {
        let organization = recorded.stream.organization();
        let lane = self.lane(organization);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", recorded.id.to_string()),
            ("ce-source", self.source.clone()),
            ("ce-type", format!("{ROOT}.{}", fact.name)),
            ("ce-subject", fact.resource),
            ("ce-time", recorded.recorded_at.to_string()),
            (CURSOR_HEADER, recorded.cursor.to_string()),
        ];
        headers.extend(organization.map(|organization| ("ce-organization", organization.to_string())));
        let traceparent = recorded.metadata.traceparent.as_ref().filter(|text| is_traceparent(text));
        // CloudEvents Distributed Tracing extension.
        headers.extend(traceparent.map(|traceparent| ("ce-traceparent", traceparent.clone())));
        Message {
            id: recorded.id,
            cursor: recorded.cursor,
            subject: format!("{lane}.{}", fact.name),
            lane: format!("{lane}.>"),
            headers,
            body: fact.body.to_string(),
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

/// Callers sent it, so it is not trusted to be a header.
fn is_traceparent(text: &str) -> bool {
    (1..=TRACEPARENT_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
