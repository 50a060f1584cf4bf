use vestibule_kernel::{Explain, Explanation, Kind};

use super::{CLIENT_SECRETS_MAX, DOMAINS_MAX, POST_LOGOUT_REDIRECT_URIS_MAX};

/// Why a user pool says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// It is registered already.
    #[error("the user pool is registered already")]
    AlreadyExists,
    /// It is not registered.
    #[error("the user pool does not exist")]
    NotFound,
    /// Authorize URLs and redirect URIs are made of its domains.
    #[error("a user pool has at least one domain")]
    NoDomain,
    /// More domains than a pool can have.
    #[error("a user pool has at most {} domains", DOMAINS_MAX)]
    TooManyDomains,
    /// The same domain twice.
    #[error("the same domain is named twice")]
    DomainTwice,
    /// More addresses than an application needs.
    #[error("a user pool has at most {} addresses to go to after signing out", POST_LOGOUT_REDIRECT_URIS_MAX)]
    TooManyPostLogoutRedirectUris,
    /// The same address twice.
    #[error("the same address to go to after signing out is named twice")]
    PostLogoutRedirectUriTwice,
    /// A rotation needs two, more are only more to lose.
    #[error("the user pool has {CLIENT_SECRETS_MAX} client secrets already: retire one first")]
    SecretLimit,
    /// The pool could not authenticate any more.
    #[error("this is the last client secret of the user pool: add another one first")]
    LastSecret,
    /// There never was such a secret.
    #[error("the user pool has no such client secret")]
    SecretNotFound,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        let domains = |reason| Explanation::field(reason, "user_pool.domains", self.to_string());
        let after = |reason| Explanation::field(reason, "user_pool.post_logout_redirect_uris", self.to_string());
        match self {
            Self::AlreadyExists => Explanation::new(Kind::AlreadyExists, "USER_POOL_ALREADY_EXISTS"),
            Self::NotFound => Explanation::new(Kind::NotFound, "USER_POOL_NOT_FOUND"),
            Self::NoDomain => domains("POOL_DOMAIN_REQUIRED"),
            Self::TooManyDomains => domains("TOO_MANY_POOL_DOMAINS"),
            Self::DomainTwice => domains("POOL_DOMAIN_TWICE"),
            Self::TooManyPostLogoutRedirectUris => after("TOO_MANY_POST_LOGOUT_REDIRECT_URIS"),
            Self::PostLogoutRedirectUriTwice => after("POST_LOGOUT_REDIRECT_URI_TWICE"),
            Self::SecretLimit => Explanation::new(Kind::Precondition, "CLIENT_SECRET_LIMIT"),
            Self::LastSecret => Explanation::new(Kind::Precondition, "CLIENT_SECRET_LAST"),
            Self::SecretNotFound => Explanation::new(Kind::NotFound, "CLIENT_SECRET_NOT_FOUND"),
        }
    }
}
