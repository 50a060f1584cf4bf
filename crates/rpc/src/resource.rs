//! Resource names (AIP-122): `organizations/{organization}/connections/{connection}` and the like.

use std::str::FromStr;

use vestibule_kernel::{
    ConnectionId, DirectoryId, DomainId, Explain, Explanation, OrganizationId, PersonId, UserPoolId,
};

/// A field does not hold the resource name it should.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("field {field} is not a resource name of the form {form}")]
pub struct InvalidName {
    /// The field, as the proto spells it.
    pub field: &'static str,
    /// The form it should have.
    pub form: &'static str,
}

impl Explain for InvalidName {
    fn explain(&self) -> Explanation {
        Explanation::field("RESOURCE_NAME_INVALID", self.field, format!("must have the form {}", self.form))
    }
}

/// Reads `organizations/{organization}`.
///
/// # Errors
/// [`InvalidName`].
pub fn organization(field: &'static str, name: &str) -> Result<OrganizationId, InvalidName> {
    let form = "organizations/{organization}";
    let [id] = ids(name, ["organizations"]).ok_or(InvalidName { field, form })?;
    parse(id).ok_or(InvalidName { field, form })
}

/// Reads `organizations/{organization}/domains/{domain}`.
///
/// # Errors
/// [`InvalidName`].
pub fn domain(field: &'static str, name: &str) -> Result<(OrganizationId, DomainId), InvalidName> {
    let form = "organizations/{organization}/domains/{domain}";
    let [organization, domain] = ids(name, ["organizations", "domains"]).ok_or(InvalidName { field, form })?;
    parse(organization).zip(parse(domain)).ok_or(InvalidName { field, form })
}

/// Reads `organizations/{organization}/connections/{connection}`.
///
/// # Errors
/// [`InvalidName`].
pub fn connection(field: &'static str, name: &str) -> Result<(OrganizationId, ConnectionId), InvalidName> {
    let form = "organizations/{organization}/connections/{connection}";
    let [organization, connection] = ids(name, ["organizations", "connections"]).ok_or(InvalidName { field, form })?;
    parse(organization).zip(parse(connection)).ok_or(InvalidName { field, form })
}

/// Reads `organizations/{organization}/directories/{directory}`.
///
/// # Errors
/// [`InvalidName`].
pub fn directory(field: &'static str, name: &str) -> Result<(OrganizationId, DirectoryId), InvalidName> {
    let form = "organizations/{organization}/directories/{directory}";
    let [organization, directory] = ids(name, ["organizations", "directories"]).ok_or(InvalidName { field, form })?;
    parse(organization).zip(parse(directory)).ok_or(InvalidName { field, form })
}

/// Reads `organizations/{organization}/persons/{person}`.
///
/// # Errors
/// [`InvalidName`].
pub fn person(field: &'static str, name: &str) -> Result<(OrganizationId, PersonId), InvalidName> {
    let form = "organizations/{organization}/persons/{person}";
    let [organization, person] = ids(name, ["organizations", "persons"]).ok_or(InvalidName { field, form })?;
    parse(organization).zip(parse(person)).ok_or(InvalidName { field, form })
}

/// Reads `userPools/{user_pool}`.
///
/// # Errors
/// [`InvalidName`].
pub fn user_pool(field: &'static str, name: &str) -> Result<UserPoolId, InvalidName> {
    let form = "userPools/{user_pool}";
    let [id] = ids(name, ["userPools"]).ok_or(InvalidName { field, form })?;
    parse(id).ok_or(InvalidName { field, form })
}

/// Writes `organizations/{organization}`.
#[must_use]
pub fn organization_name(organization: OrganizationId) -> String {
    format!("organizations/{organization}")
}

/// Writes `organizations/{organization}/domains/{domain}`.
#[must_use]
pub fn domain_name(organization: OrganizationId, domain: DomainId) -> String {
    format!("organizations/{organization}/domains/{domain}")
}

/// Writes `organizations/{organization}/connections/{connection}`.
#[must_use]
pub fn connection_name(organization: OrganizationId, connection: ConnectionId) -> String {
    format!("organizations/{organization}/connections/{connection}")
}

/// Writes `organizations/{organization}/directories/{directory}`.
#[must_use]
pub fn directory_name(organization: OrganizationId, directory: DirectoryId) -> String {
    format!("organizations/{organization}/directories/{directory}")
}

/// Writes `organizations/{organization}/persons/{person}`.
#[must_use]
pub fn person_name(organization: OrganizationId, person: PersonId) -> String {
    format!("organizations/{organization}/persons/{person}")
}

/// Writes `userPools/{user_pool}`.
#[must_use]
pub fn user_pool_name(user_pool: UserPoolId) -> String {
    format!("userPools/{user_pool}")
}

/// The ids of a name that is made of exactly these collections.
fn ids<'a, const N: usize>(name: &'a str, collections: [&str; N]) -> Option<[&'a str; N]> {
    let mut segments = name.split('/');
    let mut ids = [""; N];
    for (collection, id) in collections.into_iter().zip(&mut ids) {
        if segments.next()? != collection {
            return None;
        }
        *id = segments.next()?;
    }
    segments.next().is_none().then_some(ids)
}

fn parse<T: FromStr>(id: &str) -> Option<T> {
    id.parse().ok()
}
