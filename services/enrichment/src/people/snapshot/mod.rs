//! The view as a snapshot has it. Whoever changes a record, or what an event does to the view, raises
//! [`People::FORMAT`](SnapshotView::FORMAT): a test holds the format to the bytes that it stands for.

mod persons;
mod record;

use std::sync::Arc;

use uuid::Uuid;
use vestibule_eventlog::snapshot::{SnapshotError, SnapshotReader, SnapshotView, SnapshotWriter};
use vestibule_kernel::{ConnectionId, OrganizationId, UserPoolId};
use vestibule_tenancy::{
    claim_policy::{Policies, Replaced},
    organization::Placement,
};

use super::{Organization, People, Profile, UserPool, place::Place, place::Places, user_pool::UserPools};
use record::{
    Counts, DomainRecord, Ids, NativeUserRecord, OrganizationRecord, OwnAppClientRecord, PlacementRecord, PolicyRecord,
    ProfileRecord, UserPoolDomainsRecord, UserPoolRecord,
};

/// How many ids or persons are in one record.
const BATCH: usize = 4_096;

/// Room is made for so many records; for more when they are there.
const ROOM_RECORDS_MAX: u32 = 1 << 21;

/// The bytes of an id.
const ID_BYTES: usize = 16;

impl SnapshotView for People {
    const FORMAT: u32 = 1;

    fn save(&self, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
        let Self {
            persons,
            organizations,
            organization_places,
            enabled_connections,
            native_users,
            own_app_clients,
            policies,
            user_pools,
        } = self;
        let policies = policy_records(policies)?;
        to.record(&Counts {
            organizations: count(organizations.len())?,
            connections: count(persons.connections.ids().len())?,
            role_sets: count(persons.roles.len())?,
            persons: count(persons.known.len())?,
            enabled_connections: count(enabled_connections.len())?,
            native_users: count(native_users.len())?,
            own_app_clients: count(own_app_clients.len())?,
            policies: count(policies.len())?,
            user_pools: count(user_pools.known.len())?,
            user_pool_domains: count(user_pools.domains.len())?,
            user_pool_revision: user_pools.revision,
        })?;
        for (id, organization) in organization_places.ids().iter().zip(organizations) {
            to.record(&organization_record(*id, organization))?;
        }
        persons::save(persons, to)?;
        let mut enabled: Vec<Uuid> = enabled_connections.iter().map(|id| id.uuid()).collect();
        enabled.sort_unstable();
        save_ids(&enabled, to)?;
        let mut native: Vec<_> = native_users.iter().collect();
        native.sort_unstable();
        for ((user_pool, native_user), person) in native {
            let (user_pool, native_user) = (bytes(user_pool.uuid()), native_user.to_string());
            to.record(&NativeUserRecord { user_pool, native_user, person: *person })?;
        }
        let mut own: Vec<_> = own_app_clients.iter().map(|(key, place)| (key, place.number())).collect();
        own.sort_unstable();
        for ((user_pool, app_client_id), organization) in own {
            let (user_pool, app_client_id) = (bytes(user_pool.uuid()), app_client_id.clone());
            to.record(&OwnAppClientRecord { user_pool, app_client_id, organization })?;
        }
        policies.iter().try_for_each(|policy| to.record(policy))?;
        save_user_pools(user_pools, to)
    }

    fn restore(from: &mut SnapshotReader<'_>) -> Result<Self, SnapshotError> {
        let counts: Counts = from.expect()?;
        let mut organization_places = Places::with_capacity(room(counts.organizations));
        let mut organizations = Vec::with_capacity(room(counts.organizations));
        for _ in 0..counts.organizations {
            let record: OrganizationRecord = from.expect()?;
            organization_places.place_of(OrganizationId::from_uuid(uuid(&record.id)?));
            organizations.push(organization(record)?);
        }
        all_different(organization_places.ids().len(), counts.organizations)?;
        let persons = persons::restore(&counts, from)?;
        let enabled = restore_ids(counts.enabled_connections, from)?;
        let mut people = Self {
            persons,
            organizations,
            organization_places,
            enabled_connections: enabled.into_iter().map(ConnectionId::from_uuid).collect(),
            ..Self::default()
        };
        people.native_users.reserve(room(counts.native_users));
        for _ in 0..counts.native_users {
            let NativeUserRecord { user_pool, native_user, person } = from.expect()?;
            within(person, counts.persons)?;
            let key = (UserPoolId::from_uuid(uuid(&user_pool)?), native_user.into_boxed_str());
            people.native_users.insert(key, person);
        }
        for _ in 0..counts.own_app_clients {
            let own: OwnAppClientRecord = from.expect()?;
            let key = (UserPoolId::from_uuid(uuid(&own.user_pool)?), own.app_client_id);
            people.own_app_clients.insert(key, place(own.organization, counts.organizations)?);
        }
        for _ in 0..counts.policies {
            let PolicyRecord { replaced_json } = from.expect()?;
            let replaced: Replaced = serde_json::from_str(&replaced_json)
                .map_err(|_| SnapshotError::Inconsistent("a claim policy cannot be read"))?;
            people.policies.apply(replaced.into());
        }
        people.user_pools = restore_user_pools(&counts, from)?;
        Ok(people)
    }
}

fn organization_record(id: OrganizationId, organization: &Organization) -> OrganizationRecord {
    let Organization { profile, is_suspended, domains, had_domain } = organization;
    OrganizationRecord {
        id: bytes(id.uuid()),
        profile: profile.as_deref().map(profile_record),
        is_suspended: *is_suspended,
        domains: domains.iter().map(|(name, below)| DomainRecord { name: name.to_string(), below: *below }).collect(),
        had_domain: *had_domain,
    }
}

