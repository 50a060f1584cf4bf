use vestibule_eventlog::{AppendError, CommandError, LoadError, ReadError};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::resource::InvalidName;
use vestibule_settings::InvalidSettings;
use vestibule_storage::{KeyError, StorageError};

use crate::{field::InvalidFields, metadata::Unusable};

/// Why a request is not answered as it was meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Fields of the request are wrong.
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    /// A resource name is malformed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A claim policy says what it may not.
    #[error(transparent)]
    Policy(#[from] vestibule_claims::InvalidPolicy),
    /// The domain says no.
    #[error("{0}")]
    Rejected(Box<dyn Explain + Send + Sync>),
    /// The resource is not at the version the caller has seen.
    #[error("the resource has changed since: its etag is \"{actual}\" now; read it again and decide again")]
    EtagMismatch {
        /// The version it has.
        actual: u64,
    },
    /// A unique name belongs to something else.
    #[error("the {what} is taken")]
    NameTaken {
        /// What kind of name.
        what: &'static str,
    },
    /// The same request id came with another content.
    #[error("the request id was used before for a request with another content")]
    RequestIdReused,
    /// The pool that an organization shall be placed in does not exist.
    #[error("the user pool of the placement does not exist")]
    PlacementNotFound,
    /// The pool that an organization shall be placed in is the own pool of another one.
    #[error("the user pool is another organization's own")]
    UserPoolNotShared,
    /// The pool that shall be an organization's own has others in it.
    #[error("other organizations live in the user pool: it cannot be this organization's own")]
    UserPoolShared,
    /// A subject shall find a person, and finds another one.
    #[error("the subject belongs to {holder}: name that person as the duplicate if they are the same human")]
    SubjectTaken {
        /// The resource name of that one.
        holder: String,
    },
    /// There is nothing to move from the duplicate.
    #[error("the duplicate person has no subject that could be moved")]
    PersonWithoutSubject,
    /// What is personal is asked for without the right to see it.
    #[error("finding a person by their subject needs the registry token")]
    PersonalLookup,
    /// A native user shall be a person, and is another one.
    #[error("the native user is another person already")]
    NativeUserTaken,
    /// A native user shall belong to an organization that lives elsewhere.
    #[error("the organization does not live in this user pool")]
    OtherUserPool,
    /// The metadata is not read from an address.
    #[error("the connection's metadata is imported by hand: there is no address to read it from")]
    MetadataUrlMissing,
    /// Another change than the one that was looked at awaits approval.
    #[error("it is another change that awaits approval: look at it, and decide again")]
    MetadataChangeOutdated,
    /// The metadata at an address is not usable.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// The index of subjects has no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Only what an organization owns can go to another one.
    #[error("the domain is not verified: it is nobody's to move")]
    DomainNotVerified,
    /// Nobody of the organization may sign in.
    #[error("the organization that would own the domain is suspended: nobody with an address in it could sign in")]
    DestinationSuspended,
    /// Nobody of the organization could sign in.
    #[error(
        "the organization that would own the domain has no enabled connection with a certificate that is accepted now: nobody \
         with an address in it could sign in. Enable one first, or say that this is meant"
    )]
    NoEnabledConnection,
    /// Nobody of the organization could sign in any more.
    #[error(
        "it is the last connection over which people of the organization sign in: they would read that it cannot sign in, and \
         get no new tokens. Replace it, or say that this is meant"
    )]
    LastConnection,
    /// Nobody could begin over what takes the other one's place.
    #[error(
        "nobody could sign in over the replacement: no certificate that it trusts is one that its settings accept now. Import \
         its metadata first"
    )]
    ReplacementUnusable,
    /// There is no such test, or nothing is known of it any more.
    #[error("there is no such test sign-in, or it was too long ago")]
    TestSignInNotFound,
    /// The table of records that expire cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The directory does not keep up with the log.
    #[error("the directory has not reached the end of the log in time")]
    DirectoryBehind,
    /// An entry of the directory cannot be read.
    #[error("an entry of the directory cannot be read")]
    DirectoryEntry(#[source] serde_json::Error),
    /// Others kept changing the resource.
    #[error("others keep changing the same resource")]
    Contended,
    /// The log did not take the events.
    #[error(transparent)]
    Append(AppendError),
    /// The log cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl Explain for Error {
    fn explain(&self) -> Explanation {
        match self {
            Self::Fields(error) => error.explain(),
            Self::Name(error) => error.explain(),
            Self::Policy(error) => error.explain(),
            Self::Rejected(rejection) => rejection.explain(),
            Self::EtagMismatch { .. } => Explanation::new(Kind::Conflict, "ETAG_MISMATCH"),
            Self::NameTaken { .. } => Explanation::new(Kind::AlreadyExists, "NAME_TAKEN"),
            Self::RequestIdReused => Explanation::field("REQUEST_ID_REUSED", "request_id", self.to_string()),
            Self::PlacementNotFound => Explanation::new(Kind::Precondition, "USER_POOL_NOT_FOUND"),
            Self::UserPoolNotShared => Explanation::new(Kind::Precondition, "USER_POOL_NOT_SHARED"),
            Self::UserPoolShared => Explanation::new(Kind::Precondition, "USER_POOL_SHARED"),
            Self::SubjectTaken { .. } => Explanation::new(Kind::AlreadyExists, "SUBJECT_TAKEN"),
            Self::PersonWithoutSubject => Explanation::new(Kind::Precondition, "PERSON_WITHOUT_SUBJECT"),
            Self::PersonalLookup => Explanation::new(Kind::Forbidden, "REGISTRY_TOKEN_REQUIRED"),
            Self::NativeUserTaken => Explanation::new(Kind::AlreadyExists, "NATIVE_USER_TAKEN"),
            Self::OtherUserPool => Explanation::new(Kind::Precondition, "OTHER_USER_POOL"),
            Self::MetadataUrlMissing => Explanation::new(Kind::Precondition, "METADATA_URL_MISSING"),
            Self::MetadataChangeOutdated => Explanation::new(Kind::Conflict, "METADATA_CHANGE_OUTDATED"),
            Self::Unusable(error) => error.explain(),
            Self::Key(error) => error.explain(),
            Self::DomainNotVerified => Explanation::new(Kind::Precondition, "DOMAIN_NOT_VERIFIED"),
            Self::DestinationSuspended => Explanation::new(Kind::Precondition, "ORGANIZATION_SUSPENDED"),
            Self::NoEnabledConnection => Explanation::new(Kind::Precondition, "NO_ENABLED_CONNECTION"),
            Self::LastConnection => Explanation::new(Kind::Precondition, "LAST_CONNECTION"),
            Self::ReplacementUnusable => Explanation::new(Kind::Precondition, "REPLACEMENT_UNUSABLE"),
            Self::TestSignInNotFound => Explanation::new(Kind::NotFound, "TEST_SIGN_IN_NOT_FOUND"),
            Self::Storage(error) => error.explain(),
            Self::DirectoryBehind => Explanation::new(Kind::Unavailable, "DIRECTORY_BEHIND"),
            Self::DirectoryEntry(_) => Explanation::new(Kind::Corrupt, "DIRECTORY_UNREADABLE"),
            Self::Contended => Explanation::new(Kind::Conflict, "CONTENDED"),
            Self::Append(error) => error.explain(),
            Self::Load(error) => error.explain(),
        }
    }
}

