use serde_json::{Map, Value, json};

use super::body::{BODIES, Body};
use crate::event::{CONTENT_TYPE, SPEC_VERSION, TYPE_PREFIX};

/// The version of the contract: raised when an event changes in a way that is more than an addition.
const VERSION: &str = "1.0.0";

/// The AsyncAPI 3.0 document: what a deployment sends, on which subjects, with which headers and bodies. One channel and
/// one operation an event.
#[must_use]
pub fn asyncapi() -> Value {
    let all = |make: fn(&Body) -> Value| -> Map<String, Value> {
        BODIES.iter().map(|body| (body.name.to_owned(), make(body))).collect()
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of Vestibule",
            "version": VERSION,
            "description": "What happens to organizations, their domains, connections, certificates and people, as \
                CloudEvents 1.0 in binary mode. Within an organization the events come in the order in which they \
                happened. An event that comes again carries the same id. Fields may be added: ignore those that you do \
                not know.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": all(channel),
        "operations": all(operation),
        "components": {
            "messages": all(message),
            "messageTraits": { "cloudEvent": { "headers": headers() } },
            "parameters": parameters(),
        },
    })
}

fn channel(body: &Body) -> Value {
    json!({
        "address": format!("vestibule.{{environment}}.{{organization}}.{}", body.name),
        "messages": { "event": { "$ref": format!("#/components/messages/{}", body.name) } },
        "parameters": {
            "environment": { "$ref": "#/components/parameters/environment" },
            "organization": { "$ref": "#/components/parameters/organization" },
        },
    })
}

fn operation(body: &Body) -> Value {
    json!({
        "action": "send",
        "channel": { "$ref": format!("#/channels/{}", body.name) },
        "messages": [{ "$ref": format!("#/channels/{}/messages/event", body.name) }],
    })
}

fn message(body: &Body) -> Value {
    json!({
        "name": format!("{TYPE_PREFIX}{}", body.name),
        "contentType": CONTENT_TYPE,
        "traits": [{ "$ref": "#/components/messageTraits/cloudEvent" }],
        "payload": without_dialect(body.schema()),
    })
}

/// A schema inside of the document: AsyncAPI says which dialect it has.
fn without_dialect(mut schema: Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$schema");
    }
    schema
}

fn parameters() -> Value {
    json!({
        "environment": { "description": "The deployment's environment, such as `production`." },
        "organization": {
            "description": "The organization's id, a UUID; `deployment` for what belongs to none.",
        },
    })
}

/// The context attributes of CloudEvents, as headers of the NATS protocol binding.
fn headers() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "required": ["ce-specversion", "ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-cursor"],
        "properties": {
            "ce-specversion": { "type": "string", "const": SPEC_VERSION },
            "ce-id": {
                "type": "string",
                "format": "uuid",
                "description": "The event, however often it is sent; also `Nats-Msg-Id`.",
            },
            "ce-source": { "type": "string", "format": "uri", "description": "The deployment." },
            "ce-type": text("The type of the event."),
            "ce-subject": text("The resource it is about, as the gRPC interface names it."),
            "ce-time": { "type": "string", "format": "date-time", "description": "When it was recorded." },
            "ce-cursor": text("Its place in the log: where `vestibule.events.v1.EventService` goes on."),
            "ce-organization": { "type": "string", "format": "uuid", "description": "Its organization, if it has one." },
            "ce-traceparent": text("W3C Trace Context of what caused it."),
        },
    })
}
