use serde_json::{Value, json};
use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, Appended, Current, StreamId, Transaction, Version};
use vestibule_kernel::{DirectoryUserId, PersonId};
use vestibule_scim::{Document, Refusal};
use vestibule_storage::SubjectIndex;
use vestibule_tenancy::{
    directory::RolesFrom,
    directory_group::{self, DirectoryGroup},
    directory_user::{CATEGORY, Command, DirectoryUser, EXTERNAL_ID, Kept, Said, USER_NAME, unique_key},
    person::{self, Person, Provision, SUBJECT},
};

use super::{
    ATTEMPTS_MAX, Inner,
    access::Access,
    error::{Error, unprepared},
    group,
    person::{stream as person_stream, text},
    render::{Rendered, document},
};

pub(super) fn stream(access: &Access, user: DirectoryUserId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(access.organization()), user.uuid())
}

/// What an append makes of an aggregate, without reading it again.
pub(super) fn after<D: Decider>(current: Current<D>, events: &[D::Event], appended: &Appended) -> Current<D> {
    if events.is_empty() {
        return current;
    }
    Current {
        state: events.iter().fold(current.state, D::evolve),
        version: current.version.plus(events.len() as u64),
        cursor: Some(appended.cursor),
        first_recorded_at: current.first_recorded_at.or(Some(appended.recorded_at)),
        last_recorded_at: Some(appended.recorded_at),
    }
}

/// Whether the resource is still the one that the caller has seen (RFC 7644 section 3.14).
pub(super) fn must_be(etag: Option<Version>, version: Version) -> Result<(), Error> {
    if etag.is_some_and(|expected| expected != version) { Err(Error::EtagMismatch) } else { Ok(()) }
}

impl Inner {
    /// The user, if it is one of this directory: an id of another one is as good as none.
    pub(super) async fn user(
        &self,
        access: &Access,
        id: DirectoryUserId,
    ) -> Result<(Kept, Current<DirectoryUser>), Error> {
        let current = self.log.load::<DirectoryUser>(&stream(access, id)).await?;
        match &current.state {
            DirectoryUser::Present(kept) if kept.directory == access.id() => Ok((kept.clone(), current)),
            _ => Err(Error::NotFound),
        }
    }

    /// The user with this name in the directory, or with this id of the directory's own.
    pub(super) async fn user_of(
        &self,
        access: &Access,
        scope: &'static str,
        value: &str,
    ) -> Result<Option<DirectoryUserId>, Error> {
        let index = SubjectIndex::open(&self.keys).await?;
        let digest = match scope {
            USER_NAME => user_name_digest(&index, access, value),
            _ => index.directory_digest(access.id(), EXTERNAL_ID, value),
        };
        let holder = self.log.holder(scope, &unique_key(access.id(), &digest)).await?;
        Ok(holder.and_then(|stream| stream.key().parse().ok()))
    }

