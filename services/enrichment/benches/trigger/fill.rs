//! A million people of ten thousand organizations, filled with the events that the other services write.

use std::{
    fs,
    time::{Duration, Instant},
};

use vestibule_decider::DomainEvent;
use vestibule_enrichment_service::People;
use vestibule_eventlog::{Cursor, Draft, LiveView, Metadata, Recorded, StreamId, Version};
use vestibule_kernel::{
    ConnectionId, DomainId, EventId, IdSource as _, OrganizationId, PersonId, SeededIds, Timestamp, UserPoolId,
};
use vestibule_tenancy::{connection, domain, organization, person, user_pool};

pub(crate) const POOL_ID: &str = "eu-west-1_AbCd12345";
pub(crate) const CLIENT_ID: &str = "3n4b5example";

/// What people mean in their organizations; as many sets of roles as there are usually.
const ROLES: [&[&str]; 4] = [&[], &["member"], &["admin", "member"], &["auditor"]];

/// Somebody, and the domain of their address.
pub(crate) struct Somebody {
    pub(crate) id: PersonId,
    pub(crate) organization: u64,
}

/// What was filled, and what it took.
pub(crate) struct Filled {
    pub(crate) people: People,
    pub(crate) known: Vec<Somebody>,
    /// Resident memory of the persons.
    pub(crate) bytes: u64,
    /// How long decoding and taking in their events took.
    pub(crate) took: Duration,
    pub(crate) events: u64,
}

pub(crate) fn domain_name(organization: u64) -> String {
    format!("company-{organization}.example")
}

/// So many people, spread over so many organizations.
pub(crate) fn fill(persons: u64, organizations: u64) -> Filled {
    let ids = SeededIds::new(1);
    let mut filling = Filling { people: People::default(), position: 0, took: Duration::ZERO };
    let pool = UserPoolId::from_uuid(ids.uuid_v4());
    filling.user_pool(pool);
    let homes: Vec<_> = (0..organizations).map(|number| filling.organization(number, pool, &ids)).collect();
    let mut known: Vec<Somebody> = Vec::with_capacity(usize::try_from(persons).unwrap());
    let (before, events) = (resident_bytes(), filling.position);
    filling.took = Duration::ZERO;
    for (number, home) in (0..persons).zip((0..organizations).cycle()) {
        let (organization, connection) = homes[usize::try_from(home).unwrap()];
        let id = PersonId::from_uuid(ids.uuid_v4());
        filling.person(number, id, organization, connection);
        known.push(Somebody { id, organization: home });
    }
    let list = u64::try_from(known.capacity() * size_of::<Somebody>()).unwrap();
    let bytes = resident_bytes().saturating_sub(before).saturating_sub(list);
    let events = filling.position - events;
    Filled { people: filling.people, known, bytes, took: filling.took, events }
}

struct Filling {
    people: People,
    position: u64,
    took: Duration,
}

impl Filling {
    fn user_pool(&mut self, id: UserPoolId) {
        let registered = user_pool::Registered {
            user_pool: id,
            region: "eu-west-1".to_owned(),
            pool_id: POOL_ID.to_owned(),
            domains: vec!["login.saas.example".to_owned()],
            provider_name: "Vestibule".to_owned(),
            client_id: "vestibule-client".to_owned(),
            app_client_id: CLIENT_ID.to_owned(),
            signing_algorithm: user_pool::SigningAlgorithm::Rs256,
            requires_email: false,
        };
        self.apply::<user_pool::Event>(StreamId::of_id(user_pool::CATEGORY, None, id.uuid()), registered);
    }

    fn organization(&mut self, number: u64, user_pool: UserPoolId, ids: &SeededIds) -> (OrganizationId, ConnectionId) {
        let owner = OrganizationId::from_uuid(ids.uuid_v4());
        let created = organization::Created {
            organization: owner,
            slug: format!("company-{number}"),
            external_id: None,
            display_name: format!("Company {number} GmbH"),
            tier: "gold".to_owned(),
            region: "eu-west-1".to_owned(),
            placement: organization::Placement::SharedPool { user_pool },
        };
        let of = |category, id| StreamId::of_id(category, Some(owner), id);
        self.apply::<organization::Event>(of(organization::CATEGORY, owner.uuid()), created);
        let domain = DomainId::from_uuid(ids.uuid_v4());
        let proof = domain::Proof::OperatorAttestation { note: "contract".to_owned() };
        let (name, verified_at) = (domain_name(number), Timestamp::EPOCH);
        let verified = domain::Verified { name, include_subdomains: false, proof, verified_at };
        self.apply::<domain::Event>(of(domain::CATEGORY, domain.uuid()), verified);
        let connection = ConnectionId::from_uuid(ids.uuid_v4());
        self.apply::<connection::Event>(of(connection::CATEGORY, connection.uuid()), connection::Enabled {});
        (owner, connection)
    }

    fn person(&mut self, number: u64, person: PersonId, organization: OrganizationId, connection: ConnectionId) {
        let stream = || StreamId::of_id(person::CATEGORY, Some(organization), person.uuid());
        let first =
            person::FirstSeen { person, organization, connection, subject_digest: "0".repeat(64), profile: None };
        self.apply::<person::Event>(stream(), first);
        let roles = ROLES[usize::try_from(number).unwrap() % ROLES.len()];
        if !roles.is_empty() {
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            self.apply::<person::Event>(stream(), person::RolesChanged { person, roles, directory: None });
        }
    }

    fn apply<E: DomainEvent>(&mut self, stream: StreamId, event: impl Into<E>) {
        self.position += 1;
        let draft = Draft::of(&event.into()).unwrap();
        let recorded = Recorded {
            id: EventId::from_uuid(uuid::Uuid::nil()),
            stream,
            version: Version(1),
            cursor: Cursor::at(1, self.position),
            name: draft.name.to_owned(),
            revision: draft.revision,
            recorded_at: Timestamp::EPOCH,
            metadata: Metadata::default(),
            data: draft.data,
            personal: None,
            hash: [0; 32],
        };
        let begin = Instant::now();
        self.people.apply(&recorded).unwrap();
        self.took += begin.elapsed();
    }
}

/// What of this process lies in memory (`VmRSS`).
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}
