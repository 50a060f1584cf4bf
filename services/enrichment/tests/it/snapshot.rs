//! The view as a snapshot has it, and a service that starts from one.

use serde_json::{Value, json};
use vestibule_enrichment_service::{Config, People, start};
use vestibule_eventlog::{
    Cursor, LiveView as _, Metadata, Recorded, StoredPersonal, StreamId, Version,
    snapshot::{SnapshotView as _, bytes_of, view_of},
};
use vestibule_kernel::{EventId, IdSource, OrganizationId, PersonId, SeededIds, SystemIds, Timestamp};
use vestibule_rpc::{
    enrichment::v1::{HandleTriggerRequest, enrichment_service_client::EnrichmentServiceClient},
    memory,
};
use vestibule_tenancy::{claim_policy, organization, person};

use crate::{
    deployment::Deployment,
    event::{sign_in, with},
};

/// An event as a reader gets it: names and addresses are ciphertext.
fn recorded(position: u64, stream: StreamId, name: &str, data: &Value) -> Recorded {
    Recorded {
        id: EventId::from_uuid(uuid(position)),
        stream,
        version: Version(1),
        cursor: Cursor::at(1, position),
        name: name.to_owned(),
        revision: 1,
        recorded_at: Timestamp::EPOCH,
        metadata: Metadata::default(),
        data: data.to_string(),
        personal: Some(StoredPersonal { person: PersonId::from_uuid(uuid(7)), ciphertext: Vec::new() }),
        hash: [0; 32],
    }
}

fn uuid(number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(number))
}

fn folded<'a>(mut people: People, events: impl IntoIterator<Item = &'a Recorded>) -> People {
    for event in events {
        people.apply(event).unwrap_or_else(|error| panic!("{}: {error:?}", event.name));
    }
    people
}

/// Wherever the snapshot is taken, what it holds and the rest of the events are all events.
fn holds_at_every_prefix(events: &[Recorded]) {
    let whole = bytes_of(&folded(People::default(), events)).unwrap();
    for taken_at in 0..=events.len() {
        let bytes = bytes_of(&folded(People::default(), &events[..taken_at])).unwrap();
        let restored = view_of::<People>(&bytes).unwrap();
        assert!(bytes_of(&restored).unwrap() == bytes, "what was restored at {taken_at} is something else");
        let gone_on = folded(restored, &events[taken_at..]);
        assert!(bytes_of(&gone_on).unwrap() == whole, "what went on from {taken_at} came to something else");
    }
}

/// Every fixture of an event of the view, in an order of its own.
fn fixtures(seed: u64) -> Vec<Recorded> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/tenancy/tests/fixtures");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let chance: &dyn IdSource = &SeededIds::new(seed);
    paths.sort_by_cached_key(|_| chance.bytes::<8>());
    let mut events = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut parts = file.split('.');
        let (category, fact) = (parts.next().unwrap(), parts.next().unwrap());
        let Some(category) = People::categories().into_iter().find(|known| *known == category) else { continue };
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let owner = "01890a5d-ac96-774b-bcce-b302099a8051".parse::<OrganizationId>().unwrap();
        let id = fixture["data"][category].as_str().and_then(|id| id.parse().ok()).unwrap_or(owner.uuid());
        let stream = StreamId::of_id(category, Some(owner), id);
        events.push(recorded(events.len() as u64 + 1, stream, &format!("{category}.{fact}"), &fixture["data"]));
    }
    events
}

