use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Map, Value, json};
use vestibule_bus::{CATALOG, Message};
use vestibule_eventlog::{Cursor, Metadata, Partition, Recorded, StreamId, Transaction, Version};
use vestibule_kernel::{EventId, PersonId, Timestamp};
use vestibule_tenancy::person;

use crate::harness::{World, mapping, metadata, organization};

const ORGANIZATION: &str = "01890a5d-ac96-774b-bcce-b302099a8051";
const AGGREGATE: &str = "01890a5d-ac96-774b-bcce-b302099a8053";

/// The categories that belong to no organization.
const DEPLOYMENT: [&str; 2] = ["user_pool", "signing_key"];

/// What of a stored event nobody outside may see: secrets and their digests, notes between operators, handles of requests.
const INSIDE: &[&str] = &[
    "digest",
    "secret_id",
    "client_id",
    "subject_digest",
    "released_digest",
    "request_id",
    "note",
    "der",
    "pool_secret",
    "app_client_id",
    "name_id_format",
];

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(crate) fn recorded(name: &str, data: &Value) -> Recorded {
    let category = name.split_once('.').unwrap().0.to_owned();
    let owner = (!DEPLOYMENT.contains(&category.as_str())).then(|| ORGANIZATION.parse().unwrap());
    let partition = (category == "assertion").then(|| Partition::of(now()));
    Recorded {
        id: "01890a5d-ac96-774b-bcce-b302099a80ff".parse::<EventId>().unwrap(),
        stream: StreamId::new(category, owner, partition, AGGREGATE).unwrap(),
        version: Version(1),
        cursor: Cursor::at(7, 42),
        name: name.to_owned(),
        revision: 1,
        recorded_at: now(),
        metadata: Metadata {
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            ..metadata()
        },
        data: data.to_string(),
        personal: None,
        hash: [0; 32],
    }
}

/// Every stored event type, as it was once written.
pub(crate) fn fixtures() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tenancy/tests/fixtures");
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let event: Vec<&str> = name.split('.').collect();
        let stored: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        found.push((format!("{}.{}", event[0], event[1]), stored["data"].clone()));
    }
    found
}

/// Puts a marker wherever something is that must stay inside; answers how many.
fn mark(value: &mut Value) -> usize {
    match value {
        Value::Object(fields) => mark_fields(fields),
        Value::Array(items) => items.iter_mut().map(mark).sum(),
        _ => 0,
    }
}

fn mark_fields(fields: &mut Map<String, Value>) -> usize {
    let mut marked = 0;
    for (name, value) in fields {
        if INSIDE.contains(&name.as_str()) {
            *value = json!("MARKER");
            marked += 1;
        } else {
            marked += mark(value);
        }
    }
    marked
}

fn everything(message: &Message) -> String {
    format!("{} {:?} {}", message.subject, message.headers, message.body)
}

#[tokio::test]
async fn every_stored_event_is_published_as_the_catalog_says_and_nothing_inside_gets_out() {
    let world = World::new().await;
    let mut seen = BTreeSet::new();
    let mut marked = 0;
    for (name, mut data) in fixtures() {
        marked += mark(&mut data);
        let message = mapping().message(&world.log, &recorded(&name, &data)).await.unwrap();
        let (_, published) = CATALOG.iter().find(|(stored, _)| *stored == name).unwrap_or_else(|| panic!("{name}"));
        match (&message, published) {
            (Some(message), Some(published)) => {
                let category = name.split('.').next().unwrap();
                let owner = if DEPLOYMENT.contains(&category) { "deployment" } else { ORGANIZATION };
                assert_eq!(message.subject, format!("vestibule.test.{owner}.{published}"));
                assert_eq!(message.lane, format!("vestibule.test.{owner}.>"));
                assert!(!everything(message).contains("MARKER"), "{name}: {}", everything(message));
                assert!(serde_json::from_str::<Map<String, Value>>(&message.body).is_ok());
            }
            (None, None) => {}
            _ => panic!("{name}: {message:?} against {published:?}"),
        }
        seen.insert(name);
    }
    assert!(marked >= 8, "the markers reach what they should: {marked}");
    let catalog: BTreeSet<String> = CATALOG.iter().map(|(stored, _)| (*stored).to_owned()).collect();
    assert_eq!(seen, catalog);
}

