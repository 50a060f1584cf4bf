//! What a directory may say of people. It has a say over those who sign in over its own connection, and over nobody else:
//! whoever was re-linked to another connection, or is known as a native user only, stays as they are.

use vestibule_kernel::{ConnectionId, DirectoryId};

use super::{
    Deactivated, Event, FirstSeen, Known, Provision, Reactivated, Rejection, RolesChanged, Updated, decide::in_order,
};
use crate::Role;

/// What is recorded of the deactivation of a person, for operators.
const NOTE: &str = "deactivated by the organization's directory";

pub(super) fn first_seen(provision: &Provision) -> Vec<Event> {
    let person = provision.person;
    let mut events = vec![
        FirstSeen {
            person,
            organization: provision.organization,
            connection: provision.connection,
            subject_digest: provision.subject_digest.clone(),
            profile: provision.profile.clone(),
        }
        .into(),
    ];
    if let Some(roles) = &provision.roles {
        events.push(RolesChanged { person, roles: in_order(roles), directory: Some(provision.directory) }.into());
    }
    if !provision.is_active {
        events.push(Deactivated { person, note: NOTE.to_owned(), directory: Some(provision.directory) }.into());
    }
    events
}

impl Known {
    pub(super) fn provisioned(&self, provision: &Provision, is_active: bool) -> Result<Vec<Event>, Rejection> {
        if self.person != provision.person || self.organization != provision.organization {
            return Err(Rejection::SomebodyElse);
        }
        if !self.is_found_over(provision.connection) {
            return Ok(vec![]);
        }
        let (person, directory) = (self.person, provision.directory);
        let mut events = self.relinked(provision.connection, &provision.subject_digest);
        if let Some(profile) = provision.profile.as_ref().filter(|said| self.profile.as_ref() != Some(*said)) {
            events.push(Updated { person, profile: Some(profile.clone()) }.into());
        }
        if let Some(roles) = &provision.roles {
            events.extend(self.assigned(directory, provision.connection, roles));
        }
        match (is_active, provision.is_active) {
            (true, false) => events.push(self.deactivated(directory)),
            (false, true) if self.deactivated_by == Some(directory) => events.push(Reactivated { person }.into()),
            _ => {}
        }
        Ok(events)
    }

    pub(super) fn assigned(&self, directory: DirectoryId, connection: ConnectionId, roles: &[Role]) -> Vec<Event> {
        let roles = in_order(roles);
        let is_so = self.roles == roles && self.roles_from == Some(directory);
        if is_so || !self.is_found_over(connection) {
            return vec![];
        }
        vec![RolesChanged { person: self.person, roles, directory: Some(directory) }.into()]
    }

    pub(super) fn released(&self, directory: DirectoryId) -> Vec<Event> {
        if self.roles_from != Some(directory) {
            return vec![];
        }
        vec![RolesChanged { person: self.person, roles: self.roles.clone(), directory: None }.into()]
    }

    pub(super) fn deprovisioned(
        &self,
        directory: DirectoryId,
        connection: ConnectionId,
        is_active: bool,
    ) -> Vec<Event> {
        if !self.is_found_over(connection) {
            return vec![];
        }
        let mut events = Vec::new();
        if self.roles_from == Some(directory) {
            events.push(RolesChanged { person: self.person, roles: Vec::new(), directory: None }.into());
        }
        if is_active {
            events.push(self.deactivated(directory));
        }
        events
    }

    fn deactivated(&self, directory: DirectoryId) -> Event {
        Deactivated { person: self.person, note: NOTE.to_owned(), directory: Some(directory) }.into()
    }

    pub(super) fn is_found_over(&self, connection: ConnectionId) -> bool {
        self.subject.as_ref().is_some_and(|subject| subject.connection == connection)
    }
}