/// So many events about a few of everything, so that they meet. Not all of them could come from our own deciders.
fn by_chance(seed: u64, count: u64) -> Vec<Recorded> {
    let chance: &dyn IdSource = &SeededIds::new(seed);
    let below = |limit: u64| u64::from_le_bytes(chance.bytes()) % limit;
    let any = |kind: u64, limit: u64| uuid(kind * 1_000 + below(limit));
    (1..=count)
        .map(|position| {
            let (owner, pool, connection, person) = (any(1, 6), any(2, 3), any(3, 9), any(4, 20));
            let of = |category, id| StreamId::of_id(category, Some(OrganizationId::from_uuid(owner)), id);
            let placement = match below(4) {
                0 => json!({"kind": "app_client", "user_pool": pool, "app_client_id": format!("client{}", below(3))}),
                1 => json!({"kind": "group", "user_pool": pool, "group": "customers"}),
                2 => json!({"kind": "own_pool", "user_pool": pool}),
                _ => json!({"kind": "shared_pool", "user_pool": pool}),
            };
            let name = format!("d{}.example", below(9));
            let (stream, name, data) = match below(13) {
                0 => (
                    of("organization", owner),
                    "organization.created",
                    json!({"organization": owner, "slug": name,
                    "external_id": (below(2) == 0).then_some("crm"), "display_name": name, "tier": "gold",
                    "region": "eu", "placement": placement}),
                ),
                1 => (
                    of("organization", owner),
                    "organization.updated",
                    json!({"display_name": name,
                    "placement": placement, "external_id": {"from": null, "to": name}}),
                ),
                2 => (
                    of("organization", owner),
                    ["organization.suspended", "organization.reinstated"][usize::from(below(2) == 0)],
                    json!({}),
                ),
                3 => (
                    of("domain", uuid(1)),
                    "domain.verified",
                    json!({"name": name, "include_subdomains": below(2) == 0,
                    "proof": {"kind": "operator_attestation", "note": "seen"}, "verified_at": "2026-11-21T08:00:00Z"}),
                ),
                4 => (of("domain", uuid(1)), "domain.released", json!({"organization": owner, "name": name})),
                5 => (
                    of("connection", connection),
                    ["connection.enabled", "connection.disabled"][usize::from(below(3) == 0)],
                    json!({}),
                ),
                6 => of_user_pool(pool, &name, true),
                7 => of_user_pool(pool, &name, false),
                8 => (
                    of("claim_policy", owner),
                    "claim_policy.replaced",
                    json!({"target": target(below(3), owner, pool),
                    "policy": {"scopes": [format!("scope/{name}")]}}),
                ),
                9 => (
                    of("claim_policy", owner),
                    "claim_policy.cleared",
                    json!({"target": target(below(3), owner, pool)}),
                ),
                _ => of_person(&below, owner, pool, connection, person),
            };
            let has_note = matches!(name, "organization.suspended" | "connection.disabled");
            let data = if has_note { json!({"note": "unpaid"}) } else { data };
            recorded(position, stream, name, &data)
        })
        .collect()
}

fn of_user_pool(pool: uuid::Uuid, domain: &str, is_new: bool) -> (StreamId, &'static str, Value) {
    let (name, data) = if is_new {
        let pool_id = format!("eu-west-1_{}", pool.simple());
        let registered = json!({"user_pool": pool, "region": "eu-west-1", "pool_id": pool_id, "domains": [domain],
            "provider_name": "Vestibule", "client_id": "c", "app_client_id": "a", "signing_algorithm": "RS256",
            "requires_email": false});
        ("user_pool.registered", registered)
    } else {
        ("user_pool.updated", json!({"domains": [domain, "b.example"]}))
    };
    (StreamId::of_id("user_pool", None, pool), name, data)
}

fn target(kind: u64, organization: uuid::Uuid, user_pool: uuid::Uuid) -> Value {
    match kind {
        0 => json!({"kind": "user_pool", "user_pool": user_pool}),
        1 => json!({"kind": "organization", "organization": organization}),
        _ => json!({"kind": "app_client", "user_pool": user_pool, "app_client_id": "3n4b5example"}),
    }
}

fn of_person(
    below: &dyn Fn(u64) -> u64,
    organization: uuid::Uuid,
    pool: uuid::Uuid,
    connection: uuid::Uuid,
    person: uuid::Uuid,
) -> (StreamId, &'static str, Value) {
    let stream = StreamId::of_id("person", Some(OrganizationId::from_uuid(organization)), person);
    let native = format!("native{}", below(5));
    let (name, data) = match below(10) {
        0..=2 => (
            "person.first_seen",
            json!({"person": person, "organization": organization, "connection": connection,
            "subject_digest": "d"}),
        ),
        3 => (
            "person.native_user_linked",
            json!({"person": person, "organization": organization, "user_pool": pool,
            "native_user": native}),
        ),
        4 => ("person.native_user_unlinked", json!({"person": person, "user_pool": pool, "native_user": native})),
        5 => ("person.relinked", json!({"person": person, "connection": connection, "subject_digest": "e"})),
        6 => ("person.roles_changed", json!({"person": person, "roles": ["admin", native]})),
        7 => ("person.deactivated", json!({"person": person, "note": "left"})),
        8 => ("person.reactivated", json!({"person": person})),
        _ => ("person.signed_out", json!({"person": person, "connection": connection})),
    };
    (stream, name, data)
}

#[test]
fn a_snapshot_anywhere_and_the_rest_are_all_events() {
    for seed in 1..=6 {
        holds_at_every_prefix(&fixtures(seed));
        holds_at_every_prefix(&by_chance(seed, 150));
    }
}

/// The same events are the same bytes. When they are not, or the events come to something else than before, snapshots of
/// older programs mean something else than they say: raise `FORMAT`, and put the new digest beside it.
#[test]
fn the_format_is_what_it_was() {
    let bytes = bytes_of(&folded(People::default(), &by_chance(42, 800))).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let expected = (1, "3287ee043306e7bc2c01855a2d1c5ffa95c72af429c61a3ddd81945486e0667b");
    assert_eq!((People::FORMAT, hex::encode(digest).as_str()), expected);
}

