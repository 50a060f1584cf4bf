use async_trait::async_trait;
use tonic::{Code, Status};
use vestibule_kernel::{ConnectionId, OrganizationId, PersonId};
use vestibule_rpc::{
    Channel,
    registry::v1::{
        GetConnectionRequest, GetOrganizationRequest, GetPersonRequest, ListOrganizationsRequest, ListPersonsRequest,
        Person, Subject, connection, connection_service_client::ConnectionServiceClient, list_persons_request::FoundBy,
        organization, organization_service_client::OrganizationServiceClient, person,
        person_service_client::PersonServiceClient,
    },
    resource,
};

use crate::limit::PEOPLE_PAGE_SIZE;

/// How many organizations are asked for at once.
const ORGANIZATIONS_PAGE_SIZE: i32 = 100;

/// An organization that there is not (RFC 9562 section 5.9).
const NOBODYS: &str = "organizations/00000000-0000-0000-0000-000000000000";

/// A person, as far as others are told of them. Personal.
#[derive(Clone, Eq, PartialEq)]
pub struct Standing {
    /// Who.
    pub person: PersonId,
    /// Whether they could sign in: the person and the organization are active, and there is a way in, which is a connection
    /// that is enabled, or a native user.
    pub is_admitted: bool,
    /// Over which connection they come.
    pub connection: Option<ConnectionId>,
    /// Their roles.
    pub roles: Vec<String>,
    /// Full name.
    pub display_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// Where people are known.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Asks whether names and addresses are shown to us. Who may not see them would take them for blank, and erase them
    /// elsewhere.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn shows_profiles(&self) -> Result<(), DirectoryError>;

    /// All organizations.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn organizations(&self) -> Result<Vec<OrganizationId>, DirectoryError>;

    /// One person, as of now; none when there is no such person.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn person(&self, organization: OrganizationId, person: PersonId) -> Result<Option<Standing>, DirectoryError>;

    /// A page of the people of an organization, and the token of the next one, empty at the end.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn people(
        &self,
        organization: OrganizationId,
        page_token: String,
    ) -> Result<(Vec<Standing>, String), DirectoryError>;
}

/// The registry does not say who they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It cannot be reached, or does not answer us.
    #[error("the registry does not answer")]
    Unavailable(#[source] Box<Status>),
    /// The token is one that shows no names.
    #[error("the registry shows us no names: the token is not its people token (grpc.people_token_file)")]
    NoProfiles,
    /// Its answer lacks what the contract says.
    #[error("the answer of the registry is not what the contract says: {0}")]
    OffContract(&'static str),
}

/// The registry, over gRPC. What it answers about one of them is as of now.
#[derive(Clone)]
pub struct Registry {
    channel: Channel,
}

/// Which ways in there are, looked up once for all who are asked about together.
#[derive(Default)]
struct Ways {
    is_organization_active: bool,
    connections: Vec<(String, bool)>,
}

impl Registry {
    /// Asks through this channel, which must present the registry's people token, or its own.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        Self { channel }
    }

    async fn ways(&self, organization: OrganizationId) -> Result<Ways, DirectoryError> {
        let request = GetOrganizationRequest { name: resource::organization_name(organization) };
        let mut organizations = OrganizationServiceClient::new(self.channel.clone());
        let known = found(organizations.get_organization(request).await)?;
        let state = known.and_then(|answer| answer.organization).map(|known| known.state());
        let is_organization_active = state == Some(organization::State::Active);
        Ok(Ways { is_organization_active, connections: Vec::new() })
    }

    async fn is_enabled(&self, ways: &mut Ways, connection: &str) -> Result<bool, DirectoryError> {
        if let Some((_, is_enabled)) = ways.connections.iter().find(|(known, _)| known == connection) {
            return Ok(*is_enabled);
        }
        let request = GetConnectionRequest { name: connection.to_owned() };
        let mut connections = ConnectionServiceClient::new(self.channel.clone());
        let known = found(connections.get_connection(request).await)?;
        let state = known.and_then(|answer| answer.connection).map(|known| known.state());
        let is_enabled = state == Some(connection::State::Enabled);
        ways.connections.push((connection.to_owned(), is_enabled));
        Ok(is_enabled)
    }

    async fn standing(&self, person: Person, ways: &mut Ways) -> Result<Standing, DirectoryError> {
        let name = resource::person("name", &person.name);
        let (_, id) = name.map_err(|_| DirectoryError::OffContract("a person without a name"))?;
        let connection = match person.connection.as_str() {
            "" => None,
            name => {
                let read = resource::connection("connection", name);
                Some(read.map_err(|_| DirectoryError::OffContract("a connection without a name"))?.1)
            }
        };
        let is_active = person.state() == person::State::Active && ways.is_organization_active;
        let has_way_in = !person.native_users.is_empty()
            || (connection.is_some() && self.is_enabled(ways, &person.connection).await?);
        let profile = person.profile.unwrap_or_default();
        let told = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(Standing {
            person: id,
            is_admitted: is_active && has_way_in,
            connection,
            roles: person.roles,
            display_name: told(profile.display_name),
            given_name: told(profile.given_name),
            family_name: told(profile.family_name),
            email: told(profile.email),
        })
    }
}

