//! The documents about published events against the events themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use boon::{Compiler, Schemas};
use serde_json::{Value, json};
use vestibule_bus::{CATALOG, contract};

use crate::{
    catalog::{fixtures, recorded},
    harness::{World, mapping},
};

/// Parts of words that no field of a published body may have: what is called so is a secret, a proof of somebody's
/// identity, or a handle by which either is found.
const NEVER: &[&str] = &[
    "secret",
    "token",
    "assertion",
    "password",
    "passphrase",
    "private",
    "credential",
    "signature",
    "digest",
    "nonce",
    "cookie",
    "ticket",
    "bearer",
    "seed",
    "jwt",
    "saml",
    "xml",
    "pem",
    "der",
    "key",
    "code",
    "relay_state",
    "request_id",
    "name_id",
    "note",
    "session",
];

/// What is called like one of them and is none: which of our public keys, and what for.
const HARMLESS: &[&str] = &["provider", "key_id", "key_use"];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/vestibule/events/v1")
}

fn published() -> BTreeSet<&'static str> {
    CATALOG.iter().filter_map(|(_, published)| *published).collect()
}

#[test]
fn the_checked_in_contract_is_what_the_code_gives() {
    for (name, text) in contract::files() {
        let present = fs::read_to_string(directory().join(&name)).unwrap_or_default();
        assert!(present == text, "{name} differs from the code: run `cargo xtask codegen`");
    }
    let schemas = fs::read_dir(directory().join("schema")).unwrap();
    let present: BTreeSet<String> = schemas.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(present, published().into_iter().map(|name| format!("{name}.json")).collect());
}

#[test]
fn every_published_event_has_one_schema() {
    let described: Vec<&str> = contract::BODIES.iter().map(|body| body.name).collect();
    let once: BTreeSet<&str> = described.iter().copied().collect();
    assert_eq!((once.len(), once), (described.len(), published()));
}

#[tokio::test]
async fn every_published_event_is_valid_by_its_schema() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    let mut validators = BTreeMap::new();
    for (name, schema) in contract::schemas() {
        let url = format!("https://schemas.example/{name}.json");
        compiler.add_resource(&url, schema).unwrap();
        validators.insert(name, compiler.compile(&url, &mut schemas).unwrap());
    }
    let world = World::new().await;
    let mut seen = BTreeSet::new();
    for (stored, data) in fixtures() {
        let Some(message) = mapping().message(&world.log, &recorded(&stored, &data)).await.unwrap() else { continue };
        let name = message.subject.splitn(4, '.').last().unwrap();
        let body: Value = serde_json::from_str(&message.body).unwrap();
        let schema = validators[name];
        schemas.validate(&body, schema).unwrap_or_else(|error| panic!("{name}: {body}: {error:#}"));
        let required = contract::schemas()[name]["required"].clone();
        for field in required.as_array().unwrap() {
            let mut without = body.clone();
            without.as_object_mut().unwrap().remove(field.as_str().unwrap());
            assert!(schemas.validate(&without, schema).is_err(), "{name} without {field}");
        }
        let mut wrong = body.clone();
        let first = body.as_object().unwrap().keys().next().unwrap();
        wrong[first] = json!({ "no": ["such", "type"] });
        assert!(schemas.validate(&wrong, schema).is_err(), "{name}: {wrong}");
        seen.insert(name.to_owned());
    }
    assert_eq!(seen, published().into_iter().map(str::to_owned).collect());
}

#[test]
fn no_field_of_a_published_body_is_called_like_a_secret() {
    let mut fields = 0;
    for (name, schema) in contract::schemas() {
        each_field(&schema, &mut |field| {
            fields += 1;
            let words = HARMLESS.iter().fold(field.to_lowercase(), |words, harmless| words.replace(harmless, ""));
            let found = NEVER.iter().find(|never| words.contains(*never));
            assert_eq!(found, None, "{name}: {field}");
        });
    }
    assert!(fields > 60, "{fields}");
}

#[tokio::test]
async fn no_value_of_a_published_event_looks_like_a_token_a_key_or_an_assertion() {
    let world = World::new().await;
    for (stored, data) in fixtures() {
        let Some(message) = mapping().message(&world.log, &recorded(&stored, &data)).await.unwrap() else { continue };
        let body: Value = serde_json::from_str(&message.body).unwrap();
        let headers = message.headers.iter().map(|(_, value)| json!(value)).collect();
        for value in [body, Value::Array(headers), json!(message.subject)] {
            each_text(&value, &mut |text| {
                let looks = ["eyJ", "-----BEGIN", "PHNhbWw", "<saml", "<?xml", "Bearer "].iter();
                assert!(!looks.clone().any(|like| text.contains(*like)), "{stored}: {text}");
                let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_".contains(&byte);
                let longest = text.as_bytes().split(|byte| !base64(*byte)).map(<[u8]>::len).max().unwrap_or(0);
                // A fingerprint in hex has 64 characters.
                assert!(longest <= 64, "{stored}: {text}");
            });
        }
    }
}

#[test]
fn the_document_names_every_event_and_every_reference_in_it_leads_somewhere() {
    let document = contract::asyncapi();
    assert_eq!(document["asyncapi"], "3.0.0");
    for part in ["channels", "operations"] {
        let names: BTreeSet<&str> = document[part].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, published(), "{part}");
    }
    let mut references = 0;
    each_reference(&document, &mut |reference| {
        references += 1;
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    });
    assert!(references > 5 * published().len(), "{references}");
    let address = &document["channels"]["person.deactivated"]["address"];
    assert_eq!(address, "vestibule.{environment}.{organization}.person.deactivated");
}

#[tokio::test]
async fn the_document_names_every_header() {
    let world = World::new().await;
    let message = mapping().message(&world.log, &recorded("connection.enabled", &json!({}))).await.unwrap().unwrap();
    let document = contract::asyncapi();
    let headers = document["components"]["messageTraits"]["cloudEvent"]["headers"]["properties"].as_object().unwrap();
    let named: BTreeSet<&str> = headers.keys().map(String::as_str).collect();
    let sent: BTreeSet<&str> = message.headers.iter().map(|(name, _)| *name).collect();
    assert!(sent.iter().all(|name| *name == "content-type" || name.starts_with("ce-")));
    assert_eq!(named, sent.into_iter().filter(|name| *name != "content-type").collect());
}

fn each_field(schema: &Value, look: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "properties" {
                    value.as_object().unwrap().keys().for_each(|field| look(field));
                }
                each_field(value, look);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_field(item, look)),
        _ => {}
    }
}

fn each_text(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Object(fields) => fields.values().for_each(|value| each_text(value, look)),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, look)),
        _ => {}
    }
}

fn each_reference(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(reference) if name == "$ref" => look(reference),
                    _ => each_reference(value, look),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, look)),
        _ => {}
    }
}
