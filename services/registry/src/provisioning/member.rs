use std::collections::{BTreeMap, BTreeSet};

use vestibule_decider::Decider;
use vestibule_eventlog::{Current, Transaction, Version};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId, PersonId};
use vestibule_scim::Refusal;
use vestibule_tenancy::{
    directory::RolesFrom,
    directory_group::{self, DirectoryGroup, Event},
    directory_user::{self, Kept},
    person,
};

use super::{
    Inner,
    access::Access,
    error::{Error, unprepared},
    group::{names, stream},
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
    /// The roles are what the group means now.
    Stay(DirectoryUserId),
}

/// What is put together for one append.
struct Work<'a> {
    access: &'a Access,
    group: DirectoryGroupId,
    /// How the group is called after the append.
    own_names: Vec<String>,
    transaction: Transaction,
    /// Names and versions of the other groups of members.
    others: BTreeMap<DirectoryGroupId, (Vec<String>, Version)>,
    people: BTreeSet<PersonId>,
}

impl Inner {
    /// Whether all who join are users of the directory, as far as the index knows.
    pub(super) async fn must_be_users(&self, access: &Access, steps: &[Step]) -> Result<(), Error> {
        self.reach_head().await?;
        let all_are = self.index.read(|index| {
            let users = index.contents(access.id()).map(|contents| &contents.users);
            let is_user = |user: &DirectoryUserId| users.is_some_and(|users| users.contains(user));
            steps.iter().all(|step| if let Step::Join(user) = step { is_user(user) } else { true })
        });
        if all_are { Ok(()) } else { Err(UNKNOWN) }
    }

    /// Changes members of a group, in one append over the group, the users, the people, and the groups whose meaning counted.
    pub(super) async fn change_members(
        &self,
        access: &Access,
        group: DirectoryGroupId,
        current: Current<DirectoryGroup>,
        opening: &[Event],
        steps: &[Step],
    ) -> Result<Current<DirectoryGroup>, Error> {
        let opened = opening.iter().fold(current.state.clone(), DirectoryGroup::evolve);
        let DirectoryGroup::Present(kept) = &opened else { return Err(Error::NotFound) };
        let mut work = Work {
            access,
            group,
            own_names: names(kept).collect(),
            transaction: Transaction::new(access.metadata.clone()),
            others: BTreeMap::new(),
            people: BTreeSet::new(),
        };
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Leave(user) => removed.push(*user),
                Step::Join(user) => added.push(*user),
                Step::Stay(_) => {}
            }
            self.change_member(&mut work, *step).await?;
        }
        let changed = opened.decide(&directory_group::Command::ChangeMembers { added, removed });
        let events: Vec<Event> = opening.iter().cloned().chain(changed.map_err(Error::rejected)?).collect();
        let Work { mut transaction, others, .. } = work;
        for (other, (_, version)) in others {
            transaction = transaction.unchanged(stream(access, other), version);
        }
        transaction = held(transaction, stream(access, group), current.version, &events)?;
        let appended = self.log.append(transaction).await.map_err(Error::Append)?;
        Ok(after(current, &events, &appended))
    }

    async fn change_member(&self, work: &mut Work<'_>, step: Step) -> Result<(), Error> {
        let (Step::Leave(user) | Step::Join(user) | Step::Stay(user)) = step;
        let (kept, current) = match self.user(work.access, user).await {
            Ok(found) => found,
            // Whoever is gone has left.
            Err(Error::NotFound) if !matches!(step, Step::Join(_)) => return Ok(()),
            Err(Error::NotFound) => return Err(UNKNOWN),
            Err(error) => return Err(error),
        };
        let others = kept.groups.iter().copied().filter(|group| *group != work.group);
        let own = (!matches!(step, Step::Leave(_))).then_some(work.group);
        let groups: Vec<DirectoryGroupId> = others.chain(own).collect();
        if work.access.directory.roles == RolesFrom::Directory {
            self.assign(work, &kept, &groups).await?;
        }
        let join = directory_user::Command::JoinGroups { groups };
        let events = current.state.decide(&join).map_err(Error::rejected)?;
        let transaction = std::mem::take(&mut work.transaction);
        work.transaction = held(transaction, user_stream(work.access, user), current.version, &events)?;
        Ok(())
    }

    /// Gives the person the roles that these groups mean.
    async fn assign(&self, work: &mut Work<'_>, kept: &Kept, groups: &[DirectoryGroupId]) -> Result<(), Error> {
        let mut called = Vec::new();
        for group in groups {
            if *group == work.group {
                called.extend(work.own_names.iter().cloned());
            } else {
                called.extend(self.other(work, *group).await?);
            }
        }
        let organization = work.access.organization();
        let (human, known) = self.person(organization, kept.person).await?;
        // Two users who are one person: the first one's groups count until the other is changed.
        if !work.people.insert(human) {
            return Ok(());
        }
        let roles = work.access.settings.roles(&called);
        let (directory, connection) = (work.access.id(), work.access.directory.connection);
        let assign = person::Command::AssignRoles { directory, connection, roles };
        let events = known.state.decide(&assign).map_err(Error::rejected)?;
        let transaction = std::mem::take(&mut work.transaction);
        let person = person_stream(organization, human);
        work.transaction = if events.is_empty() {
            transaction.unchanged(person, known.version)
        } else {
            transaction.append(person, known.version, &events).map_err(unprepared)?
        };
        Ok(())
    }

    async fn other(&self, work: &mut Work<'_>, group: DirectoryGroupId) -> Result<Vec<String>, Error> {
        if let Some((called, _)) = work.others.get(&group) {
            return Ok(called.clone());
        }
        let current = self.log.load::<DirectoryGroup>(&stream(work.access, group)).await?;
        let called: Vec<String> = match &current.state {
            DirectoryGroup::Present(kept) => names(kept).collect(),
            DirectoryGroup::Absent | DirectoryGroup::Deleted => Vec::new(),
        };
        work.others.insert(group, (called.clone(), current.version));
        Ok(called)
    }
}
