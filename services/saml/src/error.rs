use vestibule_eventlog::{AppendError, LoadError, ReadError};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::resource::InvalidName;
use vestibule_saml::{
    self as saml, CredentialError, MetadataError, ParseRequestIdError, RelayStateError, SigningError,
};
use vestibule_settings::InvalidSettings;
use vestibule_storage::{KeyError, KeyId, StorageError, TestTicketError};
use vestibule_tenancy::{assertion, connection, person};

use crate::logout::SessionError;

/// Why a request has no answer. A refused Response has one and is not here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is no such connection.
    #[error("the connection does not exist")]
    ConnectionNotFound,
    /// Nobody may sign in through the connection.
    #[error("the connection is disabled")]
    ConnectionDisabled,
    /// Nobody of the organization may sign in.
    #[error("the organization is suspended")]
    OrganizationSuspended,
    /// The organization owned domains and owns none any more: nobody of it gets tokens.
    #[error("the organization owns no domain any more")]
    OrganizationWithoutDomain,
    /// The identity provider has no endpoint that can be used.
    #[error("the identity provider of the connection has no usable single sign-on endpoint")]
    NoEndpoint,
    /// The directory has stopped and may be wrong.
    #[error("the directory has stopped")]
    DirectoryStopped,
    /// A resource name is malformed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The RelayState is too long.
    #[error(transparent)]
    RelayState(#[from] RelayStateError),
    /// The request id is not one of ours.
    #[error(transparent)]
    RequestId(#[from] ParseRequestIdError),
    /// Our key cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The session is not one that can be ended.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// There is no message to judge.
    #[error("the request holds no logout message")]
    MessageMissing,
    /// The table of records that expire cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A moment that no timestamp can hold.
    #[error("the time is before 1970 or not a moment at all")]
    Time,
    /// Keys are rotated by whoever may change the registry.
    #[error("rotating keys needs the registry token")]
    NotTheOperator,
    /// The last rotation is not over.
    #[error("the keys of the last rotation do not sign yet: identity providers are given time to learn of them")]
    KeysRotating,
    /// A key was made by a clock that was ahead, or ours is behind.
    #[error("key {0} was made in the future: is this clock right, or was the one it was made by?")]
    KeyFromTheFuture(KeyId),
    /// The request cannot be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// Proposed settings cannot be.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// A sample cannot be read.
    #[error("the sample cannot be read: {0}")]
    Sample(#[source] saml::Refusal),
    /// Metadata is not taken.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The rules of an assertion say no where they cannot.
    #[error(transparent)]
    Assertion(#[from] assertion::Rejection),
    /// The person found is not the person meant.
    #[error(transparent)]
    Person(#[from] person::Rejection),
    /// The key of the index cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The ticket of a test sign-in is not accepted.
    #[error(transparent)]
    Ticket(#[from] TestTicketError),
    /// The connection cannot be tested, or not with this ticket.
    #[error(transparent)]
    Test(#[from] connection::Rejection),
    /// The log cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The log did not take the events.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Others kept changing the same person.
    #[error("others keep changing the same person")]
    Contended,
}

impl Explain for Error {
    fn explain(&self) -> Explanation {
        match self {
            Self::ConnectionNotFound => Explanation::new(Kind::NotFound, "CONNECTION_NOT_FOUND"),
            Self::ConnectionDisabled => Explanation::new(Kind::Precondition, "CONNECTION_DISABLED"),
            Self::OrganizationSuspended => Explanation::new(Kind::Precondition, "ORGANIZATION_SUSPENDED"),
            Self::OrganizationWithoutDomain => Explanation::new(Kind::Precondition, "ORGANIZATION_WITHOUT_DOMAIN"),
            Self::NoEndpoint => Explanation::new(Kind::Precondition, "CONNECTION_WITHOUT_ENDPOINT"),
            Self::DirectoryStopped => Explanation::new(Kind::Unavailable, "DIRECTORY_STOPPED"),
            Self::Name(error) => error.explain(),
            Self::RelayState(error) => error.explain(),
            Self::RequestId(error) => Explanation::field(error.explain().reason, "request_id", error.to_string()),
            Self::Credential(error) => error.explain(),
            Self::Session(error) => error.explain(),
            Self::MessageMissing => Explanation::field("LOGOUT_MESSAGE_MISSING", "message", self.to_string()),
            Self::Storage(error) => error.explain(),
            Self::Settings(error) => error.explain(),
            Self::Sample(refusal) => Explanation::field(refusal.reason(), "saml_response", self.to_string()),
            Self::Time => Explanation::field("TIME_INVALID", "time", self.to_string()),
            Self::NotTheOperator => Explanation::new(Kind::Forbidden, "REGISTRY_TOKEN_REQUIRED"),
            Self::KeyFromTheFuture(_) => Explanation::new(Kind::Corrupt, "KEY_FROM_THE_FUTURE"),
            Self::KeysRotating => Explanation::new(Kind::Precondition, "SERVICE_PROVIDER_KEYS_ROTATING"),
            Self::Signing(error) => error.explain(),
            Self::Metadata(error) => error.explain(),
            Self::Assertion(error) => error.explain(),
            Self::Person(error) => error.explain(),
            Self::Key(error) => error.explain(),
            Self::Ticket(error) => error.explain(),
            Self::Test(rejection) => rejection.explain(),
            Self::Load(error) => error.explain(),
            Self::Append(error) => error.explain(),
            Self::Contended => Explanation::new(Kind::Conflict, "CONTENDED"),
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Load(LoadError::Read(error))
    }
}
