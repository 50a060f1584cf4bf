use std::collections::BTreeSet;

use serde_json::Value;
use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, CommandError, Current, StreamId, Version};
use vestibule_kernel::{DirectoryGroupId, DirectoryUserId};
use vestibule_scim::{Document, Refusal};
use vestibule_tenancy::{
    directory::RolesFrom,
    directory_group::{CATEGORY, Command, DirectoryGroup, Event, Kept, Rejection},
};

use super::{
    ATTEMPTS_MAX, Inner,
    access::Access,
    error::Error,
    member::Step,
    person::text,
    render::{Rendered, group_document},
    user::must_be,
};

/// Members whom one request may add, remove or give other roles. Each is two streams and a key.
pub(super) const MEMBER_CHANGES_MAX: usize = 2_000;

/// Members that are changed in one append.
const STEP_MEMBERS: usize = 100;

pub(super) fn stream(access: &Access, group: DirectoryGroupId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(access.organization()), group.uuid())
}

/// Under which names the connection's rules for roles may mean a group: identity providers assert one or the other.
pub(super) fn names(group: &Kept) -> impl Iterator<Item = String> + use<> {
    [Some(group.display_name.clone()), group.external_id.clone()].into_iter().flatten()
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

    /// Makes a group, or what `change` makes of one. Members come and go in appends of a hundred, each whole; what is
    /// repeated after a failure continues where it broke off.
    pub(super) async fn save_group(
        &self,
        access: &Access,
        id: Option<DirectoryGroupId>,
        etag: Option<Version>,
        change: impl Fn(&Document) -> Result<Document, Refusal>,
    ) -> Result<Rendered, Error> {
        let group = id.unwrap_or_else(|| DirectoryGroupId::from_uuid(self.new_id()));
        let (mut begun, mut renamed) = (false, false);
        'attempt: for _ in 0..ATTEMPTS_MAX {
            let (kept, mut current) = if id.is_some() || begun {
                self.group(access, group).await.map(|(kept, current)| (Some(kept), current))?
            } else {
                (None, Current::default())
            };
            if !begun {
                must_be(etag, current.version)?;
            }
            let before = kept.as_ref().map(|kept| group_document(kept, true)).unwrap_or_default();
            let wanted = change(&before)?;
            let mut step = opening(access, group, kept.as_ref(), &wanted)?;
            renamed |= kept.is_some() && !step.is_empty();
            let has_roles = access.directory.roles == RolesFrom::Directory;
            let mut changes = changes(kept.as_ref(), &wanted, renamed && has_roles)?;
            if has_roles && step.is_empty() && changes.is_empty() {
                changes = repeated(kept.as_ref());
            }
            if changes.len() > MEMBER_CHANGES_MAX {
                return Err(Error::TooManyMembers);
            }
            if changes.len() > STEP_MEMBERS {
                // Nobody is changed when somebody is not there.
                self.must_be_users(access, &changes).await?;
            }
            let mut chunks = changes.chunks(STEP_MEMBERS).map(<[Step]>::to_vec).collect::<Vec<_>>();
            if chunks.is_empty() && !step.is_empty() {
                chunks.push(Vec::new());
            }
            for chunk in chunks {
                match self.change_members(access, group, current, &std::mem::take(&mut step), &chunk).await {
                    Ok(next) => (current, begun) = (next, true),
                    Err(Error::Append(AppendError::Conflict { .. })) => continue 'attempt,
                    Err(error) => return Err(error),
                }
            }
            return Self::rendered_group(&current, true);
        }
        Err(Error::Contended)
    }

    /// Deletes a group, after its members have left.
    pub(super) async fn delete_group(
        &self,
        access: &Access,
        id: DirectoryGroupId,
        etag: Option<Version>,
    ) -> Result<(), Error> {
        let (_, current) = self.group(access, id).await?;
        must_be(etag, current.version)?;
        for _ in 0..ATTEMPTS_MAX {
            let emptied = |document: &Document| {
                let mut emptied = document.clone();
                emptied.remove("members");
                Ok(emptied)
            };
            self.save_group(access, Some(id), None, emptied).await?;
            let (stream, metadata) = (stream(access, id), access.metadata.clone());
            let deleted = self.log.execute::<DirectoryGroup>(&stream, None, metadata, &Command::Delete);
            match deleted.await {
                Ok(_) => return Ok(()),
                // Somebody joined meanwhile.
                Err(CommandError::Rejected(Rejection::HasMembers)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }
}

/// Who is looked at again where nothing is to change: a directory that repeats a new name whose appends broke off after the
/// first asks for just that. A group with more members cannot have been renamed.
fn repeated(kept: Option<&Kept>) -> Vec<Step> {
    let kept = kept.filter(|kept| kept.members.len() <= MEMBER_CHANGES_MAX);
    kept.into_iter().flat_map(|kept| &kept.members).copied().map(Step::Stay).collect()
}

/// Creates the group, or renames it.
fn opening(
    access: &Access,
    group: DirectoryGroupId,
    kept: Option<&Kept>,
    wanted: &Document,
) -> Result<Vec<Event>, Error> {
    let display_name = text(wanted, "displayName").ok_or(Refusal::Required("displayName"))?.to_owned();
    let external_id = text(wanted, "externalId").map(str::to_owned);
    let (state, command) = if let Some(kept) = kept {
        (DirectoryGroup::Present(kept.clone()), Command::Rename { display_name, external_id })
    } else {
        let directory = access.id();
        (DirectoryGroup::Absent, Command::Create { group, directory, display_name, external_id })
    };
    state.decide(&command).map_err(Error::rejected)
}

/// Who leaves, who joins, and, where the group means something else now, who stays.
fn changes(kept: Option<&Kept>, wanted: &Document, touched: bool) -> Result<Vec<Step>, Error> {
    let none = BTreeSet::new();
    let before = kept.map_or(&none, |kept| &kept.members);
    let mut after = BTreeSet::new();
    for member in wanted.get("members").and_then(Value::as_array).into_iter().flatten() {
        let id: Option<DirectoryUserId> = member.get("value").and_then(Value::as_str).and_then(|id| id.parse().ok());
        after.insert(id.ok_or(super::member::UNKNOWN)?);
    }
    let leaving = before.difference(&after).copied().map(Step::Leave);
    let joining = after.difference(before).copied().map(Step::Join);
    let staying = before.intersection(&after).copied().filter(|_| touched).map(Step::Stay);
    Ok(leaving.chain(joining).chain(staying).collect())
}
