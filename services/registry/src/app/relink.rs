use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, CommandError, Current, StreamId, Transaction};
use vestibule_kernel::PersonId;
use vestibule_rpc::resource;
use vestibule_tenancy::person::{Command, Person, Rejection, SUBJECT};

use super::{
    Change, Registry,
    person::{PersonName, WantedSubject, stream},
};
use crate::{error::Error, resource::Resource};

/// How often a re-link is decided anew when somebody signs in at the same moment.
const ATTEMPTS_MAX: u32 = 3;

impl Registry {
    /// Lets a person be found by a subject that is nobody's.
    pub(crate) async fn relink_person(
        &self,
        id: PersonName,
        change: Change,
        subject: WantedSubject,
    ) -> Result<Resource<Person>, Error> {
        self.person(id).await?;
        let connection = subject.connection;
        let subject_digest = self.subject_digest(id.0, subject).await?;
        let relink = Command::Relink { connection, subject_digest };
        let outcome = self.log.execute::<Person>(&stream(id), change.etag, change.metadata, &relink).await;
        match outcome {
            Err(CommandError::Append(AppendError::Reserved { scope: SUBJECT, holder })) => Err(taken(&holder)),
            outcome => Ok(outcome?.into()),
        }
    }

    /// Lets a person be found by the subject of a duplicate, who is superseded: one append, so that at no moment both are
    /// found by it, or nobody.
    pub(crate) async fn merge_person(
        &self,
        id: PersonName,
        change: Change,
        duplicate: PersonId,
    ) -> Result<Resource<Person>, Error> {
        let (person, other) = (stream(id), stream((id.0, duplicate)));
        for _ in 0..ATTEMPTS_MAX {
            let known = self.log.load::<Person>(&person).await?;
            if known.cursor.is_none() {
                return Err(Error::rejected(Rejection::NotFound));
            }
            if change.etag.is_some_and(|expected| expected != known.version) {
                return Err(Error::EtagMismatch { actual: known.version.0 });
            }
            let superseded = self.log.load::<Person>(&other).await?;
            let supersede = superseded.state.decide(&Command::Supersede { by: id.1 }).map_err(Error::rejected)?;
            if supersede.is_empty() {
                return Ok(known.into());
            }
            let subject = superseded.state.known().and_then(|known| known.subject.clone());
            let subject = subject.ok_or(Error::PersonWithoutSubject)?;
            let relink = Command::Relink { connection: subject.connection, subject_digest: subject.digest };
            let relink = known.state.decide(&relink).map_err(Error::rejected)?;
            let transaction = Transaction::new(change.metadata.clone())
                .append(other.clone(), superseded.version, &supersede)
                .and_then(|transaction| transaction.append(person.clone(), known.version, &relink))
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?;
            match self.log.append(transaction).await {
                Ok(appended) => {
                    return Ok(Resource::from(Current {
                        state: relink.iter().fold(known.state, Person::evolve),
                        version: known.version.plus(relink.len() as u64),
                        cursor: Some(appended.cursor),
                        first_recorded_at: known.first_recorded_at,
                        last_recorded_at: Some(appended.recorded_at),
                    }));
                }
                Err(AppendError::Conflict { .. }) => {} // one of them signed in: look again
                Err(AppendError::Reserved { scope: SUBJECT, holder }) => return Err(taken(&holder)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }
}

fn taken(holder: &StreamId) -> Error {
    let organization = holder.organization().map(resource::organization_name).unwrap_or_default();
    Error::SubjectTaken { holder: format!("{organization}/persons/{}", holder.key()) }
}
