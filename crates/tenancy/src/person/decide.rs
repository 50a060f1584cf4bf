use vestibule_decider::Decider;
use vestibule_kernel::{ConnectionId, DirectoryId, OrganizationId, PersonId, UserPoolId};

use super::{
    CATEGORY, Command, Deactivated, Event, FirstSeen, LinkNativeUser, NativeUserLinked, NativeUserUnlinked, Profile,
    Reactivated, Recognise, Rejection, Relinked, RolesChanged, SignedIn, SignedOut, Superseded, Updated, provision,
};
use crate::Role;

/// A human within one organization, by stage of life.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Person {
    /// Never seen.
    #[default]
    Unknown,
    /// Known, and may sign in; the `sub` is minted.
    Active(Known),
    /// Known, and may not sign in.
    Deactivated(Known),
    /// Turned out to be another person, for good.
    Superseded {
        /// What was known.
        known: Known,
        /// Who the person is.
        by: PersonId,
    },
}

/// What is known of a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// The person's id: the `sub`, for ever.
    pub person: PersonId,
    /// The organization, for ever.
    pub organization: OrganizationId,
    /// By what the person is found; `None` for a native user who never signed in over a connection.
    pub subject: Option<Subject>,
    /// The users of user pools who are this person: at most one a pool.
    pub native_users: Vec<NativeUser>,
    /// What the identity provider said last; `None` when it was not opened or its key is destroyed.
    pub profile: Option<Profile>,
    /// In order, each once.
    pub roles: Vec<String>,
    /// The directory whose groups the roles come from; what is asserted at sign-in does not change them then.
    pub roles_from: Option<DirectoryId>,
    /// The directory that deactivated the person; `None` when an operator did, or nobody.
    pub deactivated_by: Option<DirectoryId>,
    /// Whether the person signed out after the last sign-in.
    pub is_signed_out: bool,
}

/// What an identity provider calls a person, digested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// The connection.
    pub connection: ConnectionId,
    /// The keyed digest.
    pub digest: String,
}

/// A user whom a user pool holds itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NativeUser {
    /// The pool.
    pub user_pool: UserPoolId,
    /// The `sub` in the pool.
    pub native_user: String,
}

impl Person {
    /// What is known, in whatever stage; `None` of a person never seen.
    #[must_use]
    pub const fn known(&self) -> Option<&Known> {
        match self {
            Self::Unknown => None,
            Self::Active(known) | Self::Deactivated(known) | Self::Superseded { known, .. } => Some(known),
        }
    }

    fn map(self, change: impl FnOnce(Known) -> Known) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Active(known) => Self::Active(change(known)),
            Self::Deactivated(known) => Self::Deactivated(change(known)),
            Self::Superseded { known, by } => Self::Superseded { known: change(known), by },
        }
    }
}

