use serde_json::{Value, json};
use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, Appended, Current, StreamId, Transaction, Version};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId, PersonId};
use vestibule_scim::{Document, Refusal};
use vestibule_storage::SubjectIndex;
use vestibule_tenancy::{
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

/// Groups that a user leaves in the append that deletes it.
pub(super) const STEP_GROUPS: usize = 100;

/// Whom the directory means by a user.
struct Meant {
    /// As the user is kept.
    person: PersonId,
    /// Who that turned out to be.
    human: PersonId,
    known: Current<Person>,
    /// By what they are found at sign-in.
    digest: Option<String>,
    /// Whether what is said of the user is said of the person.
    is_theirs: bool,
}

impl Meant {
    /// By what the person is found from now on; `None` when nothing is said of them. When the directory says of the user what it
    /// said before, an operator's re-link stays.
    fn found_by(&self, access: &Access, kept: Option<&Kept>) -> Option<String> {
        let digest = self.digest.clone().filter(|_| self.is_theirs)?;
        let subject = self.known.state.known().and_then(|known| known.subject.as_ref());
        let subject = subject.filter(|subject| subject.connection == access.directory.connection);
        let is_said_again = kept.is_some_and(|kept| kept.subject_digest.as_ref() == Some(&digest));
        Some(
            subject
                .filter(|_| is_said_again && self.is_the_same(kept))
                .map_or(digest, |subject| subject.digest.clone()),
        )
    }

    /// Whether the user is who it was.
    fn is_the_same(&self, kept: Option<&Kept>) -> bool {
        kept.is_some_and(|kept| kept.person == self.person)
    }
}

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
        let newcomer = PersonId::from_uuid(self.ids.uuid_v4());
        let user = id.unwrap_or_else(|| DirectoryUserId::from_uuid(self.new_id()));
        for _ in 0..ATTEMPTS_MAX {
            let (kept, current) = match id {
                Some(id) => self.user(access, id).await.map(|(kept, current)| (Some(kept), current))?,
                None => (None, Current::default()),
            };
            must_be(etag, current.version)?;
            let wanted = change(&kept.as_ref().map(document).unwrap_or_default())?;
            let meant = self.meant(access, kept.as_ref(), &wanted, newcomer).await?;
            let (roles, mut transaction) = self.roles(access, kept.as_ref()).await?;
            let said = self.said(access, user, &meant, &wanted).await?;
            let people = match meant.found_by(access, kept.as_ref()) {
                Some(subject_digest) => {
                    let is_news = kept.as_ref().is_none_or(|kept| kept.document != Some(said.document.clone()));
                    let provision = person::Command::Provision(Provision {
                        person: meant.human,
                        organization: access.organization(),
                        directory: access.id(),
                        connection: access.directory.connection,
                        subject_digest,
                        profile: if is_news { Some(self.profile(access, &wanted).await?) } else { None },
                        roles,
                        is_active: said.is_active,
                    });
                    meant.known.state.decide(&provision).map_err(Error::rejected)?
                }
                None => Vec::new(),
            };
            let users = current.state.decide(&Command::Say(said)).map_err(Error::rejected)?;
            if users.is_empty() && people.is_empty() {
                return self.rendered_user(&current);
            }
            let human = person_stream(access.organization(), meant.human);
            transaction = held(transaction, human, meant.known.version, &people)?;
            transaction = held(transaction, stream(access, user), current.version, &users)?;
            match self.log.append(transaction).await {
                Ok(appended) => return self.rendered_user(&after(current, &users, &appended)),
                Err(AppendError::Conflict { .. }) => {}
                // Somebody else made the person, a moment ago.
                Err(AppendError::Reserved { scope: SUBJECT, .. }) if meant.human == newcomer => {}
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
            let mut transaction = access.transaction();
            if let Some((human, known)) = self.let_out(access, &kept).await? {
                let (directory, connection) = (access.id(), access.directory.connection);
                let deprovision = person::Command::Deprovision { directory, connection };
                let people = known.state.decide(&deprovision).map_err(Error::rejected)?;
                transaction = held(transaction, person_stream(access.organization(), human), known.version, &people)?;
            }
            // Access ends now; whoever is in many groups leaves them bit by bit.
            let is_unfinished = kept.groups.len() > STEP_GROUPS;
            let users = current.state.decide(&Command::Delete { is_unfinished }).map_err(Error::rejected)?;
            if !is_unfinished {
                transaction = self.without_member(access, transaction, id, &kept.groups).await?;
            }
            transaction = held(transaction, stream(access, id), current.version, &users)?;
            match self.log.append(transaction).await {
                Ok(appended) => {
                    if is_unfinished {
                        self.finished(appended.cursor).await;
                    }
                    return Ok(());
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Takes a user out of groups.
    pub(super) async fn without_member(
        &self,
        access: &Access,
        mut transaction: Transaction,
        user: DirectoryUserId,
        groups: &[DirectoryGroupId],
    ) -> Result<Transaction, Error> {
        for group in groups {
            let stream = group::stream(access, *group);
            let current = self.log.load::<DirectoryGroup>(&stream).await?;
            // It was deleted, too.
            if !matches!(current.state, DirectoryGroup::Present(_)) {
                continue;
            }
            let (added, removed) = (Vec::new(), vec![user]);
            let leave = directory_group::Command::ChangeMembers { added, removed, is_unfinished: false };
            let events = current.state.decide(&leave).map_err(Error::rejected)?;
            transaction = transaction.append(stream, current.version, &events).map_err(unprepared)?;
        }
        Ok(transaction)
    }

    /// Who loses access with the user.
    async fn let_out(&self, access: &Access, kept: &Kept) -> Result<Option<(PersonId, Current<Person>)>, Error> {
        let (human, known) = self.person(access.organization(), kept.person).await?;
        if self.speaks(access, kept, &known.state).await? {
            return Ok(Some((human, known)));
        }
        let Some(digest) = &kept.subject_digest else { return Ok(None) };
        match self.found(access.organization(), digest).await? {
            Some(found) => Ok(Some(self.person(access.organization(), found).await?)),
            None => Ok(None),
        }
    }

    /// Whom the directory means by a user.
    async fn meant(
        &self,
        access: &Access,
        kept: Option<&Kept>,
        wanted: &Document,
        newcomer: PersonId,
    ) -> Result<Meant, Error> {
        let (organization, digest) = (access.organization(), self.subject_digest(access, wanted).await);
        if let Some(kept) = kept {
            let (human, known) = self.person(organization, kept.person).await?;
            if self.speaks(access, kept, &known.state).await? {
                let digest = digest.or_else(|unknown| kept_digest(unknown, wanted, &known.state))?;
                return Ok(Meant { person: kept.person, human, known, digest: Some(digest), is_theirs: true });
            }
            // Another user of the directory is that person now. Who is found by this one's own subject is meant; nobody is made
            // but to be kept out.
            let digest = match digest {
                Ok(digest) => Some(digest),
                Err(Error::SubjectUnknown(_)) if !is_active(wanted) => kept.subject_digest.clone(),
                Err(unknown) => return Err(unknown),
            };
            let found = match &digest {
                Some(digest) => self.found(organization, digest).await?,
                None => None,
            };
            if found.is_none() && is_active(wanted) {
                return Ok(Meant { person: kept.person, human, known, digest, is_theirs: false });
            }
            let person = found.unwrap_or(newcomer);
            let (human, known) = self.person(organization, person).await?;
            return Ok(Meant { person, human, known, digest, is_theirs: true });
        }
        let digest = digest?;
        let person = self.found(organization, &digest).await?.unwrap_or(newcomer);
        let (human, known) = self.person(organization, person).await?;
        Ok(Meant { person, human, known, digest: Some(digest), is_theirs: true })
    }

    async fn said(
        &self,
        access: &Access,
        user: DirectoryUserId,
        meant: &Meant,
        wanted: &Document,
    ) -> Result<Said, Error> {
        let index = SubjectIndex::open(&self.keys).await?;
        let user_name = text(wanted, "userName").ok_or(Refusal::Required("userName"))?;
        let external_id = text(wanted, "externalId");
        Ok(Said {
            user,
            directory: access.id(),
            person: meant.person,
            subject_digest: meant.digest.clone(),
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
        let mut transaction = access.transaction();
        if !access.has_roles() {
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
