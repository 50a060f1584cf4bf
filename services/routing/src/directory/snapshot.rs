//! The directory as a snapshot has it. Whoever changes a record here, or what an event does to the view, raises
//! [`Directory::FORMAT`](SnapshotView::FORMAT): a test holds the format to the bytes that it stands for.

use prost::Message;
use uuid::Uuid;
use vestibule_eventlog::snapshot::{SnapshotError, SnapshotReader, SnapshotView, SnapshotWriter};
use vestibule_kernel::{ConnectionId, OrganizationId, UserPoolId};

use super::{
    Connection, Directory, Organization, State, UserPool, domain::Domains, organization::Organizations, place::Place,
    user_pool::UserPools,
};

/// How many records of each kind follow, in this order.
#[derive(Clone, PartialEq, Message)]
struct Counts {
    #[prost(uint32, tag = "1")]
    user_pools: u32,
    #[prost(uint32, tag = "2")]
    organizations: u32,
    #[prost(uint32, tag = "3")]
    own_app_clients: u32,
    #[prost(uint32, tag = "4")]
    domains: u32,
}

#[derive(Clone, PartialEq, Message)]
struct UserPoolRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    /// Absent when an organization is placed in it and it has not been registered.
    #[prost(message, optional, tag = "2")]
    registered: Option<RegisteredRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct RegisteredRecord {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(string, tag = "2")]
    provider_name: String,
    #[prost(string, tag = "3")]
    app_client_id: String,
    #[prost(string, tag = "4")]
    issuer: String,
    #[prost(string, optional, tag = "5")]
    initiate_login_uri: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct OrganizationRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    slug: String,
    #[prost(string, tag = "3")]
    display_name: String,
    #[prost(message, repeated, tag = "4")]
    connections: Vec<ConnectionRecord>,
    #[prost(uint32, optional, tag = "5")]
    user_pool: Option<u32>,
    #[prost(string, optional, tag = "6")]
    app_client_id: Option<String>,
    #[prost(uint32, tag = "7")]
    state: u32,
}

#[derive(Clone, PartialEq, Message)]
struct ConnectionRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    display_name: String,
    #[prost(bool, tag = "3")]
    enabled: bool,
}

#[derive(Clone, PartialEq, Message)]
struct OwnAppClientRecord {
    #[prost(bytes = "vec", tag = "1")]
    user_pool: Vec<u8>,
    #[prost(string, tag = "2")]
    app_client_id: String,
    #[prost(uint32, tag = "3")]
    organization: u32,
}

#[derive(Clone, PartialEq, Message)]
struct DomainRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint32, tag = "2")]
    organization: u32,
    #[prost(bool, tag = "3")]
    include_subdomains: bool,
}

/// Room is made for so many records; for more when they are there.
const ROOM_RECORDS_MAX: u32 = 1 << 21;

impl SnapshotView for Directory {
    const FORMAT: u32 = 1;

    fn save(&self, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
        let Self { organizations, domains, user_pools } = self;
        let (pools, own) = (user_pools.in_order(), organizations.own_app_clients());
        to.record(&Counts {
            user_pools: count(pools.len())?,
            organizations: count(organizations.all().len())?,
            own_app_clients: count(own.len())?,
            domains: count(domains.len())?,
        })?;
        for (id, pool) in pools {
            to.record(&UserPoolRecord { id: bytes(id.uuid()), registered: pool.map(RegisteredRecord::of) })?;
        }
        for organization in organizations.all() {
            to.record(&OrganizationRecord::of(organization))?;
        }
        for (user_pool, app_client_id, organization) in own {
            let (user_pool, app_client_id) = (bytes(user_pool.uuid()), app_client_id.to_owned());
            to.record(&OwnAppClientRecord { user_pool, app_client_id, organization: organization.number() })?;
        }
        for (name, organization, include_subdomains) in domains.all() {
            let (name, organization) = (name.to_owned(), organization.number());
            to.record(&DomainRecord { name, organization, include_subdomains })?;
        }
        Ok(())
    }