#[test]
fn a_damaged_snapshot_is_no_view() {
    let bytes = bytes_of(&folded(People::default(), &by_chance(3, 90))).unwrap();
    for end in 0..bytes.len() {
        assert!(view_of::<People>(&bytes[..end]).is_err(), "cut off at {end}");
    }
    for extra in [&[0_u8][..], &[2, 8, 1]] {
        assert!(view_of::<People>(&[&bytes, extra].concat()).is_err());
    }
    // Whatever a changed byte does, it is an error or a view, and never a crash.
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        let _ = view_of::<People>(&changed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_starts_from_a_snapshot_answers_the_same() {
    let mut deployment = Deployment::start().await;
    let mut asked = Vec::new();
    let mut everybody = Vec::new();
    for name in ["acme.test", "globex.test", "initech.test"] {
        let (owner, ann) = deployment.ann().await;
        let (bob, cas) = (deployment.person(owner).await, deployment.person(owner).await);
        deployment.verify_domain(owner, name, true).await;
        let roles = vec!["admin".to_owned(), name.to_owned()];
        deployment.change_person(owner, ann, person::RolesChanged { person: ann, roles, directory: None }).await;
        everybody.push((owner, ann, bob, cas));
        asked
            .extend([ann, bob, cas].map(|person| {
                with(sign_in(person), "/request/userAttributes/email", json!(format!("ann@sub.{name}")))
            }));
    }
    asked.push(sign_in(PersonId::from_uuid(SystemIds.uuid_v4())));
    let (acme, ann, bob, cas) = everybody[0];
    let note = || "left".to_owned();
    deployment.change_person(acme, bob, person::Deactivated { person: bob, note: note(), directory: None }).await;
    deployment.change(everybody[1].0, organization::Suspended { note: note() }).await;
    let policy = claim_policy::ClaimPolicy { scopes: vec!["tenant/x".to_owned()], ..Default::default() };
    deployment.set_policy(claim_policy::Target::Organization { organization: acme }, policy).await;
    deployment.settle().await;
    let snapshots = deployment.resources.snapshots();
    let taken = snapshots.take::<People>(1).await.unwrap().expect("a snapshot");

    // What happens behind the snapshot.
    deployment.change_person(acme, bob, person::Reactivated { person: bob }).await;
    deployment.change_person(acme, cas, person::Deactivated { person: cas, note: note(), directory: None }).await;
    deployment
        .change_person(
            acme,
            ann,
            person::RolesChanged { person: ann, roles: vec!["guest".to_owned()], directory: None },
        )
        .await;
    deployment.change(everybody[2].0, organization::Suspended { note: note() }).await;
    deployment.change(everybody[1].0, organization::Reinstated {}).await;
    deployment.settle().await;

    assert_eq!(snapshots.load::<People>().await.expect("it can be used").cursor, taken.cursor);
    let service = start(&deployment.resources, &Config::default()).await.unwrap();
    assert!(vestibule_host::Service::troubles(&service.readiness).is_empty());
    let resumed = EnrichmentServiceClient::new(memory::serve(service.grpc));
    let mut let_in = 0;
    for event in asked {
        let replayed = deployment.trigger(&event).await.map_err(|status| vestibule_rpc::reason_of(&status));
        let answer = resumed.clone().handle_trigger(HandleTriggerRequest { event_json: event.to_string() }).await;
        let answer = answer.map(|answer| serde_json::from_str::<Value>(&answer.into_inner().event_json).unwrap());
        assert_eq!(answer.map_err(|status| vestibule_rpc::reason_of(&status)), replayed);
        let_in += usize::from(replayed.is_ok());
    }
    assert_eq!(let_in, 5, "cas, all of initech and the stranger are kept out");
}

/// Whoever is erased was never in it by name: the view takes in events without what is personal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_in_no_snapshot_by_name() {
    let mut deployment = Deployment::start().await;
    let (owner, ann) = deployment.ann().await;
    let profile = person::Profile {
        subject: "ann-subject".to_owned(),
        email: Some("ann.example@acme.test".to_owned()),
        ..person::Profile::default()
    };
    deployment.change_person(owner, ann, person::Updated { person: ann, profile: Some(profile) }).await;
    deployment.settle().await;
    let snapshots = deployment.resources.snapshots();
    snapshots.take::<People>(1).await.unwrap().expect("a snapshot");
    let before = bytes_of(&snapshots.load::<People>().await.expect("it can be used").view).unwrap();
    for personal in ["ann-subject", "ann.example"] {
        assert!(!before.windows(personal.len()).any(|window| window == personal.as_bytes()), "{personal}");
    }
    deployment.resources.keys.destroy("person", &ann.to_string()).await.unwrap();
    let after = bytes_of(&snapshots.load::<People>().await.expect("it can be used").view).unwrap();
    let (log, mut replayed) = (&deployment.resources.log, People::default());
    let page = log.read_all(log.start(), &vestibule_eventlog::Filter::default(), 1_000).await.unwrap();
    replayed = folded(replayed, &page.events);
    assert!(page.at_head && after == bytes_of(&replayed).unwrap());
}
