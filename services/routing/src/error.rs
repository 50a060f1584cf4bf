use vestibule_cognito::{InvalidParameter, Parameter};
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_rpc::resource::InvalidName;
use vestibule_tenancy::NameError;

use crate::ticket::TicketError;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoutingError {
    #[error("nothing is said about the person: set one of email, domain, organization_code, ticket, login_hint")]
    PersonMissing,
    #[error("{field} is too long")]
    TooLong { field: &'static str },
    #[error("{field}: {source}")]
    Name { field: &'static str, source: NameError },
    #[error("{field}: {source}")]
    Ticket { field: &'static str, source: TicketError },
    #[error(transparent)]
    Resource(#[from] InvalidName),
    #[error("application: {0}")]
    Application(#[from] InvalidParameter),
    #[error("lifetime: expected 1 second to 24 hours")]
    Lifetime,
    #[error("there is no such user pool")]
    UserPoolUnknown,
    #[error("there is no such organization")]
    OrganizationUnknown,
    #[error("the organization has no such connection")]
    ConnectionUnknown,
    /// An answer from a view with gaps could send a person past the identity provider of the organization.
    #[error("the view of the event log is not complete: {state}")]
    ViewStale { state: &'static str },
    #[error("there is no key to sign tickets with")]
    NoTicketKey,
}

impl Explain for RoutingError {
    fn explain(&self) -> Explanation {
        match self {
            Self::PersonMissing => Explanation::field("PERSON_MISSING", "person", self.to_string()),
            Self::TooLong { field } => Explanation::field("TEXT_TOO_LONG", *field, self.to_string()),
            Self::Name { field, source } => Explanation::field(source.reason(), *field, source.to_string()),
            Self::Ticket { field, source } => Explanation::field(source.reason(), *field, source.to_string()),
            Self::Resource(error) => error.explain(),
            Self::Application(error) => {
                Explanation::field("APPLICATION_INVALID", field_of(error.parameter), error.problem)
            }
            Self::Lifetime => Explanation::field("LIFETIME_INVALID", "lifetime", self.to_string()),
            Self::UserPoolUnknown => Explanation::new(Kind::NotFound, "USER_POOL_UNKNOWN"),
            Self::OrganizationUnknown => Explanation::new(Kind::NotFound, "ORGANIZATION_UNKNOWN"),
            Self::ConnectionUnknown => Explanation::new(Kind::NotFound, "CONNECTION_UNKNOWN"),
            Self::ViewStale { .. } => Explanation::new(Kind::Unavailable, "VIEW_STALE"),
            Self::NoTicketKey => Explanation::new(Kind::Internal, "TICKET_KEY_MISSING"),
        }
    }
}

/// Where the caller has set what cannot stand in the authorize URL.
const fn field_of(parameter: Parameter) -> &'static str {
    match parameter {
        Parameter::ClientId => "application.client_id",
        Parameter::RedirectUri => "application.redirect_uri",
        Parameter::Scope => "application.scopes",
        Parameter::State => "application.state",
        Parameter::Nonce => "application.nonce",
        Parameter::CodeChallenge => "application.code_challenge",
        Parameter::IdentityProvider => "user_pool",
        Parameter::LoginHint => "person",
    }
}
