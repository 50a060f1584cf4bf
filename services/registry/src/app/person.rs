use vestibule_eventlog::StreamId;
use vestibule_kernel::{OrganizationId, PersonId, UserPoolId};
use vestibule_storage::SubjectIndex;
use vestibule_tenancy::{
    NativeUserId, Note,
    connection::{self, Connection, SubjectSource},
    person::{CATEGORY, Command, NATIVE_USER, Person, Rejection, SUBJECT, native_user_key},
};

use super::{Change, Registry};
use crate::{error::Error, field::InvalidFields, listing::Listing, resource::Resource};

const NAME_ID_FORMAT: &str = "subject.name_id_format";

/// A person, as resource names say it.
pub(crate) type PersonName = (OrganizationId, PersonId);

/// What an identity provider calls a person, as a caller says it. Personal.
pub(crate) struct WantedSubject {
    pub(crate) connection: vestibule_kernel::ConnectionId,
    pub(crate) value: String,
    /// Empty: what the connection asks for.
    pub(crate) name_id_format: String,
}

/// Instead of everybody, one person.
pub(crate) enum FoundBy {
    Subject(WantedSubject),
    NativeUser(UserPoolId, NativeUserId),
}

pub(super) fn stream((organization, person): PersonName) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), person.uuid())
}

impl Registry {
    pub(crate) async fn person(&self, id: PersonName) -> Result<Resource<Person>, Error> {
        self.read(&stream(id), Rejection::NotFound).await
    }

    /// A page of the people of an organization, and the token of the next one. Each is read from their own stream.
    pub(crate) async fn persons(
        &self,
        organization: OrganizationId,
        listing: &Listing,
    ) -> Result<(Vec<Resource<Person>>, String), Error> {
        self.require_organization(organization).await?;
        let (ids, next_page_token) = self.people.list(organization, listing).await?;
        let mut persons = Vec::with_capacity(ids.len());
        for person in ids {
            persons.push(self.person((organization, person)).await?);
        }
        Ok((persons, next_page_token))
    }

    pub(crate) async fn find_person(
        &self,
        organization: OrganizationId,
        found_by: FoundBy,
    ) -> Result<Option<Resource<Person>>, Error> {
        self.require_organization(organization).await?;
        let holder = match found_by {
            FoundBy::Subject(subject) => {
                let digest = self.subject_digest(organization, subject).await?;
                self.log.holder(SUBJECT, &digest).await?
            }
            FoundBy::NativeUser(user_pool, native_user) => {
                self.log.holder(NATIVE_USER, &native_user_key(user_pool, native_user.as_str())).await?
            }
        };
        match holder.filter(|holder| holder.organization() == Some(organization)) {
            Some(holder) => self.read(&holder, Rejection::NotFound).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn deactivate_person(
        &self,
        id: PersonName,
        change: Change,
        note: Note,
    ) -> Result<Resource<Person>, Error> {
        self.change(&stream(id), change, &Command::Deactivate { note }).await
    }

    pub(crate) async fn reactivate_person(&self, id: PersonName, change: Change) -> Result<Resource<Person>, Error> {
        self.change(&stream(id), change, &Command::Reactivate).await
    }

    /// The digest by which the SAML service will find whom a connection names like that.
    pub(super) async fn subject_digest(
        &self,
        organization: OrganizationId,
        wanted: WantedSubject,
    ) -> Result<String, Error> {
        let stream = StreamId::of_id(connection::CATEGORY, Some(organization), wanted.connection.uuid());
        let connection: Resource<Connection> = self.read(&stream, connection::Rejection::NotFound).await?;
        let settings = connection.state.trust().map(|trust| trust.settings.clone()).unwrap_or_default();
        let asked_for = settings.name_id_format.unwrap_or_default();
        let format = if wanted.name_id_format.is_empty() { &asked_for } else { &wanted.name_id_format };
        let value = wanted.value.as_str();
        let subject = match &settings.subject {
            SubjectSource::NameId => vestibule_storage::Subject::NameId { format: stable(format)?, value },
            SubjectSource::Attribute { name } if wanted.name_id_format.is_empty() => {
                vestibule_storage::Subject::Attribute { name, value }
            }
            SubjectSource::Attribute { .. } => {
                let description = "the connection recognises people by an attribute";
                return Err(InvalidFields::one("NAME_ID_FORMAT_INVALID", NAME_ID_FORMAT, description).into());
            }
        };
        Ok(SubjectIndex::open(&self.keys).await?.digest(wanted.connection, subject))
    }
}

/// A format under which a person is recognised again.
fn stable(format: &str) -> Result<&str, InvalidFields> {
    match format {
        "" => Err(InvalidFields::one("FIELD_REQUIRED", NAME_ID_FORMAT, "required: the connection asks for no format")),
        vestibule_saml::name_id_format::TRANSIENT => {
            Err(InvalidFields::one("NAME_ID_FORMAT_INVALID", NAME_ID_FORMAT, "a transient NameID finds nobody again"))
        }
        format => Ok(format),
    }
}
