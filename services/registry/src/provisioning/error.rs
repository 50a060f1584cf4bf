use vestibule_eventlog::{AppendError, CommandError, LoadError, ReadError};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::resource::InvalidName;
use vestibule_scim::{Refusal, ScimType};
use vestibule_storage::KeyError;

use super::{
    group::{GROUPS_OF_USER_MAX, MEMBER_CHANGES_MAX},
    list::SCAN_MAX,
};
use crate::field::InvalidFields;

/// Why a directory, or who looks after one, is not answered as they meant.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The token is not good. Said in the same words where there is no such directory.
    #[error("the token is not good for this directory")]
    TokenUnknown,
    /// There is no such resource in this directory.
    #[error("the directory has no such resource")]
    NotFound,
    /// The resource is not at the version the caller has seen.
    #[error("the resource has changed since: read it again and decide again")]
    EtagMismatch,
    /// A value that has to be unique is taken.
    #[error("`{0}` is taken")]
    Taken(&'static str),
    /// The message is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The filter would go through too many resources.
    #[error("the filter would go through more than {SCAN_MAX} resources: compare `userName` or `externalId` by `eq`")]
    TooMany,
    /// One request changes too many members.
    #[error("one request changes at most {MEMBER_CHANGES_MAX} members: use several")]
    TooManyMembers,
    /// A member is in too many groups.
    #[error("a user is a member of at most {GROUPS_OF_USER_MAX} groups")]
    TooManyGroups,
    /// What the connection recognises people by cannot come from SCIM, as it is set now.
    #[error("the connection recognises people by what a directory cannot say: {0}")]
    SubjectUnknown(&'static str),
    /// Fields of the request are wrong.
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    /// A resource name is malformed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The domain says no.
    #[error("{0}")]
    Rejected(Box<dyn Explain + Send + Sync>),
    /// The connection has a directory.
    #[error("the connection has a directory already")]
    ConnectionTaken,
    /// The index of resources does not keep up with the log.
    #[error("the index of directories has not reached the end of the log in time")]
    IndexBehind,
    /// Others kept changing the same.
    #[error("others keep changing the same resource")]
    Contended,
    /// The log did not take the events.
    #[error(transparent)]
    Append(AppendError),
    /// The log cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Explain for Error {
    fn explain(&self) -> Explanation {
        let refused = |scim_type: ScimType| Explanation::field("SCIM_REFUSED", scim_type.as_str(), self.to_string());
        match self {
            Self::TokenUnknown => Explanation::new(Kind::Unauthenticated, "DIRECTORY_TOKEN_UNKNOWN"),
            Self::NotFound => Explanation::new(Kind::NotFound, "RESOURCE_NOT_FOUND"),
            Self::EtagMismatch => Explanation::new(Kind::Conflict, "ETAG_MISMATCH"),
            Self::Taken(_) => Explanation::new(Kind::AlreadyExists, "SCIM_UNIQUENESS"),
            Self::Refused(refusal) => refused(refusal.scim_type()),
            Self::TooMany | Self::TooManyMembers | Self::TooManyGroups => refused(ScimType::TooMany),
            Self::SubjectUnknown(_) => Explanation::new(Kind::Precondition, "DIRECTORY_SUBJECT_UNKNOWN"),
            Self::Fields(error) => error.explain(),
            Self::Name(error) => error.explain(),
            Self::Rejected(rejection) => rejection.explain(),
            Self::ConnectionTaken => Explanation::new(Kind::AlreadyExists, "NAME_TAKEN"),
            Self::IndexBehind => Explanation::new(Kind::Unavailable, "DIRECTORY_BEHIND"),
            Self::Contended => Explanation::new(Kind::Conflict, "CONTENDED"),
            Self::Append(error) => error.explain(),
            Self::Load(error) => error.explain(),
            Self::Key(error) => error.explain(),
        }
    }
}

impl Error {
    pub(super) fn rejected<R: Explain + Send + Sync + 'static>(rejection: R) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        use vestibule_tenancy::{directory, directory_user, person};
        match error {
            AppendError::Reserved { scope: directory::CONNECTION, .. } => Self::ConnectionTaken,
            AppendError::Reserved { scope: directory_user::USER_NAME, .. } => Self::Taken("userName"),
            AppendError::Reserved { scope: directory_user::EXTERNAL_ID, .. } => Self::Taken("externalId"),
            AppendError::Reserved { scope: person::SUBJECT | directory_user::SUBJECT, .. } => {
                Self::Taken("the subject of the sign-in")
            }
            error => Self::Append(error),
        }
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
            CommandError::Stale { .. } => Self::EtagMismatch,
            CommandError::Contended => Self::Contended,
            CommandError::Append(error) => error.into(),
            CommandError::Load(error) => Self::Load(error),
        }
    }
}

/// An event could not be written down.
pub(super) fn unprepared(error: serde_json::Error) -> Error {
    Error::Append(AppendError::Unprepared(Box::new(error)))
}
