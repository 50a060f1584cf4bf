use vestibule_eventlog::{AppendError, LoadError, Metadata, Recorded, StreamId};
use vestibule_kernel::{Chain, DirectoryGroupId, DirectoryId, DirectoryUserId, OrganizationId};
use vestibule_tenancy::{
    connection, directory,
    directory_group::{self, DirectoryGroup},
    directory_user::{self, DirectoryUser},
};

use super::{
    ATTEMPTS_MAX, Inner,
    access::Access,
    error::Error,
    group::{STEP_MEMBERS, stream as group_stream},
    member::Step,
    render::document,
    user::STEP_GROUPS,
};

/// A directory, and whose it is.
type Whose = (OrganizationId, DirectoryId);

/// What is left to be done after an event.
pub(super) enum Follows {
    /// These users have to learn what the group means for them; all members, where none are named.
    Members(OrganizationId, DirectoryGroupId, Option<Vec<DirectoryUserId>>),
    /// The user has to leave its groups.
    Groups(OrganizationId, DirectoryUserId),
    /// All users of the directory have to get what their groups mean.
    Rules(Whose),
    /// The same, and have to be understood as the settings say now.
    Settings(Whose),
}

impl Inner {
    /// What follows from an event that was not recorded with it.
    pub(super) async fn follows(
        &self,
        organization: OrganizationId,
        event: &Recorded,
    ) -> Result<Option<Follows>, Error> {
        let key = event.stream.key();
        let group = |users| key.parse().ok().map(|group| Follows::Members(organization, group, users));
        Ok(match event.stream.category() {
            directory::CATEGORY => match decoded(event)? {
                directory::Event::Configured(_) => key.parse().ok().map(|id| Follows::Settings((organization, id))),
                _ => None,
            },
            directory_group::CATEGORY => match decoded(event)? {
                directory_group::Event::Changed(changed) if changed.is_unfinished => group(None),
                directory_group::Event::MembersChanged(changed) if changed.is_unfinished => {
                    group(Some([changed.added, changed.removed].concat()))
                }
                _ => None,
            },
            directory_user::CATEGORY => match decoded(event)? {
                directory_user::Event::Deleted(deleted) if deleted.is_unfinished => {
                    key.parse().ok().map(|user| Follows::Groups(organization, user))
                }
                _ => None,
            },
            // What groups mean is for the connection to say.
            connection::CATEGORY => match decoded(event)? {
                connection::Event::Configured(configured) if configured.settings.is_some() => {
                    let holder = self.log.holder(directory::CONNECTION, key).await?;
                    let id = holder.and_then(|directory| directory.key().parse().ok());
                    id.map(|id| Follows::Rules((organization, id)))
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// Does what follows, as things are now.
    pub(super) async fn finish(&self, follows: &Follows, metadata: &Metadata) -> Result<(), Error> {
        match follows {
            Follows::Members(organization, group, users) => {
                let stream = StreamId::of_id(directory_group::CATEGORY, Some(*organization), group.uuid());
                let (directory, members) = match self.log.load::<DirectoryGroup>(&stream).await?.state {
                    DirectoryGroup::Present(kept) => (kept.directory, kept.members.into_iter().collect()),
                    DirectoryGroup::Deleted { directory } => (directory, Vec::new()),
                    DirectoryGroup::Absent => return Ok(()),
                };
                let users = users.as_ref().unwrap_or(&members);
                self.settle_all((*organization, directory), Some(*group), users, metadata).await
            }
            Follows::Groups(organization, user) => self.leave_groups(*organization, *user, metadata).await,
            Follows::Rules(whose) => self.settle_all(*whose, None, &self.all_users(*whose).await?, metadata).await,
            Follows::Settings(whose) => {
                let users = self.all_users(*whose).await?;
                self.understand(*whose, &users, metadata).await?;
                self.settle_all(*whose, None, &users, metadata).await
            }
        }
    }

    async fn all_users(&self, whose: Whose) -> Result<Vec<DirectoryUserId>, Error> {
        self.reach_head().await?;
        Ok(self.index.read(|index| {
            let contents = index.contents(whose.1).into_iter();
            contents.flat_map(|contents| contents.users.keys().copied()).collect()
        }))
    }

    /// Takes what was said of users as the settings say now. How people are recognised changes while there are no users; who
    /// was made at that very moment was understood by the settings before.
    async fn understand(&self, whose: Whose, users: &[DirectoryUserId], metadata: &Metadata) -> Result<(), Error> {
        let Some(access) = self.on_behalf_of(whose, metadata.clone()).await? else { return Ok(()) };
        for user in users {
            let kept = match self.user(&access, *user).await {
                Ok((kept, _)) if kept.document.is_some() => kept,
                Ok(_) | Err(Error::NotFound) => continue,
                Err(error) => return Err(error),
            };
            let subject = self.subject_digest(&access, &document(&kept)).await.ok();
            if subject.is_none() || subject == kept.subject_digest {
                continue;
            }
            match self.save_user(&access, Some(*user), None, |said| Ok(said.clone())).await {
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) if is_of_the_data(&error) => unsettled(whose.1, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets users know what a group means for them, in appends of a bounded size.
    async fn settle_all(
        &self,
        whose: Whose,
        group: Option<DirectoryGroupId>,
        users: &[DirectoryUserId],
        metadata: &Metadata,
    ) -> Result<(), Error> {
        let mut pages: Vec<&[DirectoryUserId]> = users.chunks(STEP_MEMBERS).rev().collect();
        while let Some(page) = pages.pop() {
            match self.settle(whose, group, page, metadata).await {
                Ok(()) => {}
                Err(error) if !is_of_the_data(&error) => return Err(error),
                Err(_) if page.len() > 1 => {
                    let (first, second) = page.split_at(page.len() / 2);
                    pages.extend([second, first]);
                }
                // One user's trouble, which nobody else waits for: other organizations do not, either.
                Err(error) => unsettled(whose.1, &error),
            }
        }
        Ok(())
    }

    async fn settle(
        &self,
        whose: Whose,
        group: Option<DirectoryGroupId>,
        users: &[DirectoryUserId],
        metadata: &Metadata,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(access) = self.on_behalf_of(whose, metadata.clone()).await? else { return Ok(()) };
            match self.settle_once(&access, group, users).await {
                Err(Error::Append(AppendError::Conflict { .. })) => {}
                settled => return settled,
            }
        }
        Err(Error::Contended)
    }

    async fn settle_once(
        &self,
        access: &Access,
        group: Option<DirectoryGroupId>,
        users: &[DirectoryUserId],
    ) -> Result<(), Error> {
        let Some(group) = group else {
            let steps: Vec<Step> = users.iter().copied().map(Step::Stay).collect();
            return self.record(access, None, &steps).await.map(drop);
        };
        let current = self.log.load::<DirectoryGroup>(&group_stream(access, group)).await?;
        let is_member = |user: &DirectoryUserId| match &current.state {
            DirectoryGroup::Present(kept) => kept.members.contains(user),
            DirectoryGroup::Absent | DirectoryGroup::Deleted { .. } => false,
        };
        let step = |user: &DirectoryUserId| if is_member(user) { Step::Stay(*user) } else { Step::Leave(*user) };
        let steps: Vec<Step> = users.iter().map(step).collect();
        self.record(access, Some((group, current, Vec::new())), &steps).await.map(drop)
    }

    /// Takes a deleted user out of the groups that it was a member of.
    async fn leave_groups(
        &self,
        organization: OrganizationId,
        user: DirectoryUserId,
        metadata: &Metadata,
    ) -> Result<(), Error> {
        let stream = StreamId::of_id(directory_user::CATEGORY, Some(organization), user.uuid());
        let state = self.log.load::<DirectoryUser>(&stream).await?.state;
        let DirectoryUser::Deleted { directory, groups } = state else { return Ok(()) };
        for page in groups.chunks(STEP_GROUPS) {
            self.leave_page((organization, directory), user, page, metadata).await?;
        }
        Ok(())
    }

    async fn leave_page(
        &self,
        whose: Whose,
        user: DirectoryUserId,
        groups: &[DirectoryGroupId],
        metadata: &Metadata,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let Some(access) = self.on_behalf_of(whose, metadata.clone()).await? else { return Ok(()) };
            let transaction = self.without_member(&access, access.transaction(), user, groups).await?;
            if transaction.appends.iter().all(|append| append.drafts.is_empty()) {
                return Ok(());
            }
            match self.log.append(transaction).await {
                Ok(_) => return Ok(()),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }
}

/// Whether the same would happen however often it is tried.
const fn is_of_the_data(error: &Error) -> bool {
    matches!(
        error,
        Error::Rejected(_) | Error::Taken(_) | Error::Refused(_) | Error::Append(AppendError::TooLarge { .. })
    )
}

fn unsettled(directory: DirectoryId, error: &Error) {
    tracing::error!(
        %directory,
        error = %Chain(error),
        monotonic_counter.vestibule_provisioning_unsettled = 1_u64,
        "what follows for a user cannot be recorded",
    );
}

fn decoded<E: vestibule_decider::DomainEvent>(event: &Recorded) -> Result<E, LoadError> {
    event.decode().map_err(|source| LoadError::Decode { position: event.cursor.position(), source })
}
