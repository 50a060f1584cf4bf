//! The token endpoint and the bearer token it hands out for userinfo.

mod bearer;
mod error;
mod grant;
mod request;
mod response;

pub use bearer::BearerError;
pub use error::{TokenError, TokenErrorCode};
pub use grant::Grant;
pub use request::{AuthenticatedTokenRequest, TokenRequest};
pub use response::TokenResponse;