impl Error {
    pub(crate) fn rejected<R: Explain + Send + Sync + 'static>(rejection: R) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Reserved { scope, .. } => Self::NameTaken { what: what(scope) },
            error => Self::Append(error),
        }
    }
}

impl From<InvalidSettings> for Error {
    fn from(error: InvalidSettings) -> Self {
        Self::Fields(error.into())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Load(LoadError::Read(error))
    }
}

impl<R: Explain + Send + Sync + 'static> From<CommandError<R>> for Error {
    fn from(error: CommandError<R>) -> Self {
        match error {
            CommandError::Rejected(rejection) => Self::rejected(rejection),
            CommandError::Stale { actual, .. } => Self::EtagMismatch { actual: actual.0 },
            CommandError::Contended => Self::Contended,
            CommandError::Append(error) => error.into(),
            CommandError::Load(error) => Self::Load(error),
        }
    }
}

/// How people call what a scope of unique names holds.
fn what(scope: &str) -> &'static str {
    use vestibule_tenancy::{domain, organization, user_pool};
    match scope {
        organization::SLUG => "slug",
        organization::EXTERNAL_ID => "external id",
        organization::OWN_POOL => "user pool, which is another organization's own,",
        organization::APP_CLIENT => "app client, which is another organization's own,",
        domain::VERIFIED_NAME => "domain name, which another organization has verified,",
        domain::CLAIMED_NAME => "domain name, which the organization claims already,",
        user_pool::POOL_ID => "pool id",
        user_pool::CLIENT_ID => "client id",
        _ => "name",
    }
}
