use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use vestibule_decider::DecodeError;
use vestibule_eventlog::{LiveView, Recorded};
use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId, OrganizationId};
use vestibule_tenancy::{directory, directory_group, directory_user};

use super::{Inner, error::Error};

/// How long a list waits for what was in the log when it was asked for.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Which resources each directory has: ids, the names of groups, and of how many groups users are members.
#[derive(Debug, Default)]
pub(super) struct Index {
    directories: BTreeMap<DirectoryId, OrganizationId>,
    contents: HashMap<DirectoryId, Contents>,
    /// Whose user it is: events about groups do not say.
    of: HashMap<DirectoryUserId, DirectoryId>,
}

/// The resources of one directory.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Of how many groups each is a member.
    pub(super) users: BTreeMap<DirectoryUserId, usize>,
    pub(super) groups: BTreeMap<DirectoryGroupId, GroupNames>,
}

/// What a group is called.
#[derive(Clone, Debug)]
pub(super) struct GroupNames {
    pub(super) display_name: String,
    pub(super) external_id: Option<String>,
}

impl Index {
    pub(super) fn organization(&self, directory: DirectoryId) -> Option<OrganizationId> {
        self.directories.get(&directory).copied()
    }

    pub(super) fn directories(&self, organization: OrganizationId) -> Vec<DirectoryId> {
        let of = |(id, owner): (&DirectoryId, &OrganizationId)| (*owner == organization).then_some(*id);
        self.directories.iter().filter_map(of).collect()
    }

    pub(super) fn contents(&self, directory: DirectoryId) -> Option<&Contents> {
        self.contents.get(&directory)
    }

    fn apply_user(&mut self, user: DirectoryUserId, event: &directory_user::Event) {
        match event {
            directory_user::Event::Created(created) => {
                self.of.insert(user, created.directory);
                self.contents.entry(created.directory).or_default().users.insert(user, 0);
            }
            directory_user::Event::Deleted(deleted) => {
                self.of.remove(&user);
                self.contents.entry(deleted.directory).or_default().users.remove(&user);
            }
            directory_user::Event::GroupsChanged(changed) => self.count(user, |_| changed.groups.len()),
            directory_user::Event::Moved(moved) => {
                self.count(user, |before| (before + moved.joined.len()).saturating_sub(moved.left.len()));
            }
            directory_user::Event::Changed(_) => {}
        }
    }

    /// Counts the groups of a user.
    fn count(&mut self, user: DirectoryUserId, now: impl FnOnce(usize) -> usize) {
        let contents = self.of.get(&user).and_then(|directory| self.contents.get_mut(directory));
        if let Some(groups) = contents.and_then(|contents| contents.users.get_mut(&user)) {
            *groups = now(*groups);
        }
    }

    fn apply_group(&mut self, group: DirectoryGroupId, event: directory_group::Event) {
        match event {
            directory_group::Event::Created(created) => {
                let names = GroupNames { display_name: created.display_name, external_id: created.external_id };
                self.contents.entry(created.directory).or_default().groups.insert(group, names);
            }
            directory_group::Event::Changed(changed) => {
                let names = GroupNames { display_name: changed.display_name, external_id: changed.external_id };
                self.contents.entry(changed.directory).or_default().groups.insert(group, names);
            }
            directory_group::Event::Deleted(deleted) => {
                self.contents.entry(deleted.directory).or_default().groups.remove(&group);
            }
            directory_group::Event::MembersChanged(_) => {}
        }
    }
}

impl LiveView for Index {
    const NAME: &'static str = "registry.provisioning";

    fn categories() -> Vec<&'static str> {
        vec![directory::CATEGORY, directory_user::CATEGORY, directory_group::CATEGORY]
    }

    fn apply(&mut self, event: &Recorded) -> Result<(), DecodeError> {
        match event.stream.category() {
            directory::CATEGORY => {
                if let directory::Event::Created(created) = event.decode::<directory::Event>()? {
                    self.directories.insert(created.directory, created.organization);
                }
            }
            directory_user::CATEGORY => {
                let decoded = event.decode()?;
                if let Ok(user) = event.stream.key().parse() {
                    self.apply_user(user, &decoded);
                }
            }
            directory_group::CATEGORY => {
                let decoded = event.decode()?;
                if let Ok(group) = event.stream.key().parse() {
                    self.apply_group(group, decoded);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Inner {
    /// Waits until the index holds everything that was in the log when this was called.
    pub(super) async fn reach_head(&self) -> Result<(), Error> {
        let head = self.log.head().await?;
        if self.index.reached(head, WAIT_MAX).await { Ok(()) } else { Err(Error::IndexBehind) }
    }
}
