use std::collections::BTreeSet;

use serde_json::Value;
use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, Current, StreamId, Version};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId};
use vestibule_scim::{Document, Refusal};
use vestibule_tenancy::directory_group::{CATEGORY, Command, DirectoryGroup, Event, Kept};

use super::{
    ATTEMPTS_MAX, Inner,
    access::Access,
    error::{Error, unprepared},
    member::{Step, UNKNOWN},
    person::text,
    render::{Rendered, group_document},
    user::{after, must_be},
};

/// Members whom one request may add or remove.
pub(super) const MEMBER_CHANGES_MAX: usize = 2_000;

/// Members who are changed in one append, together with their group. Each is two streams and a key.
pub(super) const STEP_MEMBERS: usize = 100;

/// Groups of which a user may be a member: all of them count for the roles of the person.
pub(super) const GROUPS_OF_USER_MAX: usize = 2_000;

pub(super) fn stream(access: &Access, group: DirectoryGroupId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(access.organization()), group.uuid())
}

/// Under which names the connection's rules for roles may mean a group: identity providers assert one or the other.
pub(super) fn names(group: &Kept) -> impl Iterator<Item = String> + use<> {
    [Some(group.display_name.clone()), group.external_id.clone()].into_iter().flatten()
}

/// What becomes of a group, and of whom it means something else from now on.
struct Plan {
    kept: Option<Kept>,
    opening: Option<Command>,
    leaving: Vec<DirectoryUserId>,
    joining: Vec<DirectoryUserId>,
    /// Who stays, where the group means something else.
    staying: Vec<DirectoryUserId>,
}

impl Inner {
    /// The group, if it is one of this directory.
    pub(super) async fn group(
        &self,
        access: &Access,
        id: DirectoryGroupId,
    ) -> Result<(Kept, Current<DirectoryGroup>), Error> {
        let current = self.log.load::<DirectoryGroup>(&stream(access, id)).await?;
        match &current.state {
            DirectoryGroup::Present(kept) if kept.directory == access.id() => Ok((kept.clone(), current)),
            _ => Err(Error::NotFound),
        }
    }

    /// Makes a group, or what `change` makes of one: in one append with what it means for the members or, where those are too
    /// many, at once for the group and bit by bit for them, which is waited for and goes on without the request.
    pub(super) async fn save_group(
        &self,
        access: &Access,
        id: Option<DirectoryGroupId>,
        etag: Option<Version>,
        change: impl Fn(&Document) -> Result<Document, Refusal>,
    ) -> Result<Rendered, Error> {
        let group = id.unwrap_or_else(|| DirectoryGroupId::from_uuid(self.new_id()));
        for _ in 0..ATTEMPTS_MAX {
            let (kept, current) = match id {
                Some(id) => self.group(access, id).await.map(|(kept, current)| (Some(kept), current))?,
                None => (None, Current::default()),
            };
            must_be(etag, current.version)?;
            let wanted = change(&kept.as_ref().map(|kept| group_document(kept, true)).unwrap_or_default())?;
            let plan = plan(access, group, kept, &wanted)?;
            if plan.leaving.len() + plan.joining.len() > MEMBER_CHANGES_MAX {
                return Err(Error::TooManyMembers);
            }
            match self.carry_out(access, group, current, &plan).await {
                Err(Error::Append(AppendError::Conflict { .. })) => {}
                saved => return Self::rendered_group(&saved?, true),
            }
        }
        Err(Error::Contended)
    }

    async fn carry_out(
        &self,
        access: &Access,
        group: DirectoryGroupId,
        current: Current<DirectoryGroup>,
        plan: &Plan,
    ) -> Result<Current<DirectoryGroup>, Error> {
        let steps = plan.steps();
        if steps.len() <= STEP_MEMBERS {
            let events = plan.events(false)?;
            if events.is_empty() && steps.is_empty() {
                return Ok(current);
            }
            match self.record(access, Some((group, current.clone(), events)), &steps).await {
                // The members are in many groups each: their part is for smaller appends.
                Err(Error::Append(AppendError::TooLarge { .. })) => {}
                recorded => return recorded?.ok_or(Error::NotFound),
            }
        } else {
            // Nobody is changed when somebody is not there.
            self.must_be_users(access, &plan.joining).await?;
        }
        self.begin(access, group, current, &plan.events(true)?).await
    }

    /// Records what becomes of the group, and waits until that has reached the members, within reason.
    async fn begin(
        &self,
        access: &Access,
        group: DirectoryGroupId,
        current: Current<DirectoryGroup>,
        events: &[Event],
    ) -> Result<Current<DirectoryGroup>, Error> {
        let transaction = access.transaction().append(stream(access, group), current.version, events);
        let appended = self.log.append(transaction.map_err(unprepared)?).await.map_err(Error::Append)?;
        self.finished(appended.cursor).await;
        Ok(after(current, events, &appended))
    }

