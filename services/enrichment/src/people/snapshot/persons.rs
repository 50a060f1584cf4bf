use uuid::Uuid;
use vestibule_eventlog::snapshot::{SnapshotError, SnapshotReader, SnapshotWriter};
use vestibule_kernel::{ConnectionId, PersonId};

use super::{
    super::{
        Person, Roles,
        person::Persons,
        place::{Place, Places},
    },
    BATCH, ID_BYTES, all_different, place,
    record::{Counts, PersonsRecord, RoleSet},
    restore_ids, room, save_ids, uuid, within,
};

/// Connections, sets of roles, and persons, who name both by their places.
pub(super) fn save(persons: &Persons, to: &mut SnapshotWriter<'_>) -> Result<(), SnapshotError> {
    let Persons { known, places: _, hasher: _, connections, roles, roles_known: _ } = persons;
    let connections: Vec<Uuid> = connections.ids().iter().map(|id| id.uuid()).collect();
    save_ids(&connections, to)?;
    for set in roles {
        to.record(&RoleSet { roles: set.iter().map(ToString::to_string).collect() })?;
    }
    known.chunks(BATCH).try_for_each(|batch| to.record(&record(batch)))
}

fn record(batch: &[Person]) -> PersonsRecord {
    let mut record = PersonsRecord::default();
    for Person { id, organization, connection, roles, flags } in batch {
        record.ids.extend_from_slice(id.uuid().as_bytes());
        record.organizations.push(organization.number());
        record.connections.push(connection.map_or(0, Place::number));
        record.roles.push(*roles);
        record.flags.push(*flags);
    }
    record
}

pub(super) fn restore(counts: &Counts, from: &mut SnapshotReader<'_>) -> Result<Persons, SnapshotError> {
    let mut connections = Places::with_capacity(room(counts.connections));
    for id in restore_ids(counts.connections, from)? {
        connections.place_of(ConnectionId::from_uuid(id));
    }
    all_different(connections.ids().len(), counts.connections)?;
    let mut roles: Vec<Roles> = Vec::with_capacity(room(counts.role_sets));
    for _ in 0..counts.role_sets {
        let set: RoleSet = from.expect()?;
        roles.push(set.roles.into_iter().map(String::into_boxed_str).collect());
    }
    let mut known = Vec::with_capacity(room(counts.persons));
    while known.len() < counts.persons as usize {
        let before = known.len();
        restore_batch(&from.expect()?, counts, &mut known)?;
        if known.len() == before {
            return Err(SnapshotError::Inconsistent("persons are missing"));
        }
    }
    all_different(known.len(), counts.persons)?;
    Persons::of(known, connections, roles)
        .ok_or(SnapshotError::Inconsistent("somebody, or a set of roles, is there twice"))
}

fn restore_batch(record: &PersonsRecord, counts: &Counts, known: &mut Vec<Person>) -> Result<(), SnapshotError> {
    let PersonsRecord { ids, organizations, connections, roles, flags } = record;
    let length = flags.len();
    if ids.len() != length * ID_BYTES || [organizations, connections, roles].iter().any(|column| column.len() != length)
    {
        return Err(SnapshotError::Inconsistent("the columns of persons have different lengths"));
    }
    let columns = ids.chunks(ID_BYTES).zip(organizations).zip(connections).zip(roles).zip(flags);
    for ((((id, organization), connection), roles), flags) in columns {
        within(*roles, counts.role_sets)?;
        let connection = match connection {
            0 => None,
            number => Some(place(*number, counts.connections)?),
        };
        let (id, organization) = (PersonId::from_uuid(uuid(id)?), place(*organization, counts.organizations)?);
        known.push(Person { id, organization, connection, roles: *roles, flags: *flags });
    }
    Ok(())
}
