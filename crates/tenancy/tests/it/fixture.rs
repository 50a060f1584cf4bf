//! Every revision of every event as it was once stored. **A fixture is never changed**: whoever changes what an event
//! looks like raises its revision, adds an upcast and a fixture of the new revision.

use std::{collections::BTreeSet, fmt::Debug, fs, path::Path};

use serde_json::{Value, json};
use vestibule_decider::{DomainEvent, Payload, Personal, PersonalFields};
use vestibule_tenancy::{
    assertion, claim_policy, connection, directory, directory_group, directory_user, domain, onboarding, organization,
    person, signing_key, user_pool,
};

use crate::sample::{self, person_id, pool_id};

fn path(name: &str, revision: u16) -> String {
    format!("{}/tests/fixtures/{name}.{revision}.json", env!("CARGO_MANIFEST_DIR"))
}

/// The fixture of the current revision decodes to `event`, and `event` is still written like that.
fn holds<E: DomainEvent + Debug + PartialEq>(seen: &mut BTreeSet<String>, event: impl Into<E>) {
    let event: E = event.into();
    let path = path(event.schema().name(), event.schema().revision());
    holds_in(seen, path, &event);
}

/// The same revision with what was added to it later: the fixture from before the addition stays as it is.
fn holds_with<E: DomainEvent + Debug + PartialEq>(seen: &mut BTreeSet<String>, addition: &str, event: impl Into<E>) {
    let event: E = event.into();
    let path = path(&format!("{}.with_{addition}", event.schema().name()), event.schema().revision());
    holds_in(seen, path, &event);
}

fn holds_in<E: DomainEvent + Debug + PartialEq>(seen: &mut BTreeSet<String>, path: String, event: &E) {
    let schema = event.schema();
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path} is missing: {}", written(event)));
    let stored: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(written(event), stored, "{path}");
    let personal = stored.get("personal").map_or(Personal::None, |fields| {
        Personal::Open(PersonalFields { person: person_id(), fields: fields.clone() })
    });
    let payload = Payload { data: stored["data"].clone(), personal };
    assert_eq!(E::decode(schema.name(), schema.revision(), payload).unwrap(), *event, "{path}");
    seen.insert(path);
}

fn written<E: DomainEvent>(event: &E) -> Value {
    let payload = event.encode().unwrap();
    match payload.personal {
        Personal::Open(personal) => json!({ "data": payload.data, "personal": personal.fields }),
        Personal::None | Personal::Withheld => json!({ "data": payload.data }),
    }
}