#[async_trait]
impl Directory for Registry {
    async fn shows_profiles(&self) -> Result<(), DirectoryError> {
        // Looking for a person by what an identity provider calls them is for the same callers.
        let request = ListPersonsRequest {
            parent: NOBODYS.to_owned(),
            found_by: Some(FoundBy::Subject(Subject::default())),
            ..ListPersonsRequest::default()
        };
        match PersonServiceClient::new(self.channel.clone()).list_persons(request).await {
            Err(status) if status.code() == Code::PermissionDenied => Err(DirectoryError::NoProfiles),
            Err(status) if !matches!(status.code(), Code::NotFound | Code::InvalidArgument) => {
                Err(DirectoryError::Unavailable(Box::new(status)))
            }
            _ => Ok(()),
        }
    }

    async fn organizations(&self) -> Result<Vec<OrganizationId>, DirectoryError> {
        let mut client = OrganizationServiceClient::new(self.channel.clone());
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListOrganizationsRequest { page_size: ORGANIZATIONS_PAGE_SIZE, page_token };
            let page = client.list_organizations(request).await;
            let page = page.map_err(|status| DirectoryError::Unavailable(Box::new(status)))?.into_inner();
            for organization in &page.organizations {
                let id = resource::organization("name", &organization.name);
                all.push(id.map_err(|_| DirectoryError::OffContract("an organization without a name"))?);
            }
            if page.next_page_token.is_empty() {
                return Ok(all);
            }
            page_token = page.next_page_token;
        }
    }

    async fn person(&self, organization: OrganizationId, person: PersonId) -> Result<Option<Standing>, DirectoryError> {
        let request = GetPersonRequest { name: resource::person_name(organization, person) };
        let mut persons = PersonServiceClient::new(self.channel.clone());
        let Some(answer) = found(persons.get_person(request).await)? else { return Ok(None) };
        let known = answer.person.ok_or(DirectoryError::OffContract("no person"))?;
        let standing = self.standing(known, &mut self.ways(organization).await?).await?;
        Ok(Some(standing))
    }

    async fn people(
        &self,
        organization: OrganizationId,
        page_token: String,
    ) -> Result<(Vec<Standing>, String), DirectoryError> {
        let request = ListPersonsRequest {
            parent: resource::organization_name(organization),
            page_size: PEOPLE_PAGE_SIZE,
            page_token,
            ..ListPersonsRequest::default()
        };
        let mut persons = PersonServiceClient::new(self.channel.clone());
        let Some(page) = found(persons.list_persons(request).await)? else { return Ok((Vec::new(), String::new())) };
        let mut ways = self.ways(organization).await?;
        let mut people = Vec::with_capacity(page.persons.len());
        for person in page.persons {
            people.push(self.standing(person, &mut ways).await?);
        }
        Ok((people, page.next_page_token))
    }
}

/// What is not there is none.
fn found<T>(answer: Result<tonic::Response<T>, Status>) -> Result<Option<T>, DirectoryError> {
    match answer {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(DirectoryError::Unavailable(Box::new(status))),
    }
}
