use std::collections::BTreeSet;

use vestibule_kernel::OrganizationId;

use crate::{
    Error, Provisioner, ScimError, Standing, Verdict,
    config::Groups,
    provisioner::Placed,
    scim::{Kind, SeenGroup, create_group, external_id, members_patch, members_put},
    trace::Cause,
};

/// Groups: each role of an organization is one.
impl Provisioner {
    /// The groups the person should be in, by their `externalId`, with the role of each. Who may not sign in is in none.
    pub(crate) fn memberships<'a>(
        &self,
        organization: OrganizationId,
        standing: &'a Standing,
    ) -> BTreeSet<(String, &'a str)> {
        let has_groups = self.groups == Groups::Roles && standing.is_admitted;
        let roles = standing.roles.iter().filter(|_| has_groups);
        roles.map(|role| (external_id(organization, role), role.as_str())).collect()
    }

    pub(crate) fn has_groups(&self) -> bool {
        self.groups == Groups::Roles
    }

    /// Lets the user out of our groups that they should not be in, and into those that they should.
    pub(crate) async fn join_groups(
        &self,
        organization: OrganizationId,
        user: &Placed,
        wanted: &BTreeSet<(String, &str)>,
        cause: &Cause,
    ) -> Result<(), Error> {
        if user.found.is_none() && wanted.is_empty() {
            return Ok(());
        }
        let known = self.groups_of(&external_id(organization, ""), cause).await?;
        let mut placed = BTreeSet::new();
        let is_wanted = |group: &&SeenGroup| {
            wanted.iter().any(|(wanted, _)| *wanted == group.external_id) && placed.insert(group.external_id.clone())
        };
        let (wanted_there, unwanted): (Vec<_>, Vec<_>) = known.iter().partition(is_wanted);
        // Out of each of them, also when the service holds on to one.
        let mut held = None;
        for group in unwanted {
            match self.membership(group, user, false, cause).await {
                Err(error) if matches!(error.verdict(), Verdict::Wait(_)) => return Err(error),
                Err(error) => held = held.or(Some(error)),
                Ok(()) => {}
            }
        }
        if let Some(held) = held {
            return Err(held);
        }
        for group in &wanted_there {
            self.membership(group, user, true, cause).await?;
        }
        let is_there = |name: &String| wanted_there.iter().any(|group| group.external_id == *name);
        for (external_id, role) in wanted.iter().filter(|(name, _)| !is_there(name)) {
            self.found_group(external_id, role, user, cause).await?;
        }
        Ok(())
    }

    /// Makes the group of a role with its first member.
    async fn found_group(&self, external_id: &str, role: &str, user: &Placed, cause: &Cause) -> Result<(), Error> {
        let name = if self.served.is_one() { role } else { external_id };
        match self.client.create(Kind::Group, &create_group(external_id, name, &user.id), cause).await {
            Ok(_) => {
                self.changed("group_created");
                Ok(())
            }
            Err(ScimError::Taken) => {
                // Made a moment ago by another process; the next attempt finds it. Otherwise the name is another's.
                let found = self.groups_of(external_id, cause).await?;
                let is_there = found.iter().any(|found| found.external_id == external_id);
                Err(if is_there { ScimError::Changed } else { ScimError::Taken }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn membership(&self, group: &SeenGroup, user: &Placed, is_wanted: bool, cause: &Cause) -> Result<(), Error> {
        if user.found.is_none() && !is_wanted {
            return Ok(());
        }
        // Whether somebody is in must be known before they are let out: to let out who is not in is refused by some services.
        let has_patch = self.client.has_patch(cause).await?;
        let mut is_told = true;
        if user.found.is_some() || !has_patch {
            let now = self.client.get(Kind::Group, &group.id, cause).await?;
            let is_in = SeenGroup::read(&now)?.and_then(|group| group.has(&user.id));
            if is_in == Some(is_wanted) || (is_in.is_none() && !is_wanted && !has_patch) {
                return Ok(());
            }
            is_told = is_in.is_some();
        }
        let (id, member) = ((Kind::Group, group.id.as_str()), user.id.as_str());
        let change = members_patch(member, is_wanted);
        // Others may come and go meanwhile: no version is asked for.
        let changed = self.client.change(id, None, &change, |now| members_put(now, member, is_wanted), cause).await;
        match changed {
            // Some services tell nobody who is in: then they are asked to let the user out, and say that there is none.
            Err(ScimError::Refused { scim_type: Some("noTarget"), .. }) if !is_told && !is_wanted => return Ok(()),
            changed => changed?,
        }
        self.changed(if is_wanted { "member_added" } else { "member_removed" });
        Ok(())
    }

    /// Our groups whose `externalId` begins with this.
    async fn groups_of(&self, beginning: &str, cause: &Cause) -> Result<Vec<SeenGroup>, Error> {
        let read = |resource| Ok(SeenGroup::read(&resource)?.filter(|group| group.external_id.starts_with(beginning)));
        let mut groups = self.client.find(Kind::Group, ("sw", beginning), cause, read).await?;
        groups.sort_by(|left, right| (&left.external_id, &left.id).cmp(&(&right.external_id, &right.id)));
        Ok(groups)
    }
}
