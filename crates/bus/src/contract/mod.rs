//! The contract about published events as documents: a JSON Schema (2020-12) of each body, and an AsyncAPI 3.0 document
//! of all of them. Both are made of the types in [`crate::payload`]; `cargo xtask codegen` writes them to
//! `proto/vestibule/events/v1`, and a test holds them against the code.

mod asyncapi;
mod body;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use asyncapi::asyncapi;
pub use body::BODIES;
use body::Body;

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of each published event's body, by the event's name.
#[must_use]
pub fn schemas() -> BTreeMap<&'static str, Value> {
    BODIES.iter().map(|body| (body.name, document(body))).collect()
}

/// Every file of the contract: its path in `proto/vestibule/events/v1`, and its text.
#[must_use]
pub fn files() -> BTreeMap<String, String> {
    let schemas = schemas().into_iter().map(|(name, schema)| (format!("schema/{name}.json"), text(&schema)));
    schemas.chain([("asyncapi.json".to_owned(), text(&asyncapi()))]).collect()
}

fn document(body: &Body) -> Value {
    let mut schema = body.schema();
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("$schema".to_owned(), json!(DIALECT));
        fields.insert("$id".to_owned(), json!(format!("urn:vestibule:event:{}", body.name)));
        fields.insert("title".to_owned(), json!(format!("vestibule.{}", body.name)));
    }
    schema
}

fn text(document: &Value) -> String {
    format!("{document:#}\n")
}
