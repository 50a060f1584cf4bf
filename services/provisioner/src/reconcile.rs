use std::collections::{HashMap, HashSet};

use vestibule_kernel::{OrganizationId, PersonId};

use crate::{
    Error, Provisioner, Standing, Verdict,
    provisioner::sort,
    scim::{Kind, SeenGroup, SeenUser, edits, owner_of},
    served::Served,
    trace::Cause,
};

/// What a reconciliation found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// How many people the registry knows.
    pub people: u64,
    /// How many of them were not in the service as they should be.
    pub differed: u64,
    /// How many of those still are not.
    pub failed: u64,
    /// How many users of the service are nobody whom the registry knows here. They are left alone.
    pub foreign: u64,
}

/// What the service has.
struct There {
    users: HashMap<PersonId, Vec<SeenUser>>,
    /// With their members.
    groups: HashMap<OrganizationId, Vec<SeenGroup>>,
    foreign: u64,
}

impl Provisioner {
    /// Compares everybody whom the registry knows with the users and groups of the service, and makes what differs agree. Each
    /// difference is looked at again before anything is changed, so events may be handled meanwhile. Nothing is deleted, and
    /// what others made stays as it is.
    ///
    /// # Errors
    /// [`Error`]: not everything could be compared. Waits while the registry or the service cannot be had, unless there is an
    /// end to that.
    pub async fn reconcile(&self) -> Result<Summary, Error> {
        let cause = Cause::default();
        let mut patience = self.patience();
        let (mut there, organizations) = loop {
            let read = self.read(&cause).await;
            if let Some(read) = self.bear(&mut patience, read).await? {
                break read;
            }
        };
        let mut summary = Summary { foreign: there.foreign, ..Summary::default() };
        for organization in organizations {
            self.organization(organization, &mut there, &mut summary, &cause).await?;
        }
        summary.foreign += there.users.values().map(|users| users.len() as u64).sum::<u64>();
        self.status.reconciled();
        tracing::info!(
            service = self.name,
            people = summary.people,
            differed = summary.differed,
            failed = summary.failed,
            foreign = summary.foreign,
            "reconciled"
        );
        Ok(summary)
    }

    async fn read(&self, cause: &Cause) -> Result<(There, Vec<OrganizationId>), Error> {
        self.sees_profiles().await?;
        let organizations = match &self.served {
            Served::Only(these) => these.iter().copied().collect(),
            Served::Others(_) => {
                let all = self.directory.organizations().await?.into_iter();
                all.filter(|organization| self.served.has(*organization)).collect()
            }
        };
        Ok((self.there(cause).await?, organizations))
    }

    async fn there(&self, cause: &Cause) -> Result<There, Error> {
        let mut foreign = 0;
        let users = self.client.list(Kind::User, None, cause, |resource| {
            let user = SeenUser::read(&resource)?;
            foreign += u64::from(user.is_none());
            Ok(user)
        });
        let mut by_person: HashMap<PersonId, Vec<SeenUser>> = HashMap::new();
        for (person, user) in users.await? {
            by_person.entry(person).or_default().push(user);
        }
        let mut groups: HashMap<OrganizationId, Vec<SeenGroup>> = HashMap::new();
        if self.has_groups() {
            let ours = self.client.list(Kind::Group, None, cause, |resource| SeenGroup::read(&resource)).await?;
            for group in ours {
                let Some(owner) = owner_of(&group.external_id).filter(|owner| self.served.has(*owner)) else {
                    continue;
                };
                let whole = self.client.get(Kind::Group, &group.id, cause).await?;
                groups.entry(owner).or_default().extend(SeenGroup::read(&whole)?);
            }
        }
        Ok(There { users: by_person, groups, foreign })
    }

    async fn organization(
        &self,
        organization: OrganizationId,
        there: &mut There,
        summary: &mut Summary,
        cause: &Cause,
    ) -> Result<(), Error> {
        let groups = there.groups.remove(&organization).unwrap_or_default();
        let mut page_token = String::new();
        loop {
            let (people, next) = self.people(organization, &page_token).await?;
            for standing in &people {
                summary.people += 1;
                let mut users = there.users.remove(&standing.person).unwrap_or_default();
                sort(&mut users);
                if self.agrees(organization, standing, &users, &groups) {
                    continue;
                }
                summary.differed += 1;
                if let Err(error) = self.provide_or_give_up(organization, standing.person, cause).await {
                    if let Verdict::Wait(_) = error.verdict() {
                        // It will not go better for anybody else.
                        return Err(error);
                    }
                    summary.failed += 1;
                    self.failed(standing.person, &error);
                }
            }
            if next.is_empty() {
                return Ok(());
            }
            page_token = next;
        }
    }

    /// Whether the service has the person as they should be, in the groups they should be in, and in no other of ours.
    fn agrees(
        &self,
        organization: OrganizationId,
        standing: &Standing,
        users: &[SeenUser],
        groups: &[SeenGroup],
    ) -> bool {
        let account = self.account(organization, standing);
        let Some((user, others)) = users.split_first() else { return !account.active };
        let wanted = self.memberships(organization, standing);
        let wanted: HashSet<&str> = wanted.iter().map(|(external_id, _)| external_id.as_str()).collect();
        let is_in = groups.iter().filter(|group| group.has(&user.id) == Some(true));
        let found: Vec<&str> = is_in.map(|group| group.external_id.as_str()).collect();
        edits(&account, user).is_empty()
            && others.iter().all(|other| other.active == Some(false))
            && found.len() == wanted.len()
            && found.iter().copied().collect::<HashSet<_>>() == wanted
    }
}