fn organization(record: OrganizationRecord) -> Result<Organization, SnapshotError> {
    let OrganizationRecord { id: _, profile: known, is_suspended, domains, had_domain } = record;
    Ok(Organization {
        profile: known.map(profile).transpose()?.map(Arc::new),
        is_suspended,
        domains: domains.into_iter().map(|domain| (domain.name.into_boxed_str(), domain.below)).collect(),
        had_domain,
    })
}

fn profile_record(profile: &Profile) -> ProfileRecord {
    let Profile { id, id_text: _, slug, external_id, display_name, tier, region, placement } = profile.clone();
    let placement = match placement {
        Placement::SharedPool { user_pool } => (1, user_pool, String::new()),
        Placement::Group { user_pool, group } => (2, user_pool, group),
        Placement::OwnPool { user_pool } => (3, user_pool, String::new()),
        Placement::AppClient { user_pool, app_client_id } => (4, user_pool, app_client_id),
    };
    let (kind, user_pool, name) = placement;
    let placement = PlacementRecord { kind, user_pool: bytes(user_pool.uuid()), name };
    ProfileRecord { id: bytes(id.uuid()), slug, external_id, display_name, tier, region, placement }
}

fn profile(record: ProfileRecord) -> Result<Profile, SnapshotError> {
    let ProfileRecord { id, slug, external_id, display_name, tier, region, placement } = record;
    let id = OrganizationId::from_uuid(uuid(&id)?);
    let user_pool = UserPoolId::from_uuid(uuid(&placement.user_pool)?);
    let placement = match placement.kind {
        1 => Placement::SharedPool { user_pool },
        2 => Placement::Group { user_pool, group: placement.name },
        3 => Placement::OwnPool { user_pool },
        4 => Placement::AppClient { user_pool, app_client_id: placement.name },
        _ => return Err(SnapshotError::Inconsistent("a placement is none")),
    };
    let id_text = id.to_string().into_boxed_str();
    Ok(Profile { id, id_text, slug, external_id, display_name, tier, region, placement })
}

/// In an order of their own: that of a hash table says nothing.
fn policy_records(policies: &Policies) -> Result<Vec<PolicyRecord>, SnapshotError> {
    let record = |(target, policy): (_, &vestibule_tenancy::claim_policy::ClaimPolicy)| {
        serde_json::to_string(&Replaced { target, policy: policy.clone() })
            .map_err(|_| SnapshotError::Inconsistent("a claim policy cannot be written"))
    };
    let mut records = policies.all().map(record).collect::<Result<Vec<_>, _>>()?;
    records.sort_unstable();
    Ok(records.into_iter().map(|replaced_json| PolicyRecord { replaced_json }).collect())
}

fn save_user_pools(user_pools: &UserPools, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
    let UserPools { known, domains, revision: _ } = user_pools;
    let mut known: Vec<_> = known.iter().collect();
    known.sort_unstable_by_key(|(pool_id, _)| *pool_id);
    for (pool_id, UserPool { id, provider_name }) in known {
        let (pool_id, id, provider_name) = (pool_id.clone(), bytes(id.uuid()), provider_name.to_string());
        to.record(&UserPoolRecord { pool_id, id, provider_name })?;
    }
    let mut domains: Vec<_> = domains.iter().collect();
    domains.sort_unstable_by_key(|(id, _)| **id);
    for (id, (pool_id, domains)) in domains {
        let (id, pool_id, domains) = (bytes(id.uuid()), pool_id.clone(), domains.clone());
        to.record(&UserPoolDomainsRecord { id, pool_id, domains })?;
    }
    Ok(())
}

fn restore_user_pools(counts: &Counts, from: &mut SnapshotReader<'_>) -> Result<UserPools, SnapshotError> {
    let mut user_pools = UserPools { revision: counts.user_pool_revision, ..UserPools::default() };
    for _ in 0..counts.user_pools {
        let UserPoolRecord { pool_id, id, provider_name } = from.expect()?;
        let pool = UserPool { id: UserPoolId::from_uuid(uuid(&id)?), provider_name: provider_name.into() };
        user_pools.known.insert(pool_id, pool);
    }
    for _ in 0..counts.user_pool_domains {
        let UserPoolDomainsRecord { id, pool_id, domains } = from.expect()?;
        user_pools.domains.insert(UserPoolId::from_uuid(uuid(&id)?), (pool_id, domains));
    }
    Ok(user_pools)
}

fn save_ids(ids: &[Uuid], to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
    for batch in ids.chunks(BATCH) {
        to.record(&Ids { ids: batch.iter().flat_map(|id| *id.as_bytes()).collect() })?;
    }
    Ok(())
}

fn restore_ids(count: u32, from: &mut SnapshotReader<'_>) -> Result<Vec<Uuid>, SnapshotError> {
    let mut ids = Vec::with_capacity(room(count));
    while ids.len() < count as usize {
        let Ids { ids: batch } = from.expect()?;
        if batch.is_empty() {
            return Err(SnapshotError::Inconsistent("ids are missing"));
        }
        for id in batch.chunks(ID_BYTES) {
            ids.push(uuid(id)?);
        }
    }
    all_different(ids.len(), count)?;
    Ok(ids)
}

fn place(number: u32, count: u32) -> Result<Place, SnapshotError> {
    Place::numbered(number)
        .filter(|place| place.index() < count as usize)
        .ok_or(SnapshotError::Inconsistent("a place is nowhere"))
}

fn within(index: u32, count: u32) -> Result<(), SnapshotError> {
    if index < count { Ok(()) } else { Err(SnapshotError::Inconsistent("an index is out of range")) }
}

fn all_different(found: usize, count: u32) -> Result<(), SnapshotError> {
    if found == count as usize { Ok(()) } else { Err(SnapshotError::Inconsistent("there are not as many as it says")) }
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