    /// Deletes a group, and lets its members leave.
    pub(super) async fn delete_group(
        &self,
        access: &Access,
        id: DirectoryGroupId,
        etag: Option<Version>,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let (kept, current) = self.group(access, id).await?;
            must_be(etag, current.version)?;
            let leaving: Vec<_> = kept.members.iter().copied().collect();
            let steps: Vec<Step> = leaving.iter().copied().map(Step::Leave).collect();
            let is_unfinished = steps.len() > STEP_MEMBERS;
            let leave = Command::ChangeMembers { added: Vec::new(), removed: leaving, is_unfinished };
            let events = decided(&current.state, &[leave, Command::Delete])?;
            let deleted = if is_unfinished {
                self.begin(access, id, current, &events).await.map(drop)
            } else {
                self.record(access, Some((id, current, events)), &steps).await.map(drop)
            };
            match deleted {
                // Somebody joined meanwhile.
                Err(Error::Append(AppendError::Conflict { .. })) => {}
                deleted => return deleted,
            }
        }
        Err(Error::Contended)
    }

    /// Whether all of them are users of the directory who may be in one more group, as far as the index knows.
    async fn must_be_users(&self, access: &Access, joining: &[DirectoryUserId]) -> Result<(), Error> {
        self.reach_head().await?;
        self.index.read(|index| {
            let users = index.contents(access.id()).map(|contents| &contents.users);
            for user in joining {
                let groups = users.and_then(|users| users.get(user)).ok_or(UNKNOWN)?;
                if *groups >= GROUPS_OF_USER_MAX {
                    return Err(Error::TooManyGroups);
                }
            }
            Ok(())
        })
    }
}

impl Plan {
    fn steps(&self) -> Vec<Step> {
        let leaving = self.leaving.iter().copied().map(Step::Leave);
        let joining = self.joining.iter().copied().map(Step::Join);
        leaving.chain(joining).chain(self.staying.iter().copied().map(Step::Stay)).collect()
    }

    /// What becomes of the group. Unfinished is what it means for others.
    fn events(&self, is_unfinished: bool) -> Result<Vec<Event>, Error> {
        let state = self.kept.clone().map_or(DirectoryGroup::Absent, DirectoryGroup::Present);
        let opening = self.opening.clone().map(|opening| match opening {
            Command::Rename { display_name, external_id, .. } => {
                let is_unfinished = is_unfinished && !self.staying.is_empty();
                Command::Rename { display_name, external_id, is_unfinished }
            }
            opening => opening,
        });
        let (added, removed) = (self.joining.clone(), self.leaving.clone());
        let members = Command::ChangeMembers { added, removed, is_unfinished };
        decided(&state, &opening.into_iter().chain([members]).collect::<Vec<_>>())
    }
}

/// What several commands, one after the other, make happen.
fn decided(state: &DirectoryGroup, commands: &[Command]) -> Result<Vec<Event>, Error> {
    let (mut state, mut events) = (state.clone(), Vec::new());
    for command in commands {
        let decided = state.decide(command).map_err(Error::rejected)?;
        state = decided.iter().fold(state, DirectoryGroup::evolve);
        events.extend(decided);
    }
    Ok(events)
}

fn plan(access: &Access, group: DirectoryGroupId, kept: Option<Kept>, wanted: &Document) -> Result<Plan, Error> {
    let display_name = text(wanted, "displayName").ok_or(Refusal::Required("displayName"))?.to_owned();
    let external_id = text(wanted, "externalId").map(str::to_owned);
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    let (mut opening, mut means_something_else) = (None, false);
    if let Some(kept) = &kept {
        before.clone_from(&kept.members);
        if kept.display_name != display_name || kept.external_id != external_id {
            opening = Some(Command::Rename { display_name, external_id, is_unfinished: false });
            means_something_else = access.has_roles();
        }
    } else {
        opening = Some(Command::Create { group, directory: access.id(), display_name, external_id });
    }
    for member in wanted.get("members").and_then(Value::as_array).into_iter().flatten() {
        let id: Option<DirectoryUserId> = member.get("value").and_then(Value::as_str).and_then(|id| id.parse().ok());
        after.insert(id.ok_or(UNKNOWN)?);
    }
    let staying = before.intersection(&after).copied().filter(|_| means_something_else).collect();
    let leaving = before.difference(&after).copied().collect();
    let joining = after.difference(&before).copied().collect();
    Ok(Plan { kept, opening, leaving, joining, staying })
}
