//! Follows the published events of a deployment with what only Cognito's own API can do.
//!
//! **Global sign-out.** Vestibule refuses tokens to whoever may not have them at the next refresh. Until then the tokens that
//! Cognito issued before go on, and its session cookie answers new sign-ins. So a person who is deactivated, signed out
//! or merged into another, and everybody of a connection that is disabled or an organization that is suspended, is signed out of the user pool
//! (`AdminUserGlobalSignOut`): all their refresh tokens are revoked, and Cognito's own endpoints take their access tokens no
//! more. What stays is the lifetime of an ID or access token that a backend verifies by itself.
//!
//! Events come from NATS `JetStream`, in order for each organization, each until it succeeded: a restart, a Cognito that
//! throttles, a registry that is away delay it and lose nothing. What nothing helps goes to the dead letters, with an error
//! in the log. Repeating a sign-out does no harm.
//!
//! Who the person is in the user pool is asked of the registry: the organization's user pool, the provider's name, and the
//! native users that are linked to the person.

mod cognito;
mod directory;
mod sign_out;

pub use cognito::{AwsCognito, Cognito, CognitoError};
pub use directory::{Directory, DirectoryError, Registry, UserPool, Username};
pub use sign_out::SignOut;

/// The events that end sessions, as subjects of a deployment's environment.
#[must_use]
pub fn subjects(environment: &str) -> Vec<String> {
    let facts = [
        "person.deactivated",
        "person.signed_out",
        "person.superseded",
        "connection.disabled",
        "organization.suspended",
    ];
    facts.map(|fact| format!("vestibule.{environment}.*.{fact}")).to_vec()
}