#[tokio::test]
async fn that_settings_changed_is_published_and_what_they_say_is_not() {
    let world = World::new().await;
    let group = json!({ "group": "Secret Project", "role": "admin" });
    for (data, changed) in
        [(json!({ "settings": { "roles": [group] } }), true), (json!({ "display_name": "x" }), false)]
    {
        let message = mapping().message(&world.log, &recorded("connection.configured", &data)).await.unwrap().unwrap();
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(body.get("settings_changed"), changed.then_some(&json!(true)));
        assert!(!everything(&message).contains("Secret"));
    }
}

#[tokio::test]
async fn a_message_is_a_cloud_event_in_binary_mode() {
    let world = World::new().await;
    let data = json!({});
    let message = mapping().message(&world.log, &recorded("connection.enabled", &data)).await.unwrap().unwrap();
    let headers: Vec<(&str, &str)> = message.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        headers,
        [
            ("content-type", "application/json"),
            ("ce-specversion", "1.0"),
            ("ce-id", "01890a5d-ac96-774b-bcce-b302099a80ff"),
            ("ce-source", "https://login.example"),
            ("ce-type", "vestibule.connection.enabled"),
            (
                "ce-subject",
                "organizations/01890a5d-ac96-774b-bcce-b302099a8051/connections/01890a5d-ac96-774b-bcce-b302099a8053"
            ),
            ("ce-time", "2026-11-21T10:00:00Z"),
            ("ce-cursor", "0000000000000007-2a"),
            ("ce-organization", ORGANIZATION),
            ("ce-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ]
    );
    let body: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!(body, json!({ "organization": ORGANIZATION, "connection": AGGREGATE }));
}

#[tokio::test]
async fn what_a_caller_calls_a_traceparent_cannot_add_a_header() {
    let world = World::new().await;
    let mut event = recorded("connection.enabled", &json!({}));
    event.metadata.traceparent = Some("00-0\r\nNats-Rollup: all".to_owned());
    let message = mapping().message(&world.log, &event).await.unwrap().unwrap();
    assert!(!message.headers.iter().any(|(name, _)| *name == "ce-traceparent"));
}

/// Whoever can write a row of the log, or an application with an id that nobody thought of.
#[tokio::test]
async fn what_an_event_holds_cannot_end_a_header_or_leave_its_lane() {
    let world = World::new().await;
    let target = json!({
        "kind": "app_client",
        "user_pool": AGGREGATE,
        "app_client_id": "a b%\u{7f}\r\nNats-Rollup: all\r\n\r\n",
    });
    let event = recorded("claim_policy.cleared", &json!({ "target": target }));
    let message = mapping().message(&world.log, &event).await.unwrap().unwrap();
    let (_, subject) = message.headers.iter().find(|(name, _)| *name == "ce-subject").unwrap();
    let encoded = "a%20b%25%7F%0D%0ANats-Rollup:%20all%0D%0A%0D%0A";
    assert_eq!(*subject, format!("userPools/{AGGREGATE}/appClients/{encoded}/claimPolicy"));
    assert_eq!(message.subject, format!("vestibule.test.{ORGANIZATION}.claim_policy.cleared"));
}

#[tokio::test]
async fn a_person_is_published_in_the_clear_until_the_key_is_destroyed() {
    let world = World::new().await;
    let person: PersonId = AGGREGATE.parse().unwrap();
    let first = person::Event::FirstSeen(person::FirstSeen {
        person,
        organization: organization(1),
        connection: AGGREGATE.parse().unwrap(),
        subject_digest: "d1".repeat(32),
        profile: Some(person::Profile {
            subject: "exact-name-id".to_owned(),
            email: Some("ada@acme.test".to_owned()),
            name: Some("Ada Lovelace".to_owned()),
            ..person::Profile::default()
        }),
    });
    let stream = StreamId::of_id(person::CATEGORY, Some(organization(1)), person.uuid());
    let transaction = Transaction::new(metadata()).append(stream.clone(), Version::EMPTY, &[first]).unwrap();
    world.log.append(transaction).await.unwrap();
    let stored = world.log.read_stream(&stream, Version::EMPTY, 1).await.unwrap().remove(0);

    let message = mapping().message(&world.log, &stored).await.unwrap().unwrap();
    let body: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!(body["profile"], json!({ "email": "ada@acme.test", "name": "Ada Lovelace" }));
    assert!(!everything(&message).contains("exact-name-id"), "how the provider names a person stays inside");

    world.keys.destroy("person", &person.to_string()).await.unwrap();
    let message = mapping().message(&world.log, &stored).await.unwrap().unwrap();
    let body: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!(body["profile"], Value::Null);
    assert!(!everything(&message).contains("ada"), "{}", everything(&message));
}
