//! The authorization endpoint: what Cognito's redirect asks, and the two ways to answer it.

mod error;
mod query;
mod request;
mod response;
mod state;

pub use error::{AuthorizeError, AuthorizeErrorCode, AuthorizeFailure, AuthorizePageError};
pub use query::AuthorizeQuery;
pub use request::{AuthorizeRequest, Prompt};
pub use response::{failure_location, success_location};
pub use state::State;