impl Decider for Person {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Unknown, Command::Recognise(recognise)) => Ok(first_seen(recognise)),
            (Self::Unknown, Command::LinkNativeUser(link)) => Ok(vec![linked(link).into()]),
            (Self::Unknown, Command::Provision(provision)) => Ok(provision::first_seen(provision)),
            (Self::Unknown, _) => Err(Rejection::NotFound),
            (Self::Active(known), Command::Recognise(recognise)) => {
                known.must_be_meant(recognise)?;
                Ok(known.recognised(recognise))
            }
            (Self::Deactivated(known) | Self::Superseded { known, .. }, Command::Recognise(recognise)) => {
                known.must_be_meant(recognise)?;
                Err(Rejection::Deactivated)
            }
            (Self::Superseded { by, .. }, Command::Supersede { by: again }) if by == again => Ok(vec![]),
            (Self::Superseded { .. }, Command::SignOut { .. } | Command::Deactivate { .. })
            | (Self::Active(_), Command::Reactivate) => Ok(vec![]),
            // The directory could take back what an operator has decided, too.
            (Self::Deactivated(known), Command::Deactivate { .. }) if known.deactivated_by.is_none() => Ok(vec![]),
            (Self::Superseded { .. }, _) => Err(Rejection::Superseded),
            (Self::Active(known) | Self::Deactivated(known), Command::Deactivate { note }) => {
                let note = note.as_str().to_owned();
                Ok(vec![Deactivated { person: known.person, note, directory: None }.into()])
            }
            (Self::Active(known) | Self::Deactivated(known), Command::Provision(provision)) => {
                known.provisioned(provision, matches!(self, Self::Active(_)))
            }
            (Self::Active(known) | Self::Deactivated(known), Command::AssignRoles { directory, connection, roles }) => {
                Ok(known.assigned(*directory, *connection, roles))
            }
            (Self::Active(known) | Self::Deactivated(known), Command::ReleaseRoles { directory }) => {
                Ok(known.released(*directory))
            }
            (Self::Active(known) | Self::Deactivated(known), Command::Deprovision { directory, connection }) => {
                Ok(known.deprovisioned(*directory, *connection, matches!(self, Self::Active(_))))
            }
            (Self::Deactivated(known), Command::Reactivate) => Ok(vec![Reactivated { person: known.person }.into()]),
            // Whoever is that person, too, could sign in again unseen.
            (Self::Deactivated(_), Command::Supersede { .. }) => Err(Rejection::Deactivated),
            (Self::Active(known) | Self::Deactivated(known), Command::Relink { connection, subject_digest }) => {
                Ok(known.relinked(*connection, subject_digest))
            }
            (Self::Active(known), Command::Supersede { by }) => known.superseded(*by),
            (Self::Active(known) | Self::Deactivated(known), Command::SignOut { connection, request_digest }) => {
                Ok(known.signed_out(*connection, request_digest.as_ref()))
            }
            (Self::Active(known) | Self::Deactivated(known), Command::LinkNativeUser(link)) => known.linked(link),
            (Self::Active(known) | Self::Deactivated(known), Command::UnlinkNativeUser { user_pool }) => {
                known.unlinked(*user_pool)
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::FirstSeen(first)) => Self::Active(Known::first_seen(first)),
            (Self::Unknown, Event::NativeUserLinked(linked)) => Self::Active(Known::native(linked)),
            (Self::Active(known) | Self::Deactivated(known), Event::Deactivated(deactivated)) => {
                Self::Deactivated(Known { deactivated_by: deactivated.directory, ..known })
            }
            (Self::Deactivated(known), Event::Reactivated(_)) => Self::Active(Known { deactivated_by: None, ..known }),
            (Self::Active(known) | Self::Deactivated(known), Event::Superseded(superseded)) => {
                Self::Superseded { known: Known { subject: None, ..known }, by: superseded.by }
            }
            (state, event) => state.map(|known| known.evolve(event)),
        }
    }
}

impl Known {
    fn first_seen(first: &FirstSeen) -> Self {
        let subject = Subject { connection: first.connection, digest: first.subject_digest.clone() };
        Self {
            subject: Some(subject),
            profile: first.profile.clone(),
            ..Self::nobody(first.person, first.organization)
        }
    }

    fn native(linked: &NativeUserLinked) -> Self {
        Self { native_users: vec![NativeUser::of(linked)], ..Self::nobody(linked.person, linked.organization) }
    }

    const fn nobody(person: PersonId, organization: OrganizationId) -> Self {
        Self {
            person,
            organization,
            subject: None,
            native_users: Vec::new(),
            profile: None,
            roles: Vec::new(),
            roles_from: None,
            deactivated_by: None,
            is_signed_out: false,
        }
    }

    /// Whether the index that found the person was right, and still is.
    fn must_be_meant(&self, recognise: &Recognise) -> Result<(), Rejection> {
        if self.person != recognise.person || self.organization != recognise.organization {
            return Err(Rejection::SomebodyElse);
        }
        match &self.subject {
            Some(subject) if subject.digest == recognise.subject_digest => Ok(()),
            Some(_) | None => Err(Rejection::SubjectMoved),
        }
    }

    fn recognised(&self, recognise: &Recognise) -> Vec<Event> {
        let person = self.person;
        let mut events = Vec::new();
        if self.is_signed_out {
            events.push(SignedIn { person }.into());
        }
        if self.profile.as_ref() != Some(&recognise.profile) {
            events.push(Updated { person, profile: Some(recognise.profile.clone()) }.into());
        }
        let roles = in_order(&recognise.roles);
        if roles != self.roles && self.roles_from.is_none() {
            events.push(RolesChanged { person, roles, directory: None }.into());
        }
        events
    }

    fn signed_out(&self, connection: ConnectionId, request_digest: Option<&String>) -> Vec<Event> {
        match request_digest {
            None if self.is_signed_out => vec![],
            request_digest => {
                let (person, request_digest) = (self.person, request_digest.cloned());
                vec![SignedOut { person, connection, request_digest }.into()]
            }
        }
    }

