use std::collections::{BTreeMap, BTreeSet};

use vestibule_decider::Decider;
use vestibule_eventlog::{Current, Transaction, Version};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId, PersonId};
use vestibule_scim::Refusal;
use vestibule_tenancy::{
    directory_group::{self, DirectoryGroup, Event},
    directory_user::{self, Kept},
    person,
};

use super::{
    Inner,
    access::Access,
    error::Error,
    group::{GROUPS_OF_USER_MAX, names, stream},
    person::stream as person_stream,
    user::{after, held, stream as user_stream},
};

/// A member that is no user of the directory.
pub(super) const UNKNOWN: Error =
    Error::Refused(Refusal::Value { attribute: "members", expected: "users of this directory" });

/// What happens to a member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Leave(DirectoryUserId),
    Join(DirectoryUserId),
    /// A member has what the group means now, and knows of it.
    Stay(DirectoryUserId),
}

/// A group, what is known of it, and what becomes of it.
pub(super) type About = (DirectoryGroupId, Current<DirectoryGroup>, Vec<Event>);

/// What is put together for one append.
struct Work<'a> {
    access: &'a Access,
    group: Option<DirectoryGroupId>,
    /// How the group is called after the append.
    own_names: Vec<String>,
    transaction: Transaction,
    /// Names and versions of the other groups of members.
    others: BTreeMap<DirectoryGroupId, (Vec<String>, Version)>,
    /// Members who are no users any more.
    gone: Vec<DirectoryUserId>,
    /// People who are part of the append.
    people: BTreeSet<PersonId>,
}

impl Inner {
    /// Changes a group and what it means for these users, in one append over the group, the users, the people, and the groups
    /// whose meaning counted. Without a group: gives the users what their groups mean.
    pub(super) async fn record(
        &self,
        access: &Access,
        about: Option<About>,
        steps: &[Step],
    ) -> Result<Option<Current<DirectoryGroup>>, Error> {
        let changed = about.as_ref().map(|(_, current, events)| {
            let before = current.state.clone();
            events.iter().fold(before, DirectoryGroup::evolve)
        });
        let own_names = match &changed {
            Some(DirectoryGroup::Present(kept)) => names(kept).collect(),
            Some(DirectoryGroup::Absent | DirectoryGroup::Deleted { .. }) | None => Vec::new(),
        };
        let mut work = Work {
            access,
            group: about.as_ref().map(|(group, ..)| *group),
            own_names,
            transaction: access.transaction(),
            others: BTreeMap::new(),
            gone: Vec::new(),
            people: BTreeSet::new(),
        };
        for step in steps {
            self.change_member(&mut work, *step).await?;
        }
        let Work { mut transaction, others, gone, .. } = work;
        for (other, (_, version)) in others {
            transaction = transaction.unchanged(stream(access, other), version);
        }
        let Some((group, current, mut events)) = about else {
            if transaction.appends.iter().any(|append| !append.drafts.is_empty()) {
                self.log.append(transaction).await.map_err(Error::Append)?;
            }
            return Ok(None);
        };
        if let Some(present @ DirectoryGroup::Present(_)) = changed {
            // Whoever is gone has left, at whatever moment they went.
            let left = directory_group::Command::ChangeMembers { added: vec![], removed: gone, is_unfinished: false };
            events.extend(present.decide(&left).map_err(Error::rejected)?);
        }
        transaction = held(transaction, stream(access, group), current.version, &events)?;
        if transaction.appends.iter().all(|append| append.drafts.is_empty()) {
            return Ok(Some(current));
        }
        let appended = self.log.append(transaction).await.map_err(Error::Append)?;
        Ok(Some(after(current, &events, &appended)))
    }

    async fn change_member(&self, work: &mut Work<'_>, step: Step) -> Result<(), Error> {
        let (Step::Leave(user) | Step::Join(user) | Step::Stay(user)) = step;
        let (kept, current) = match self.user(work.access, user).await {
            Ok(found) => found,
            Err(Error::NotFound) if matches!(step, Step::Join(_)) => return Err(UNKNOWN),
            Err(Error::NotFound) => {
                work.gone.push(user);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let others = kept.groups.iter().copied().filter(|group| Some(*group) != work.group);
        let own = work.group.filter(|_| !matches!(step, Step::Leave(_)));
        let groups: Vec<DirectoryGroupId> = others.chain(own).collect();
        if matches!(step, Step::Join(_)) && groups.len() > GROUPS_OF_USER_MAX {
            return Err(Error::TooManyGroups);
        }
        self.assign(work, &kept, &groups).await?;
        let join = directory_user::Command::JoinGroups { groups };
        let events = current.state.decide(&join).map_err(Error::rejected)?;
        let transaction = std::mem::take(&mut work.transaction);
        work.transaction = held(transaction, user_stream(work.access, user), current.version, &events)?;
        Ok(())
    }

    /// Gives the person the roles that these groups mean, or leaves roles to the sign-in where they come from there.
    async fn assign(&self, work: &mut Work<'_>, kept: &Kept, groups: &[DirectoryGroupId]) -> Result<(), Error> {
        if !work.access.has_roles() && work.group.is_some() {
            return Ok(());
        }
        let organization = work.access.organization();
        let (human, known) = self.person(organization, kept.person).await?;
        if work.people.contains(&human) || !self.speaks(work.access, kept, &known.state).await? {
            return Ok(());
        }
        let (directory, connection) = (work.access.id(), work.access.directory.connection);
        let command = if work.access.has_roles() {
            let mut called = Vec::new();
            for group in groups {
                if Some(*group) == work.group {
                    called.extend(work.own_names.iter().cloned());
                } else {
                    called.extend(self.other(work, *group).await?);
                }
            }
            person::Command::AssignRoles { directory, connection, roles: work.access.settings.roles(&called) }
        } else {
            person::Command::ReleaseRoles { directory }
        };
        let events = known.state.decide(&command).map_err(Error::rejected)?;
        let transaction = std::mem::take(&mut work.transaction);
        work.transaction = held(transaction, person_stream(organization, human), known.version, &events)?;
        work.people.insert(human);
        Ok(())
    }

    async fn other(&self, work: &mut Work<'_>, group: DirectoryGroupId) -> Result<Vec<String>, Error> {
        if let Some((called, _)) = work.others.get(&group) {
            return Ok(called.clone());
        }
        let current = self.log.load::<DirectoryGroup>(&stream(work.access, group)).await?;
        let called: Vec<String> = match &current.state {
            DirectoryGroup::Present(kept) => names(kept).collect(),
            DirectoryGroup::Absent | DirectoryGroup::Deleted { .. } => Vec::new(),
        };
        work.others.insert(group, (called.clone(), current.version));
        Ok(called)
    }
}
