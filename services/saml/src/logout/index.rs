//! Which person an identity provider means by the NameID and SessionIndex of a LogoutRequest.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use vestibule_eventlog::EventLog;
use vestibule_kernel::{ConnectionId, PersonId, Timestamp};
use vestibule_saml::{NameId, SubjectId};
use vestibule_storage::{Bucket, ExpiringRecord, ExpiringRecords, KeyStore, Subject, SubjectIndex};
use vestibule_tenancy::person;

use super::SESSION_LIFETIME;
use crate::{error::Error, judge::Acceptable};

/// Records found by a keyed digest of the NameID and, in a record of its own, the SessionIndex.
const SESSION: Bucket = Bucket("saml.session");

/// The sessions of people who signed in, as records that expire.
///
/// A record's key is a digest over the keyed digest of the NameID: whoever reads the table learns no name from it. Its
/// value is the person's id, which is the `sub` and tells nothing by itself.
pub(crate) struct SessionIndex {
    pub(crate) log: EventLog,
    pub(crate) records: Arc<dyn ExpiringRecords>,
    pub(crate) keys: KeyStore,
}

impl SessionIndex {
    /// Remembers whom an accepted assertion named. Whoever is known by the NameID itself is found by it anyway. A record
    /// that is there already is that of an earlier sign-in; its life begins anew, and it means who signed in last.
    pub(crate) async fn remember(
        &self,
        connection: ConnectionId,
        acceptable: &Acceptable,
        person: PersonId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let assertion = &acceptable.assertion;
        let name = self.name(connection, &assertion.subject).await?;
        let by_name = Some(key(&name, None)).filter(|_| !matches!(acceptable.subject, SubjectId::NameId(_)));
        let by_session = assertion.session_index.as_ref().map(|index| key(&name, Some(index)));
        let put = |key: Option<[u8; 32]>| async move {
            match key {
                Some(key) => self.put(key, person, now).await,
                None => Ok(()),
            }
        };
        let (named, of_session) = tokio::join!(put(by_name), put(by_session));
        named.and(of_session)
    }

    async fn put(&self, key: [u8; 32], person: PersonId, now: Timestamp) -> Result<(), Error> {
        let value = person.uuid().as_bytes().to_vec();
        let record = ExpiringRecord { bucket: SESSION, key, value, expires_at: now.plus(SESSION_LIFETIME) };
        if !self.records.put(&record).await? {
            self.records.remove(SESSION, &key).await?;
            // Another sign-in of the same name may have been faster, and its record is as good.
            self.records.put(&record).await?;
        }
        Ok(())
    }

    /// The people whom a LogoutRequest means: all sessions of the name when it names none (SAML core section 3.7.1), else
    /// those it names. Nobody, when nobody signed in by that name and session.
    pub(crate) async fn find(
        &self,
        connection: ConnectionId,
        subject: &NameId,
        session_indexes: &[String],
        now: Timestamp,
    ) -> Result<Vec<PersonId>, Error> {
        let name = self.name(connection, subject).await?;
        let keys: Vec<[u8; 32]> = if session_indexes.is_empty() {
            vec![key(&name, None)]
        } else {
            session_indexes.iter().map(|index| key(&name, Some(index))).collect()
        };
        let mut people = Vec::new();
        for key in keys {
            let record = self.records.get(SESSION, &key, now).await?;
            let person = record.and_then(|record| record.value.try_into().ok()).map(uuid::Uuid::from_bytes);
            people.extend(person.map(PersonId::from_uuid));
        }
        if people.is_empty() && session_indexes.is_empty() {
            // Whoever is known by the NameID itself is found for ever.
            let holder = self.log.holder(person::SUBJECT, &name).await?;
            people.extend(holder.and_then(|stream| stream.key().parse::<PersonId>().ok()));
        }
        people.sort_unstable();
        people.dedup();
        Ok(people)
    }

    async fn name(&self, connection: ConnectionId, name_id: &NameId) -> Result<String, Error> {
        let subject = Subject::NameId { format: &name_id.format, value: &name_id.value };
        Ok(SubjectIndex::open(&self.keys).await?.digest(connection, subject))
    }
}

/// The name's digest has a fixed length, so nothing can be read as another pair.
fn key(name: &str, session_index: Option<&String>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(if session_index.is_some() { b"session" } else { b"name" });
    context.update(name.as_bytes());
    context.update(session_index.map_or(&[], |index| index.as_bytes()));
    let mut digest = [0; 32];
    for (target, source) in digest.iter_mut().zip(context.finish().as_ref()) {
        *target = *source;
    }
    digest
}