    fn restore(from: &mut SnapshotReader<'_>) -> Result<Self, SnapshotError> {
        let counts: Counts = from.expect()?;
        let place = |number: u32, count: u32| {
            if number < count { Ok(Place::at(number)) } else { Err(SnapshotError::Inconsistent("a place is nowhere")) }
        };
        let mut user_pools = UserPools::default();
        for _ in 0..counts.user_pools {
            let UserPoolRecord { id, registered } = from.expect()?;
            let id = UserPoolId::from_uuid(uuid(&id)?);
            user_pools.restore(id, registered.map(|registered| registered.pool(id)));
        }
        let mut organizations = Organizations::with_capacity(room(counts.organizations));
        for _ in 0..counts.organizations {
            let record: OrganizationRecord = from.expect()?;
            let user_pool = record.user_pool.map(|number| place(number, counts.user_pools)).transpose()?;
            organizations.restore(record.organization(user_pool)?);
        }
        for _ in 0..counts.own_app_clients {
            let own: OwnAppClientRecord = from.expect()?;
            let organization = place(own.organization, counts.organizations)?;
            let user_pool = UserPoolId::from_uuid(uuid(&own.user_pool)?);
            organizations.restore_own_app_client(user_pool, own.app_client_id.into_boxed_str(), organization);
        }
        let mut domains = Domains::with_capacity(room(counts.domains));
        for _ in 0..counts.domains {
            let domain: DomainRecord = from.expect()?;
            let organization = place(domain.organization, counts.organizations)?;
            domains.add(domain.name.into_boxed_str(), organization, domain.include_subdomains);
        }
        Ok(Self { organizations, domains, user_pools })
    }
}

impl RegisteredRecord {
    fn of(pool: &UserPool) -> Self {
        let UserPool { id: _, domain, provider_name, app_client_id, issuer, initiate_login_uri } = pool.clone();
        Self { domain, provider_name, app_client_id, issuer, initiate_login_uri }
    }

    fn pool(self, id: UserPoolId) -> UserPool {
        let Self { domain, provider_name, app_client_id, issuer, initiate_login_uri } = self;
        UserPool { id, domain, provider_name, app_client_id, issuer, initiate_login_uri }
    }
}

impl OrganizationRecord {
    fn of(organization: &Organization) -> Self {
        let Organization { id, slug, display_name, connections, user_pool, app_client_id, state } = organization;
        let connection = |connection: &Connection| {
            let Connection { id, display_name, enabled } = connection;
            ConnectionRecord { id: bytes(id.uuid()), display_name: display_name.to_string(), enabled: *enabled }
        };
        Self {
            id: bytes(id.uuid()),
            slug: slug.to_string(),
            display_name: display_name.to_string(),
            connections: connections.iter().map(connection).collect(),
            user_pool: user_pool.map(Place::number),
            app_client_id: app_client_id.as_deref().map(str::to_owned),
            state: match state {
                State::Absent => 0,
                State::Active => 1,
                State::Suspended => 2,
            },
        }
    }

    fn organization(self, user_pool: Option<Place>) -> Result<Organization, SnapshotError> {
        let connection = |record: ConnectionRecord| {
            let id = ConnectionId::from_uuid(uuid(&record.id)?);
            Ok(Connection { id, display_name: record.display_name.into_boxed_str(), enabled: record.enabled })
        };
        Ok(Organization {
            id: OrganizationId::from_uuid(uuid(&self.id)?),
            slug: self.slug.into_boxed_str(),
            display_name: self.display_name.into_boxed_str(),
            connections: self.connections.into_iter().map(connection).collect::<Result<_, SnapshotError>>()?,
            user_pool,
            app_client_id: self.app_client_id.map(String::into_boxed_str),
            state: match self.state {
                0 => State::Absent,
                1 => State::Active,
                2 => State::Suspended,
                _ => return Err(SnapshotError::Inconsistent("a state is none")),
            },
        })
    }
}

fn room(records: u32) -> usize {
    records.min(ROOM_RECORDS_MAX) as usize
}

fn bytes(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

fn uuid(bytes: &[u8]) -> Result<Uuid, SnapshotError> {
    Uuid::from_slice(bytes).map_err(|_| SnapshotError::Inconsistent("an id is none"))
}

fn count(records: usize) -> Result<u32, SnapshotError> {
    u32::try_from(records).map_err(|_| SnapshotError::Inconsistent("there are too many records"))
}