    /// Makes a user, or what `change` makes of one, and of the person at the same moment.
    pub(super) async fn save_user(
        &self,
        access: &Access,
        id: Option<DirectoryUserId>,
        etag: Option<Version>,
        change: impl Fn(&Document) -> Result<Document, Refusal>,
    ) -> Result<Rendered, Error> {
        let (new_user, newcomer) = (self.new_id(), PersonId::from_uuid(self.ids.uuid_v4()));
        for _ in 0..ATTEMPTS_MAX {
            let (kept, current) = match id {
                Some(id) => self.user(access, id).await.map(|(kept, current)| (Some(kept), current))?,
                None => (None, Current::default()),
            };
            must_be(etag, current.version)?;
            let wanted = change(&kept.as_ref().map(document).unwrap_or_default())?;
            let user = kept.as_ref().map_or_else(|| DirectoryUserId::from_uuid(new_user), |kept| kept.user);
            let digest = self.subject_digest(access, &wanted).await;
            let person = match (&kept, &digest) {
                (Some(kept), _) => kept.person,
                (None, Ok(digest)) => self.found(access.organization(), digest).await?.unwrap_or(newcomer),
                (None, Err(_)) => newcomer,
            };
            let (human, known) = self.person(access.organization(), person).await?;
            let digest = digest.or_else(|unknown| kept_digest(unknown, &wanted, &known.state))?;
            let said = self.said(access, user, person, &wanted).await?;
            let (roles, mut transaction) = self.roles(access, kept.as_ref()).await?;
            let profile = self.profile(access, &wanted).await?;
            let is_news = kept.as_ref().is_none_or(|kept| kept.document != Some(said.document.clone()));
            let provision = person::Command::Provision(Provision {
                person: human,
                organization: access.organization(),
                directory: access.id(),
                connection: access.directory.connection,
                subject_digest: digest,
                profile: is_news.then_some(profile),
                roles,
                is_active: said.is_active,
            });
            let users = current.state.decide(&Command::Say(said)).map_err(Error::rejected)?;
            let people = known.state.decide(&provision).map_err(Error::rejected)?;
            if users.is_empty() && people.is_empty() {
                return self.rendered_user(&current);
            }
            let (user_stream, human_stream) = (stream(access, user), person_stream(access.organization(), human));
            transaction = held(transaction, human_stream, known.version, &people)?;
            transaction = held(transaction, user_stream, current.version, &users)?;
            match self.log.append(transaction).await {
                Ok(appended) => return self.rendered_user(&after(current, &users, &appended)),
                Err(AppendError::Conflict { .. }) => {}
                // Somebody else made the person, a moment ago.
                Err(AppendError::Reserved { scope: SUBJECT, .. }) if kept.is_none() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Deletes a user: the groups lose a member, and the person access.
    pub(super) async fn delete_user(
        &self,
        access: &Access,
        id: DirectoryUserId,
        etag: Option<Version>,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let (kept, current) = self.user(access, id).await?;
            must_be(etag, current.version)?;
            let (human, known) = self.person(access.organization(), kept.person).await?;
            let (directory, connection) = (access.id(), access.directory.connection);
            let deprovision = person::Command::Deprovision { directory, connection };
            let people = known.state.decide(&deprovision).map_err(Error::rejected)?;
            let users = current.state.decide(&Command::Delete).map_err(Error::rejected)?;
            let mut transaction = Transaction::new(access.metadata.clone());
            for group in &kept.groups {
                let stream = group::stream(access, *group);
                let current = self.log.load::<DirectoryGroup>(&stream).await?;
                let leave = directory_group::Command::ChangeMembers { added: Vec::new(), removed: vec![id] };
                let events = current.state.decide(&leave).map_err(Error::rejected)?;
                transaction = transaction.append(stream, current.version, &events).map_err(unprepared)?;
            }
            transaction = held(transaction, person_stream(access.organization(), human), known.version, &people)?;
            transaction = held(transaction, stream(access, id), current.version, &users)?;
            match self.log.append(transaction).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    async fn said(
        &self,
        access: &Access,
        user: DirectoryUserId,
        person: PersonId,
        wanted: &Document,
    ) -> Result<Said, Error> {
        let index = SubjectIndex::open(&self.keys).await?;
        let user_name = text(wanted, "userName").ok_or(Refusal::Required("userName"))?;
        let external_id = text(wanted, "externalId");
        Ok(Said {
            user,
            directory: access.id(),
            person,
            user_name_digest: user_name_digest(&index, access, user_name),
            external_id_digest: external_id.map(|id| index.directory_digest(access.id(), EXTERNAL_ID, id)),
            is_active: is_active(wanted),
            document: Value::Object(wanted.clone()),
        })
    }

    /// The roles that the user's groups mean, where they come from there; and a transaction that takes effect only while
    /// the groups mean it.
    async fn roles(
        &self,
        access: &Access,
        kept: Option<&Kept>,
    ) -> Result<(Option<Vec<vestibule_tenancy::Role>>, Transaction), Error> {
        let mut transaction = Transaction::new(access.metadata.clone());
        if access.directory.roles == RolesFrom::SignIn {
            return Ok((None, transaction));
        }
        let mut names = Vec::new();
        for group in kept.iter().flat_map(|kept| &kept.groups) {
            let stream = group::stream(access, *group);
            let current = self.log.load::<DirectoryGroup>(&stream).await?;
            if let DirectoryGroup::Present(group) = &current.state {
                names.extend(group::names(group));
            }
            transaction = transaction.unchanged(stream, current.version);
        }
        Ok((Some(access.settings.roles(&names)), transaction))
    }
}

/// The digest of a user name, which differs from another one not by its case alone (RFC 7643 section 4.1.1).
fn user_name_digest(index: &SubjectIndex, access: &Access, user_name: &str) -> String {
    index.directory_digest(access.id(), USER_NAME, &user_name.to_lowercase())
}

/// Adds the events of a stream, or holds it to its version when there are none.
pub(super) fn held<E: vestibule_decider::DomainEvent>(
    transaction: Transaction,
    stream: StreamId,
    version: Version,
    events: &[E],
) -> Result<Transaction, Error> {
    if events.is_empty() {
        return Ok(transaction.unchanged(stream, version));
    }
    transaction.append(stream, version, events).map_err(unprepared)
}

/// Whoever takes the attribute away says of nobody that they may sign in.
fn is_active(wanted: &Document) -> bool {
    wanted.get("active") == Some(&json!(true))
}

/// Whoever is to lose access loses it, also when the connection recognises people by something that the directory does not
/// say any more: they keep the subject that they have.
fn kept_digest(unknown: Error, wanted: &Document, person: &Person) -> Result<String, Error> {
    let subject = person.known().and_then(|known| known.subject.as_ref());
    match (unknown, subject) {
        (Error::SubjectUnknown(_), Some(subject)) if !is_active(wanted) => Ok(subject.digest.clone()),
        (unknown, _) => Err(unknown),
    }
}