#[test]
fn every_event_is_read_as_it_was_stored() {
    let mut seen = BTreeSet::new();
    holds::<organization::Event>(&mut seen, sample::organization_created());
    holds::<organization::Event>(&mut seen, sample::organization_updated());
    holds::<organization::Event>(&mut seen, organization::Suspended { note: "unpaid".to_owned() });
    holds::<organization::Event>(&mut seen, organization::Reinstated {});
    holds::<domain::Event>(&mut seen, sample::claimed());
    holds::<domain::Event>(&mut seen, sample::verified(true));
    holds::<domain::Event>(&mut seen, sample::released());
    connections_are_read(&mut seen);
    holds_with::<domain::Event>(&mut seen, "transfer", sample::transferred());
    for event in sample::onboarding_events() {
        holds::<onboarding::Event>(&mut seen, event);
    }
    for event in sample::signing_key_events() {
        holds::<signing_key::Event>(&mut seen, event);
    }
    holds_with::<signing_key::Event>(&mut seen, "operator", sample::signing_key_revoked());
    holds::<user_pool::Event>(&mut seen, sample::registered());
    holds::<user_pool::Event>(&mut seen, sample::user_pool_updated());
    holds::<user_pool::Event>(&mut seen, sample::secret_added("s1"));
    holds::<user_pool::Event>(&mut seen, user_pool::SecretRetired { secret_id: "s1".to_owned() });
    holds::<person::Event>(&mut seen, sample::first_seen("Lovelace"));
    let profile = Some(sample::profile("King"));
    holds::<person::Event>(&mut seen, person::Updated { person: person_id(), profile });
    holds::<person::Event>(&mut seen, sample::roles_changed(&["admin", "billing:read"]));
    holds::<person::Event>(&mut seen, sample::person_deactivated());
    holds::<person::Event>(&mut seen, person::Reactivated { person: person_id() });
    holds::<person::Event>(&mut seen, sample::relinked());
    holds::<person::Event>(&mut seen, sample::superseded());
    holds::<person::Event>(&mut seen, sample::signed_out());
    holds::<person::Event>(&mut seen, person::SignedIn { person: person_id() });
    holds::<person::Event>(&mut seen, sample::native_user_linked());
    holds::<person::Event>(&mut seen, sample::native_user_unlinked());
    holds::<claim_policy::Event>(&mut seen, sample::claim_policy_replaced());
    holds::<claim_policy::Event>(&mut seen, sample::claim_policy_cleared());
    holds::<assertion::Event>(&mut seen, sample::accepted());
    let directory = Some(crate::directory::directory_id());
    let from_directory = person::RolesChanged { directory, ..sample::roles_changed(&["admin"]) };
    holds_with::<person::Event>(&mut seen, "directory", from_directory);
    let by_directory = person::Deactivated { directory, ..sample::person_deactivated() };
    holds_with::<person::Event>(&mut seen, "directory", by_directory);
    for event in crate::directory::events() {
        holds::<directory::Event>(&mut seen, event);
    }
    for event in crate::directory_user::events() {
        holds::<directory_user::Event>(&mut seen, event);
    }
    for event in crate::directory_group::events() {
        holds::<directory_group::Event>(&mut seen, event);
    }
    for event in crate::directory_user::with_subject() {
        match event {
            directory_user::Event::Moved(moved) => holds::<directory_user::Event>(&mut seen, moved),
            event => holds_with::<directory_user::Event>(&mut seen, "subject", event),
        }
    }
    for event in crate::directory_group::unfinished() {
        holds_with::<directory_group::Event>(&mut seen, "is_unfinished", event);
    }
    holds::<assertion::Event>(&mut seen, assertion::Redeemed { user_pool: pool_id() });

    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let all: BTreeSet<String> =
        fs::read_dir(directory).unwrap().map(|file| file.unwrap().path().to_str().unwrap().to_owned()).collect();
    assert_eq!(all, seen, "a fixture that nothing reads proves nothing");
}

fn connections_are_read(seen: &mut BTreeSet<String>) {
    holds::<connection::Event>(seen, sample::connection_created());
    let display_name = Some("Okta".to_owned());
    let identity_provider = Some(sample::identity_provider());
    let configured = connection::Configured { display_name, identity_provider, ..Default::default() };
    holds::<connection::Event>(seen, configured);
    let identity_provider = Some(sample::full_identity_provider());
    let settings = Some(sample::settings());
    let configured = connection::Configured { identity_provider, settings, ..Default::default() };
    holds_with::<connection::Event>(seen, "settings", configured);
    let metadata_source = Some(connection::SourceChange { to: Some(sample::metadata_source()) });
    let configured = connection::Configured { metadata_source, ..Default::default() };
    holds_with::<connection::Event>(seen, "metadata_source", configured);
    for event in sample::certificate_events() {
        holds::<connection::Event>(seen, event);
    }
    let retired = connection::CertificateRetired { fingerprint: "a".repeat(64), by_operator: true };
    holds_with::<connection::Event>(seen, "by_operator", retired);
    let declined = connection::MetadataChangeSettled { approved: false, declined: true };
    holds_with::<connection::Event>(seen, "declined", declined);
    holds::<connection::Event>(seen, connection::Enabled {});
    holds::<connection::Event>(seen, connection::Disabled { note: "moved".to_owned() });
    holds::<connection::Event>(seen, sample::tested());
    holds::<connection::Event>(seen, sample::replaced());
}

#[test]
fn what_is_not_known_is_not_read() {
    let payload = || Payload { data: json!({}), personal: Personal::None };
    assert!(organization::Event::decode("organization.exploded", 1, payload()).is_err());
    assert!(organization::Event::decode("organization.reinstated", 2, payload()).is_err());
    assert!(organization::Event::decode("organization.reinstated", 0, payload()).is_err());
    assert!(organization::Event::decode("organization.suspended", 1, payload()).is_err());
}

#[test]
fn sparse_events_are_read_with_what_is_absent_unchanged() {
    let payload = Payload { data: json!({}), personal: Personal::None };
    let event = organization::Event::decode("organization.updated", 1, payload.clone()).unwrap();
    assert_eq!(event, organization::Updated::default().into());
    let event = user_pool::Event::decode("user_pool.updated", 1, payload).unwrap();
    assert_eq!(event, user_pool::Updated::default().into());
}
