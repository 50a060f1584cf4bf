use async_trait::async_trait;
use tonic::{Code, Status};
use vestibule_rpc::{
    Channel,
    registry::v1::{
        GetOrganizationRequest, GetPersonRequest, GetUserPoolRequest, ListPersonsRequest, Person,
        organization_service_client::OrganizationServiceClient, person_service_client::PersonServiceClient,
        placement::Kind, user_pool_service_client::UserPoolServiceClient,
    },
};

/// How many persons are asked for at once.
const PAGE_SIZE: i32 = 100;

/// A user pool as AWS knows it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct UserPool {
    /// The AWS region.
    pub region: String,
    /// Cognito's id.
    pub pool_id: String,
}

/// What Cognito calls somebody in a user pool.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Username(pub String);

/// Who people are in their user pools.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The users of one person; none when there is no such person.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn person(&self, organization: &str, person: &str) -> Result<Vec<(UserPool, Username)>, DirectoryError>;

    /// The users of everybody in an organization, or of those who come over one connection.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn everybody(
        &self,
        organization: &str,
        connection: Option<&str>,
    ) -> Result<Vec<(UserPool, Username)>, DirectoryError>;
}

/// The registry does not say who they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// It cannot be reached, or does not answer us.
    #[error("the registry does not answer")]
    Unavailable(#[source] Box<Status>),
    /// Its answer lacks what the contract says.
    #[error("the answer of the registry is not what the contract says: {0}")]
    OffContract(&'static str),
}

/// The registry, over gRPC.
#[derive(Clone)]
pub struct Registry {
    channel: Channel,
}

/// Where the users of an organization are.
struct Home {
    pool: UserPool,
    provider_name: String,
}

impl Registry {
    /// Asks through this channel.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        Self { channel }
    }

    async fn home(&self, organization: &str) -> Result<Option<Home>, DirectoryError> {
        let request = GetOrganizationRequest { name: organization.to_owned() };
        let mut organizations = OrganizationServiceClient::new(self.channel.clone());
        let Some(answer) = found(organizations.get_organization(request).await)? else { return Ok(None) };
        let placement = answer.organization.and_then(|organization| organization.placement?.kind);
        let user_pool = match placement {
            Some(Kind::SharedPool(shared)) => shared.user_pool,
            Some(Kind::Group(group)) => group.user_pool,
            Some(Kind::OwnPool(own)) => own.user_pool,
            Some(Kind::AppClient(client)) => client.user_pool,
            None => return Err(DirectoryError::OffContract("an organization without a placement")),
        };
        self.pool(&user_pool).await
    }

    async fn pool(&self, name: &str) -> Result<Option<Home>, DirectoryError> {
        let request = GetUserPoolRequest { name: name.to_owned() };
        let mut pools = UserPoolServiceClient::new(self.channel.clone());
        let Some(answer) = found(pools.get_user_pool(request).await)? else { return Ok(None) };
        let pool = answer.user_pool.ok_or(DirectoryError::OffContract("no user pool"))?;
        let provider_name = pool.provider_name;
        Ok(Some(Home { pool: UserPool { region: pool.region, pool_id: pool.pool_id }, provider_name }))
    }

    /// The user that our provider made, and those that were there before.
    async fn users(&self, home: &Home, person: &Person) -> Result<Vec<(UserPool, Username)>, DirectoryError> {
        let id = person.name.rsplit('/').next().unwrap_or_default();
        let mut users = vec![(home.pool.clone(), Username(vestibule_cognito::username(&home.provider_name, id)))];
        for native in &person.native_users {
            if let Some(elsewhere) = self.pool(&native.user_pool).await? {
                users.push((elsewhere.pool, Username(native.native_user.clone())));
            }
        }
        Ok(users)
    }
}

#[async_trait]
impl Directory for Registry {
    async fn person(&self, organization: &str, person: &str) -> Result<Vec<(UserPool, Username)>, DirectoryError> {
        let Some(home) = self.home(organization).await? else { return Ok(Vec::new()) };
        let request = GetPersonRequest { name: format!("{organization}/persons/{person}") };
        let mut persons = PersonServiceClient::new(self.channel.clone());
        let Some(answer) = found(persons.get_person(request).await)? else { return Ok(Vec::new()) };
        let person = answer.person.ok_or(DirectoryError::OffContract("no person"))?;
        self.users(&home, &person).await
    }

    async fn everybody(
        &self,
        organization: &str,
        connection: Option<&str>,
    ) -> Result<Vec<(UserPool, Username)>, DirectoryError> {
        let Some(home) = self.home(organization).await? else { return Ok(Vec::new()) };
        let mut clients = PersonServiceClient::new(self.channel.clone());
        let (mut users, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListPersonsRequest {
                parent: organization.to_owned(),
                page_size: PAGE_SIZE,
                page_token,
                ..ListPersonsRequest::default()
            };
            let Some(page) = found(clients.list_persons(request).await)? else { return Ok(users) };
            for person in &page.persons {
                if connection.is_none_or(|connection| person.connection == connection) {
                    users.extend(self.users(&home, person).await?);
                }
            }
            if page.next_page_token.is_empty() {
                return Ok(users);
            }
            page_token = page.next_page_token;
        }
    }
}

/// What is not there has no users.
fn found<T>(answer: Result<tonic::Response<T>, Status>) -> Result<Option<T>, DirectoryError> {
    match answer {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(DirectoryError::Unavailable(Box::new(status))),
    }
}
