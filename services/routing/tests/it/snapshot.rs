//! The directory as a snapshot has it, and a service that starts from one.

use serde_json::{Value, json};
use vestibule_eventlog::{
    Cursor, LiveView as _, Metadata, Recorded, StreamId, Version,
    snapshot::{SnapshotView as _, bytes_of, view_of},
};
use vestibule_kernel::{EventId, IdSource, OrganizationId, SeededIds, Timestamp};
use vestibule_routing_service::{Config, Directory, start};
use vestibule_rpc::{
    memory,
    routing::v1::{
        ResolveSignInRequest, ResolveSignInResponse, resolve_sign_in_request::Person,
        routing_service_client::RoutingServiceClient,
    },
};
use vestibule_tenancy::{domain, organization};

use crate::deployment::{Deployment, application, of};

/// An event as a reader gets it.
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
        personal: None,
        hash: [0; 32],
    }
}

fn uuid(number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(number))
}

fn folded<'a>(mut directory: Directory, events: impl IntoIterator<Item = &'a Recorded>) -> Directory {
    for event in events {
        directory.apply(event).unwrap_or_else(|error| panic!("{}: {error:?}", event.name));
    }
    directory
}

/// Wherever the snapshot is taken, what it holds and the rest of the events are all events.
fn holds_at_every_prefix(events: &[Recorded]) {
    let whole = bytes_of(&folded(Directory::default(), events)).unwrap();
    for taken_at in 0..=events.len() {
        let bytes = bytes_of(&folded(Directory::default(), &events[..taken_at])).unwrap();
        let restored = view_of::<Directory>(&bytes).unwrap();
        assert!(bytes_of(&restored).unwrap() == bytes, "what was restored at {taken_at} is something else");
        let gone_on = folded(restored, &events[taken_at..]);
        assert!(bytes_of(&gone_on).unwrap() == whole, "what went on from {taken_at} came to something else");
    }
}

/// Every fixture of an event of the directory, in an order of its own.
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
        let Some(category) = Directory::categories().into_iter().find(|known| *known == category) else { continue };
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
    let mut events = Vec::new();
    for position in 1..=count {
        let (owner, pool, connection) = (any(1, 6), any(2, 3), any(3, 9));
        let placement = match below(3) {
            0 => json!({"kind": "app_client", "user_pool": pool, "app_client_id": format!("client{}", below(3))}),
            1 => json!({"kind": "group", "user_pool": pool, "group": "customers"}),
            _ => json!({"kind": "shared_pool", "user_pool": pool}),
        };
        let (slug, name) = (format!("slug{}", below(1_000_000)), format!("d{}.example", below(9)));
        let of = |category, id| StreamId::of_id(category, Some(OrganizationId::from_uuid(owner)), id);
        let (stream, name, data) = match below(12) {
            0 | 1 => (
                of("organization", owner),
                "organization.created",
                json!({"organization": owner, "slug": slug,
                "external_id": null, "display_name": slug, "tier": "gold", "region": "eu", "placement": placement}),
            ),
            2 => (
                of("organization", owner),
                "organization.updated",
                json!({"slug": {"from": "x", "to": slug},
                "placement": placement}),
            ),
            3 => (of("organization", owner), "organization.suspended", json!({"note": "unpaid"})),
            4 => (of("organization", owner), "organization.reinstated", json!({})),
            5 | 6 => (
                of("domain", uuid(1)),
                "domain.verified",
                json!({"name": name, "include_subdomains": below(2) == 0,
                "proof": {"kind": "operator_attestation", "note": "seen"}, "verified_at": "2026-11-21T08:00:00Z"}),
            ),
            7 => (of("domain", uuid(1)), "domain.released", json!({"organization": owner, "name": name})),
            8 => (
                of("connection", connection),
                "connection.created",
                json!({"connection": connection,
                "organization": owner, "display_name": slug, "identity_provider": {"entity_id": "https://idp.example",
                "single_sign_on": [], "wants_authn_requests_signed": false}, "certificates": []}),
            ),
            9 => (of("connection", connection), "connection.enabled", json!({})),
            10 => (of("connection", connection), "connection.configured", json!({"display_name": slug})),
            _ => (
                StreamId::of_id("user_pool", None, pool),
                "user_pool.registered",
                json!({"user_pool": pool,
                "region": "eu-west-1", "pool_id": format!("eu-west-1_{}", pool.simple()), "domains": [name],
                "provider_name": "Vestibule", "client_id": "c", "app_client_id": "a",
                "signing_algorithm": "RS256", "requires_email": false}),
            ),
        };
        events.push(recorded(position, stream, name, &data));
    }
    events
}

