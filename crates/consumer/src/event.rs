use serde_json::Value;

use crate::Message;

/// The largest body that is read.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The longest attribute that is read.
const ATTRIBUTE_BYTES_MAX: usize = 1024;

/// All types of ours begin with it.
const TYPE_PREFIX: &str = "vestibule.";

/// A published event: CloudEvents 1.0 with JSON data.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `ce-id`: the same however often it is published.
    pub id: String,
    /// `ce-type` without `vestibule.`, such as `person.deactivated`.
    pub name: String,
    /// `ce-subject`: the resource it is about, as the gRPC interface names it.
    pub resource: String,
    /// `ce-time`, RFC 3339.
    pub time: String,
    /// `ce-organization`: whose event it is; none belongs to the deployment.
    pub organization: Option<String>,
    /// `ce-traceparent`: the trace in which it happened (W3C Trace Context).
    pub traceparent: Option<String>,
    /// The body.
    pub data: Value,
}

/// A message is no event of ours.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedEvent {
    /// An attribute that every event has is missing, or too long.
    #[error("{0} is missing or longer than {ATTRIBUTE_BYTES_MAX} bytes")]
    Attribute(&'static str),
    /// Another version of `CloudEvents`, or another type than ours.
    #[error("the message is no CloudEvent of Vestibule")]
    Foreign,
    /// The body is too large.
    #[error("the body is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    /// The body is not a JSON object.
    #[error("the body is not a JSON object")]
    Body,
}

impl Event {
    /// Reads a message in binary content mode.
    ///
    /// # Errors
    /// [`MalformedEvent`].
    pub fn read(message: &Message) -> Result<Self, MalformedEvent> {
        let text = |name: &'static str| {
            let value = message.header(name).filter(|value| !value.is_empty() && value.len() <= ATTRIBUTE_BYTES_MAX);
            value.map(str::to_owned).ok_or(MalformedEvent::Attribute(name))
        };
        if text("ce-specversion")? != "1.0" {
            return Err(MalformedEvent::Foreign);
        }
        let name = text("ce-type")?.strip_prefix(TYPE_PREFIX).map(str::to_owned).ok_or(MalformedEvent::Foreign)?;
        if message.body.len() > BODY_BYTES_MAX {
            return Err(MalformedEvent::TooLarge);
        }
        let data: Value = serde_json::from_slice(&message.body).map_err(|_| MalformedEvent::Body)?;
        if !data.is_object() {
            return Err(MalformedEvent::Body);
        }
        Ok(Self {
            id: text("ce-id")?,
            name,
            resource: text("ce-subject")?,
            time: text("ce-time")?,
            organization: text("ce-organization").ok(),
            traceparent: text("ce-traceparent").ok(),
            data,
        })
    }
}
