//! A directory of customers, filled with the events that the registry writes.

use std::fs;

use vestibule_decider::DomainEvent;
use vestibule_eventlog::{Cursor, Draft, LiveView, Metadata, Recorded, StreamId, Version};
use vestibule_kernel::{
    ConnectionId, DomainId, EventId, IdSource as _, OrganizationId, SeededIds, Timestamp, UserPoolId,
};
use vestibule_routing_service::Directory;
use vestibule_tenancy::{connection, domain, organization, user_pool};

pub(crate) fn domain_name(customer: u64) -> String {
    format!("company-{customer}.example")
}

/// Knows so many customers; answers the resident memory that they took, too.
pub(crate) fn directory(customers: u64) -> (Directory, u64) {
    let ids = SeededIds::new(1);
    let mut filling = Filling { directory: Directory::default(), position: 0 };
    let pool = UserPoolId::from_uuid(ids.uuid_v4());
    filling.user_pool(pool);
    let before = resident_bytes();
    for customer in 0..customers {
        filling.customer(customer, pool, &ids);
    }
    let after = resident_bytes();
    (filling.directory, after.saturating_sub(before))
}

struct Filling {
    directory: Directory,
    position: u64,
}

impl Filling {
    fn user_pool(&mut self, id: UserPoolId) {
        let registered = user_pool::Registered {
            user_pool: id,
            region: "eu-west-1".to_owned(),
            pool_id: "eu-west-1_AbCd12345".to_owned(),
            domains: vec!["login.saas.example".to_owned()],
            provider_name: "Vestibule".to_owned(),
            client_id: "vestibule-client".to_owned(),
            app_client_id: "3n4b5example".to_owned(),
            signing_algorithm: user_pool::SigningAlgorithm::Rs256,
            requires_email: false,
        };
        self.apply::<user_pool::Event>(StreamId::of_id(user_pool::CATEGORY, None, id.uuid()), registered);
    }

    fn customer(&mut self, number: u64, user_pool: UserPoolId, ids: &SeededIds) {
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
        let name = domain_name(number);
        let claimed = domain::Claimed { domain, organization: owner, name: name.clone() };
        let proof = domain::Proof::OperatorAttestation { note: "contract".to_owned() };
        let verified = domain::Verified { name, include_subdomains: false, proof, verified_at: Timestamp::EPOCH };
        self.apply::<domain::Event>(of(domain::CATEGORY, domain.uuid()), claimed);
        self.apply::<domain::Event>(of(domain::CATEGORY, domain.uuid()), verified);

        let connection = ConnectionId::from_uuid(ids.uuid_v4());
        let created = connection::Created {
            connection,
            organization: owner,
            display_name: "Entra ID".to_owned(),
            identity_provider: connection::SamlIdentityProvider {
                entity_id: "https://idp.example".to_owned(),
                single_sign_on: Vec::new(),
                wants_authn_requests_signed: false,
                single_logout: Vec::new(),
                name_id_formats: Vec::new(),
                metadata_valid_until: None,
            },
            certificates: Vec::new(),
        };
        self.apply::<connection::Event>(of(connection::CATEGORY, connection.uuid()), created);
        self.apply::<connection::Event>(of(connection::CATEGORY, connection.uuid()), connection::Enabled {});
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
        self.directory.apply(&recorded).unwrap();
    }
}

/// What of this process lies in memory (`VmRSS`).
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}
