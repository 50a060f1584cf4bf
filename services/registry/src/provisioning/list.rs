use vestibule_kernel::{DirectoryGroupId, DirectoryUserId};
use vestibule_scim::{Filter, ResourceType};
use vestibule_tenancy::{
    directory_group::DirectoryGroup,
    directory_user::{EXTERNAL_ID, USER_NAME},
};

use super::{Inner, access::Access, error::Error, index::GroupNames, render::Rendered};

/// Resources that a filter may go through, when no index answers it. Each is a stream and a key.
pub(super) const SCAN_MAX: usize = 2_000;

/// Resources on a page.
pub(super) const PAGE_MAX: usize = 200;

/// Members on a page of groups, all groups together; a page ends early rather than hold more.
const PAGE_MEMBERS_MAX: usize = 20_000;

/// Which page of what.
pub(super) struct Query {
    pub(super) resource_type: ResourceType,
    pub(super) filter: Option<Filter>,
    /// From 0.
    pub(super) skip: usize,
    pub(super) count: usize,
    pub(super) with_members: bool,
}

/// A page, and how many there are in all.
pub(super) struct Listed {
    pub(super) page: Vec<Rendered>,
    pub(super) total: usize,
}

impl Inner {
    /// One page, with everything that was there when it was asked for.
    pub(super) async fn list(&self, access: &Access, query: &Query) -> Result<Listed, Error> {
        self.reach_head().await?;
        match query.resource_type {
            ResourceType::User => self.list_users(access, query).await,
            ResourceType::Group => self.list_groups(access, query).await,
        }
    }

    async fn list_users(&self, access: &Access, query: &Query) -> Result<Listed, Error> {
        let Some(filter) = &query.filter else {
            let (ids, total) = self.users(access, query.skip, query.count);
            let mut page = Vec::with_capacity(ids.len());
            for id in ids {
                page.extend(self.user_or_none(access, id).await?);
            }
            return Ok(Listed { page, total });
        };
        let candidates: Vec<DirectoryUserId> = if let Some(name) = filter.must_equal("userName") {
            self.user_of(access, USER_NAME, name).await?.into_iter().collect()
        } else if let Some(id) = filter.must_equal("externalId") {
            self.user_of(access, EXTERNAL_ID, id).await?.into_iter().collect()
        } else if let Some(id) = filter.must_equal("id") {
            id.parse().into_iter().collect()
        } else {
            let (ids, total) = self.users(access, 0, SCAN_MAX);
            if total > SCAN_MAX {
                return Err(Error::TooMany);
            }
            ids
        };
        let mut found = Found::new(query);
        for id in candidates {
            if let Some(user) = self.user_or_none(access, id).await?
                && filter.matches(&user.document)
            {
                found.add(0, || Ok(user))?;
            }
        }
        Ok(found.listed())
    }

    fn users(&self, access: &Access, skip: usize, count: usize) -> (Vec<DirectoryUserId>, usize) {
        self.index.read(|index| {
            let Some(contents) = index.contents(access.id()) else { return (Vec::new(), 0) };
            (contents.users.keys().skip(skip).take(count).copied().collect(), contents.users.len())
        })
    }

    /// The user; none when it was deleted a moment ago.
    async fn user_or_none(&self, access: &Access, id: DirectoryUserId) -> Result<Option<Rendered>, Error> {
        match self.user(access, id).await {
            Ok((_, current)) => self.rendered_user(&current).map(Some),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list_groups(&self, access: &Access, query: &Query) -> Result<Listed, Error> {
        let wanted = |id: &DirectoryGroupId, names: &GroupNames| {
            let Some(filter) = &query.filter else { return true };
            let is_named = filter
                .must_equal("displayName")
                .is_none_or(|name| names.display_name.to_lowercase() == name.to_lowercase());
            let has_id = filter.must_equal("externalId").is_none_or(|id| names.external_id.as_deref() == Some(id));
            is_named && has_id && filter.must_equal("id").is_none_or(|wanted| wanted == id.to_string())
        };
        let candidates: Vec<DirectoryGroupId> = self.index.read(|index| {
            let groups = index.contents(access.id()).map(|contents| &contents.groups);
            groups.into_iter().flatten().filter(|(id, names)| wanted(id, names)).map(|(id, _)| *id).collect()
        });
        if query.filter.is_some() && candidates.len() > SCAN_MAX {
            return Err(Error::TooMany);
        }
        let total = candidates.len();
        let mut found = Found::new(query);
        let range = if query.filter.is_some() { (0, total) } else { (query.skip, query.count) };
        for id in candidates.into_iter().skip(range.0).take(range.1) {
            let current = match self.group(access, id).await {
                Ok((_, current)) => current,
                Err(Error::NotFound) => continue,
                Err(error) => return Err(error),
            };
            let held = if let DirectoryGroup::Present(kept) = &current.state { kept.members.len() } else { 0 };
            let held = if query.with_members { held } else { 0 };
            let Some(filter) = &query.filter else {
                if !found.has_room(held) {
                    break;
                }
                found.page.push(Self::rendered_group(&current, query.with_members)?);
                continue;
            };
            if filter.matches(&Self::rendered_group(&current, true)?.document) {
                found.add(held, || Self::rendered_group(&current, query.with_members))?;
            }
        }
        Ok(if query.filter.is_some() { found.listed() } else { Listed { page: found.page, total } })
    }
}

/// What a filter has found: the page, and how many there are.
struct Found {
    skip: usize,
    count: usize,
    page: Vec<Rendered>,
    /// Members on the page.
    members: usize,
    /// The page has ended.
    is_full: bool,
    total: usize,
}

impl Found {
    const fn new(query: &Query) -> Self {
        let (skip, count) = (query.skip, query.count);
        Self { skip, count, page: Vec::new(), members: 0, is_full: count == 0, total: 0 }
    }

    /// Whether the page can hold one more resource, with so many members; what is left out ends the page.
    fn has_room(&mut self, members: usize) -> bool {
        self.members += members;
        self.is_full |= self.page.len() >= self.count;
        self.is_full |= self.members > PAGE_MEMBERS_MAX && !self.page.is_empty();
        !self.is_full
    }

    fn add(&mut self, members: usize, resource: impl FnOnce() -> Result<Rendered, Error>) -> Result<(), Error> {
        if self.total >= self.skip && self.has_room(members) {
            self.page.push(resource()?);
        }
        self.total += 1;
        Ok(())
    }

    fn listed(self) -> Listed {
        Listed { page: self.page, total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_groups_ends_before_it_has_too_many_members_also_with_a_filter() {
        let resource_type = ResourceType::Group;
        let mut found = Found::new(&Query { resource_type, filter: None, skip: 1, count: 4, with_members: true });
        for members in [PAGE_MEMBERS_MAX + 1, PAGE_MEMBERS_MAX / 2, PAGE_MEMBERS_MAX / 2, 1, 0] {
            let id = members.to_string();
            found.add(members, || Ok(Rendered { id, version: 1, document: vestibule_scim::Document::new() })).unwrap();
        }
        let Listed { page, total } = found.listed();
        assert_eq!((page.len(), total), (2, 5), "none is left out in the middle of a page");
    }
}
