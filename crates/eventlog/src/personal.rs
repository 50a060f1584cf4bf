//! Personal fields are stored as ciphertext under a key of the person's own. Destroying the key erases them everywhere:
//! in the log, in its copies and in its archives.

use uuid::Uuid;
use vestibule_decider::{Personal, PersonalFields};
use vestibule_kernel::{EventId, PersonId};
use vestibule_storage::{KeyError, KeyId, KeyStore};

use crate::{AppendError, LoadError, Recorded, StoredPersonal};

/// What the keys of persons are for.
const PURPOSE: &str = "person";

/// The key's id stands in front of the ciphertext.
const KEY_ID_BYTES: usize = 16;

/// The personal part of an event, sealed; bound to the event, so that it cannot be moved to another.
pub(crate) async fn seal(
    keys: &KeyStore,
    event: EventId,
    personal: &PersonalFields,
) -> Result<StoredPersonal, AppendError> {
    let key = keys.current(PURPOSE, &personal.person.to_string()).await;
    let key = key.map_err(|error| match error {
        KeyError::Storage(_) | KeyError::Contended => AppendError::Unavailable(Box::new(error)),
        KeyError::Unopenable { .. } | KeyError::Unsealable => AppendError::Unprepared(Box::new(error)),
    })?;
    let plaintext = serde_json::to_vec(&personal.fields).map_err(|error| AppendError::Unprepared(Box::new(error)))?;
    let sealed = key.seal(&binding(event, personal.person), &plaintext);
    let sealed = sealed.map_err(|error| AppendError::Unprepared(Box::new(error)))?;
    let mut ciphertext = key.id.0.as_bytes().to_vec();
    ciphertext.extend_from_slice(&sealed);
    Ok(StoredPersonal { person: personal.person, ciphertext })
}

/// The personal part of a recorded event; withheld when its key is no more.
pub(crate) async fn open(keys: &KeyStore, event: &Recorded) -> Result<Personal, LoadError> {
    let Some(stored) = &event.personal else { return Ok(Personal::None) };
    let unsealable = || LoadError::Unsealable { position: event.cursor.position() };
    let (id, sealed) = stored.ciphertext.split_at_checked(KEY_ID_BYTES).ok_or_else(unsealable)?;
    let id = KeyId(Uuid::from_slice(id).map_err(|_| unsealable())?);
    let Some(key) = keys.find(PURPOSE, &stored.person.to_string(), id).await? else { return Ok(Personal::Withheld) };
    let plaintext = key.open(&binding(event.id, stored.person), sealed).map_err(|_| unsealable())?;
    let fields = serde_json::from_slice(&plaintext).map_err(|_| unsealable())?;
    Ok(Personal::Open(PersonalFields { person: stored.person, fields }))
}

fn binding(event: EventId, person: PersonId) -> Vec<u8> {
    let mut binding = b"vestibule.eventlog.personal.1".to_vec();
    binding.extend_from_slice(event.uuid().as_bytes());
    binding.extend_from_slice(person.uuid().as_bytes());
    binding
}
