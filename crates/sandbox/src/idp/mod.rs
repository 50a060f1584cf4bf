//! Simulated identity providers of several organizations.
//!
//! | address | what it is |
//! |---|---|
//! | `/{login}/metadata` | SAML metadata, to create a connection from |
//! | `/{login}/sso` | where AuthnRequests arrive, by Redirect or POST |
//! | `/{login}/slo` | where logout messages arrive, by Redirect or POST |
//! | `/{login}/sign-out` | the page on which a person signs out here |
//! | `/{login}/portal` | the page that sends a person to the application without it having asked |
//! | `/{login}/sign-in` | the page's form: choose a person, sign in or cancel |

mod error;
mod keyring;
mod logout;
mod page;
mod portal;
mod response;
mod service_provider;
mod site;
mod subject;

pub use error::SetUpError;
pub use site::{IdentityProviders, IdpConfig};