#[test]
fn a_snapshot_anywhere_and_the_rest_are_all_events() {
    for seed in 1..=6 {
        holds_at_every_prefix(&fixtures(seed));
        holds_at_every_prefix(&by_chance(seed, 120));
    }
}

/// The same events are the same bytes. When they are not, or the events come to something else than before, snapshots of
/// older programs mean something else than they say: raise `FORMAT`, and put the new digest beside it.
#[test]
fn the_format_is_what_it_was() {
    let bytes = bytes_of(&folded(Directory::default(), &by_chance(42, 600))).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let expected = (1, "ee7d677fac0b9c6602be04c071201bbcaf896c5e498f77c00f38c5c7f52de2f1");
    assert_eq!((Directory::FORMAT, hex::encode(digest).as_str()), expected);
}

#[test]
fn a_damaged_snapshot_is_no_directory() {
    let bytes = bytes_of(&folded(Directory::default(), &by_chance(3, 60))).unwrap();
    for end in 0..bytes.len() {
        assert!(view_of::<Directory>(&bytes[..end]).is_err(), "cut off at {end}");
    }
    for extra in [&[0_u8][..], &[2, 8, 1]] {
        assert!(view_of::<Directory>(&[&bytes, extra].concat()).is_err());
    }
    // Whatever a changed byte does, it is an error or a directory, and never a crash.
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        let _ = view_of::<Directory>(&changed);
    }
}

async fn answers(
    client: &RoutingServiceClient<vestibule_rpc::Channel>,
    asked: &[ResolveSignInRequest],
) -> Vec<Result<ResolveSignInResponse, Option<String>>> {
    let mut answers = Vec::new();
    for request in asked {
        let answer = client.clone().resolve_sign_in(request.clone()).await;
        answers.push(
            answer
                .map(|answer| {
                    let mut answer = answer.into_inner();
                    // Tickets are made anew for each answer, and carry a time.
                    answer.authorize_url =
                        answer.authorize_url.split("login_hint").next().unwrap_or_default().to_owned();
                    answer
                })
                .map_err(|status| vestibule_rpc::reason_of(&status)),
        );
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_starts_from_a_snapshot_answers_the_same() {
    let mut deployment = Deployment::start().await;
    let (acme, okta) = deployment.customer("acme", "acme.test").await;
    let (globex, _) = deployment.customer("globex", "globex.test").await;
    deployment.domain(globex, "below.globex.test", true).await;
    let initech = deployment.organization("initech").await;
    deployment.change(globex, organization::Suspended { note: "unpaid".to_owned() }).await;
    let own = organization::Placement::AppClient { user_pool: deployment.pool, app_client_id: "own".to_owned() };
    let moved = organization::Updated { placement: Some(own), ..organization::Updated::default() };
    deployment.change(initech, moved).await;
    deployment.settle().await;
    let taken = deployment.resources.snapshots().take::<Directory>(1).await.unwrap().expect("a snapshot");
    assert_eq!(taken.cursor, deployment.resources.log.head().await.unwrap());

    // What happens behind the snapshot.
    let change = organization::Change { from: "acme".to_owned(), to: "emca".to_owned() };
    let renamed = organization::Updated { slug: Some(change), ..organization::Updated::default() };
    deployment.change(acme, renamed).await;
    deployment.change(globex, organization::Reinstated {}).await;
    let stream = deployment.domain(initech, "initech.test", false).await;
    let released = domain::Released { organization: initech, name: "initech.test".to_owned() };
    deployment.append::<domain::Event>(stream, released).await;
    deployment.settle().await;

    let asked: Vec<_> = ["acme", "emca", "globex", "initech", "nobody"]
        .into_iter()
        .map(|code| Person::OrganizationCode(code.to_owned()))
        .chain(
            ["ada@acme.test", "ada@globex.test", "ada@x.below.globex.test", "ada@initech.test", "ada@none.test"]
                .map(|address| Person::Email(address.to_owned())),
        )
        .map(|person| ResolveSignInRequest { application: Some(application()), ..of(person) })
        .collect();
    let replayed = answers(&deployment.client, &asked).await;
    assert!(replayed.iter().flatten().any(|answer| !answer.connections.is_empty()), "{okta}");
    let loaded = deployment.resources.snapshots().load::<Directory>().await.expect("it can be used");
    assert_eq!(loaded.cursor, taken.cursor);
    let service = start(&deployment.resources, &Config::default()).await.unwrap();
    assert!(vestibule_host::Service::troubles(&service.readiness).is_empty());
    let resumed = RoutingServiceClient::new(memory::serve(service.grpc));
    assert_eq!(answers(&resumed, &asked).await, replayed);
}