    pub(super) fn relinked(&self, connection: ConnectionId, subject_digest: &str) -> Vec<Event> {
        let released_digest = self.subject.as_ref().map(|subject| subject.digest.clone());
        if released_digest.as_deref() == Some(subject_digest) {
            return vec![];
        }
        let subject_digest = subject_digest.to_owned();
        vec![Relinked { person: self.person, connection, subject_digest, released_digest }.into()]
    }

    fn superseded(&self, by: PersonId) -> Result<Vec<Event>, Rejection> {
        if by == self.person {
            return Err(Rejection::SupersedesThemselves);
        }
        if !self.native_users.is_empty() {
            return Err(Rejection::DuplicateHasNativeUser);
        }
        let released_digest = self.subject.as_ref().map(|subject| subject.digest.clone());
        Ok(vec![Superseded { person: self.person, by, released_digest }.into()])
    }

    fn linked(&self, link: &LinkNativeUser) -> Result<Vec<Event>, Rejection> {
        if self.person != link.person || self.organization != link.organization {
            return Err(Rejection::SomebodyElse);
        }
        match self.native_user(link.user_pool) {
            None => Ok(vec![linked(link).into()]),
            Some(known) if known == link.native_user.as_str() => Ok(vec![]),
            Some(_) => Err(Rejection::NativeUserInPool),
        }
    }

    fn unlinked(&self, user_pool: UserPoolId) -> Result<Vec<Event>, Rejection> {
        let native_user = self.native_user(user_pool).ok_or(Rejection::NativeUserNotLinked)?.to_owned();
        Ok(vec![NativeUserUnlinked { person: self.person, user_pool, native_user }.into()])
    }

    /// The person's `sub` in a pool as a user of the pool's own.
    fn native_user(&self, user_pool: UserPoolId) -> Option<&str> {
        let known = self.native_users.iter().find(|known| known.user_pool == user_pool)?;
        Some(&known.native_user)
    }

    fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::Updated(updated) => self.profile.clone_from(&updated.profile),
            Event::RolesChanged(changed) => {
                self.roles.clone_from(&changed.roles);
                self.roles_from = changed.directory;
            }
            Event::SignedOut(_) => self.is_signed_out = true,
            Event::SignedIn(_) => self.is_signed_out = false,
            Event::NativeUserLinked(linked) => self.native_users.push(NativeUser::of(linked)),
            Event::NativeUserUnlinked(unlinked) => {
                self.native_users.retain(|known| known.user_pool != unlinked.user_pool);
            }
            Event::Relinked(relinked) => {
                let digest = relinked.subject_digest.clone();
                if !self.is_found_over(relinked.connection) {
                    // The directory of another connection has no say over the roles of whoever comes over this one.
                    self.roles_from = None;
                }
                self.subject = Some(Subject { connection: relinked.connection, digest });
                if let Some(profile) = &mut self.profile {
                    // The new provider has not said yet what it calls the person in clear.
                    profile.subject.clear();
                }
            }
            // They begin or end a stage of life.
            Event::FirstSeen(_) | Event::Deactivated(_) | Event::Reactivated(_) | Event::Superseded(_) => {}
        }
        self
    }
}

impl NativeUser {
    fn of(linked: &NativeUserLinked) -> Self {
        Self { user_pool: linked.user_pool, native_user: linked.native_user.clone() }
    }
}

fn first_seen(recognise: &Recognise) -> Vec<Event> {
    let person = recognise.person;
    let first = FirstSeen {
        person,
        organization: recognise.organization,
        connection: recognise.connection,
        subject_digest: recognise.subject_digest.clone(),
        profile: Some(recognise.profile.clone()),
    };
    let roles = in_order(&recognise.roles);
    let changed = (!roles.is_empty()).then(|| RolesChanged { person, roles, directory: None }.into());
    std::iter::once(first.into()).chain(changed).collect()
}

fn linked(link: &LinkNativeUser) -> NativeUserLinked {
    NativeUserLinked {
        person: link.person,
        organization: link.organization,
        user_pool: link.user_pool,
        native_user: link.native_user.as_str().to_owned(),
    }
}

pub(super) fn in_order(roles: &[Role]) -> Vec<String> {
    let mut roles: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}
