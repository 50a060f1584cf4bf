use vestibule_decider::Decider;
use vestibule_eventlog::{EventLog, LoadError, StreamId, Version};
use vestibule_kernel::{OrganizationId, PersonId, UserPoolId};
use vestibule_rpc::{
    enrichment::v1::{HypotheticalPerson, PreviewClaimsRequest, preview_claims_request},
    resource::{self, InvalidName},
};
use vestibule_tenancy::{
    Role,
    claim_policy::{Home, OrganizationFacts, PersonFacts},
    organization::{self, Organization},
    person::{self, Person},
    user_pool::{self, UserPool},
};

use super::PreviewError;

/// How many roles a hypothetical person may have.
const ROLES_MAX: usize = 1_000;

/// How many events of a stream are read at once.
const PAGE_EVENTS: usize = 256;

/// Whose tokens are shown.
pub(super) struct Subject {
    pub(super) id: OrganizationId,
    organization_id: String,
    terms: organization::Terms,
    pool_app_client_id: String,
    person: Option<PersonSubject>,
}

struct PersonSubject {
    id: String,
    roles: Vec<String>,
    connection: Option<String>,
}

/// What stands for the id of somebody who may not exist.
const HYPOTHETICAL: &str = "00000000-0000-0000-0000-000000000000";

/// Reads whose tokens are meant, and what is known of them.
pub(super) async fn read(log: &EventLog, request: &PreviewClaimsRequest) -> Result<Subject, PreviewError> {
    let (id, person) = match request.subject.as_ref().ok_or(PreviewError::SubjectRequired)? {
        preview_claims_request::Subject::ClientOf(name) => (resource::organization("client_of", name)?, None),
        preview_claims_request::Subject::Hypothetical(wanted) => {
            let (id, person) = hypothetical(wanted)?;
            (id, Some(person))
        }
        preview_claims_request::Subject::Person(name) => {
            let (id, person) = person_name(name)?;
            (id, Some(known(log, id, person).await?))
        }
    };
    let stream = StreamId::of_id(organization::CATEGORY, Some(id), id.uuid());
    let organization = fold::<Organization>(log, &stream).await?;
    let terms = organization.terms().ok_or(PreviewError::OrganizationUnknown)?.clone();
    let stream = StreamId::of_id(user_pool::CATEGORY, None, terms.placement.user_pool().uuid());
    let pool = fold::<UserPool>(log, &stream).await?;
    let pool_app_client_id = pool.terms().map_or_else(String::new, |terms| terms.app_client_id.clone());
    Ok(Subject { id, organization_id: id.to_string(), terms, pool_app_client_id, person })
}

fn hypothetical(wanted: &HypotheticalPerson) -> Result<(OrganizationId, PersonSubject), PreviewError> {
    let id = resource::organization("hypothetical.organization", &wanted.organization)?;
    if wanted.roles.len() > ROLES_MAX {
        return Err(PreviewError::ListTooLong { field: "hypothetical.roles", max: ROLES_MAX });
    }
    for (index, role) in wanted.roles.iter().enumerate() {
        Role::parse(role).map_err(|error| PreviewError::Role { index, error })?;
    }
    let mut roles = wanted.roles.clone();
    roles.sort_unstable();
    roles.dedup();
    let connection = match wanted.connection.as_str() {
        "" => None,
        name => {
            let (of, connection) = resource::connection("hypothetical.connection", name)?;
            if of != id {
                return Err(PreviewError::ConnectionForeign);
            }
            Some(connection.to_string())
        }
    };
    Ok((id, PersonSubject { id: HYPOTHETICAL.to_owned(), roles, connection }))
}

fn person_name(name: &str) -> Result<(OrganizationId, PersonId), InvalidName> {
    let invalid = || InvalidName { field: "person", form: "organizations/{organization}/persons/{person}" };
    let (organization, person) = name.split_once("/persons/").ok_or_else(invalid)?;
    let organization = resource::organization("person", organization).map_err(|_| invalid())?;
    Ok((organization, person.parse().map_err(|_| invalid())?))
}

async fn known(log: &EventLog, organization: OrganizationId, person: PersonId) -> Result<PersonSubject, PreviewError> {
    let stream = StreamId::of_id(person::CATEGORY, Some(organization), person.uuid());
    let state = fold::<Person>(log, &stream).await?;
    let known = state.known().ok_or(PreviewError::PersonUnknown)?;
    Ok(PersonSubject {
        id: known.person.to_string(),
        roles: known.roles.clone(),
        connection: known.subject.as_ref().map(|subject| subject.connection.to_string()),
    })
}

/// The state of a stream without its personal parts, which tokens do not depend on.
async fn fold<D: Decider>(log: &EventLog, stream: &StreamId) -> Result<D, LoadError> {
    let (mut state, mut version) = (D::default(), Version::EMPTY);
    loop {
        let page = log.read_stream(stream, version, PAGE_EVENTS).await?;
        for recorded in &page {
            let event = recorded.decode::<D::Event>();
            let position = recorded.cursor.position();
            state = state.evolve(&event.map_err(|source| LoadError::Decode { position, source })?);
            version = recorded.version;
        }
        if page.len() < PAGE_EVENTS {
            return Ok(state);
        }
    }
}

impl Subject {
    pub(super) fn user_pool(&self) -> UserPoolId {
        self.terms.placement.user_pool()
    }

    /// The app client that is meant when none is named.
    pub(super) fn app_client_id(&self) -> &str {
        self.terms.placement.app_client_id().unwrap_or(&self.pool_app_client_id)
    }

    pub(super) fn roles(&self) -> &[String] {
        self.person.as_ref().map_or(&[], |person| &person.roles)
    }

    pub(super) fn organization(&self) -> OrganizationFacts<'_> {
        OrganizationFacts {
            id: &self.organization_id,
            slug: &self.terms.slug,
            external_id: self.terms.external_id.as_deref(),
            display_name: &self.terms.display_name,
            tier: &self.terms.tier,
            region: &self.terms.region,
            home: Home::from(&self.terms.placement),
        }
    }

    pub(super) fn person<'a>(&'a self, roles: &'a [&'a str]) -> Option<PersonFacts<'a>> {
        let person = self.person.as_ref()?;
        Some(PersonFacts { id: &person.id, roles, connection: person.connection.as_deref() })
    }
}
