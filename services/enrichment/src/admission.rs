//! Who may have tokens, and about which organization: decided from the view alone, at each sign-in and each refresh.

use std::sync::Arc;

use vestibule_kernel::{ConnectionId, PersonId};

use crate::{
    error::EnrichmentError,
    people::{Organization, People, Person, Profile, Roles, UserPool},
};

/// Where and for whom somebody wants tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) pool: &'a UserPool,
    /// The app client; empty where Cognito names none.
    pub(crate) client_id: &'a str,
    /// The address that the tokens would call verified.
    pub(crate) verified_email: Option<&'a str>,
}

/// Somebody who may have tokens, as far as the tokens say who it is.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) organization: Arc<Profile>,
    /// `None` for an app client itself.
    pub(crate) person: Option<AdmittedPerson>,
}

#[derive(Debug)]
pub(crate) struct AdmittedPerson {
    pub(crate) id: PersonId,
    pub(crate) roles: Roles,
    pub(crate) connection: Option<ConnectionId>,
}

impl People {
    /// A person who comes through our provider.
    pub(crate) fn admit_external(&self, id: PersonId, asked: &Asked<'_>) -> Result<Admitted, EnrichmentError> {
        let person = self.person(id).ok_or(EnrichmentError::PersonUnknown)?;
        let (organization, profile) = self.admitted_organization(person, asked)?;
        let connection = self.connection_of(person);
        if !connection.is_some_and(|connection| self.is_enabled(connection)) {
            return Err(EnrichmentError::ConnectionDisabled);
        }
        if person.is_signed_out() {
            return Err(EnrichmentError::PersonSignedOut);
        }
        let is_foreign = asked.verified_email.is_some_and(|email| !organization.owns(email));
        if is_foreign || organization.has_lost_its_domains() {
            return Err(EnrichmentError::DomainUnverified);
        }
        Ok(self.admitted(person, profile, connection))
    }

    /// A user of the pool's own who was made a person by an operator. No identity provider vouches for them, so neither a
    /// connection nor a domain nor a sign-out there says anything about them. `None` for a user who is nobody of ours.
    pub(crate) fn admit_native(&self, sub: &str, asked: &Asked<'_>) -> Option<Result<Admitted, EnrichmentError>> {
        let person = self.native_user(asked.pool.id, sub)?;
        let organization = self.admitted_organization(person, asked);
        Some(organization.map(|(_, profile)| self.admitted(person, profile, None)))
    }

    /// An app client that belongs to one organization. `None` for any other one.
    pub(crate) fn admit_client(&self, asked: &Asked<'_>) -> Option<Result<Admitted, EnrichmentError>> {
        let organization = self.organization(self.owner_of(asked.pool.id, asked.client_id)?)?;
        let profile = organization.profile.as_ref()?;
        Some(if organization.is_suspended {
            Err(EnrichmentError::OrganizationSuspended)
        } else {
            Ok(Admitted { organization: Arc::clone(profile), person: None })
        })
    }

    /// What holds for everybody of an organization.
    fn admitted_organization(
        &self,
        person: &Person,
        asked: &Asked<'_>,
    ) -> Result<(&Organization, &Arc<Profile>), EnrichmentError> {
        if person.is_deactivated() {
            return Err(EnrichmentError::PersonDeactivated);
        }
        let organization = self.organization(person.organization).ok_or(EnrichmentError::PersonUnknown)?;
        let profile = organization.profile.as_ref().ok_or(EnrichmentError::PersonUnknown)?;
        if organization.is_suspended {
            return Err(EnrichmentError::OrganizationSuspended);
        }
        if profile.placement.user_pool() != asked.pool.id {
            return Err(EnrichmentError::OtherUserPool);
        }
        let own = profile.placement.app_client_id();
        let owner = self.owner_of(asked.pool.id, asked.client_id);
        // An app client of one organization is closed to all others, and to its people no other one is open.
        if own.is_some_and(|own| own != asked.client_id) || owner.is_some_and(|owner| owner != person.organization) {
            return Err(EnrichmentError::AppClientNotAllowed);
        }
        Ok((organization, profile))
    }

    fn admitted(&self, person: &Person, profile: &Arc<Profile>, connection: Option<ConnectionId>) -> Admitted {
        let person = AdmittedPerson { id: person.id, roles: self.roles_of(person), connection };
        Admitted { organization: Arc::clone(profile), person: Some(person) }
    }
}
