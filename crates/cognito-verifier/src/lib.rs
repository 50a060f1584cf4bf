//! Verifies the tokens of Amazon Cognito user pools, for any Rust backend.
//!
//! A token is accepted when it was signed by a key of one of the trusted user pools, names that pool as its issuer, is
//! within its time, and fits the [`Requirements`]: token use, app client, groups, scopes and organization. Everything else
//! is a [`VerifyError`] with a stable [reason](VerifyError::reason).
//!
//! # Use
//!
//! ```
//! use std::time::SystemTime;
//! use vestibule_cognito_verifier::{Clients, RemoteVerifier, Requirements, TokenUses, UserPool};
//!
//! # async fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let requirements = Requirements::new(TokenUses::Access, Clients::one_of(["3n4b5example"])).organization_required();
//! let verifier = RemoteVerifier::new(SystemTime::now);
//! verifier.trust(&UserPool::new("eu-west-1_AbCd12345")?, &requirements);
//!
//! let verified = verifier.verify(token).await?;
//! println!("{:?} of {:?}", verified.subject(), verified.organization());
//! # Ok(())
//! # }
//! ```
//!
//! As a layer of tower, hence of axum, tonic and hyper, it puts the [`VerifiedToken`] into the request's extensions:
//!
//! ```
//! # use std::time::SystemTime;
//! # use vestibule_cognito_verifier::{Clients, RemoteVerifier, Requirements, TokenUses, UserPool, VerifyLayer};
//! use axum::{Extension, Router, routing::get};
//! use vestibule_cognito_verifier::VerifiedToken;
//!
//! async fn invoices(Extension(token): Extension<VerifiedToken>) -> String {
//!     format!("invoices of {}", token.organization().unwrap_or("nobody"))
//! }
//!
//! # fn example(verifier: RemoteVerifier) -> Router {
//! Router::new().route("/invoices", get(invoices)).layer(VerifyLayer::new(verifier))
//! # }
//! ```
//!
//! # Structure
//!
//! [`Verifier`] does no input or output: it decides, and where a key is missing it says which key set to fetch
//! ([`Attempt::NeedsKeys`]). [`RemoteVerifier`] fetches it over HTTPS. The present is an argument of the one and a function
//! given to the other, so that both can be tested at any time.
//!
//! # What holds
//!
//! - Signatures are RS256 and nothing else, by a key of the issuer's own set, found by its `kid`. Keys and addresses inside
//!   a token (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
//! - A key set is fetched when it is first needed and again when a token names a key that is not in it. When the key is not
//!   there either, unknown keys are refused for [`UNKNOWN_KEY_PENALTY`] without asking again, so that made-up key ids
//!   cannot flood Cognito. At most one fetch per key set is under way.
//! - Both forms of a pool's issuer are accepted, `https://cognito-idp.…` and `https://issuer-cognito-idp.…`.
//! - Neither errors nor `Debug` contain tokens or claims.
//!
//! Revocation cannot be seen in a token: a revoked one is accepted until it expires.
//!
//! # Features
//!
//! Both are on by default, and both only add to the interface.
//!
//! | feature | adds |
//! |---|---|
//! | `fetch` | [`RemoteVerifier`], which fetches key sets through reqwest and rustls |
//! | `tower` | [`VerifyLayer`]; turns `fetch` on |

mod claim;
mod compact;
mod error;
mod key;
mod key_set;
mod key_source;
mod pool;
mod requirement;
mod verified;
mod verifier;

#[cfg(feature = "fetch")]
mod fetch;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "fetch")]
mod remote;

pub use compact::TOKEN_BYTES_MAX;
pub use error::{Fault, KeysError, Malformed, VerifyError};
pub use key_set::{KEY_SET_BYTES_MAX, KEYS_MAX, KeySetError};
pub use key_source::{FAILURE_BACKOFF, KeysWanted, UNKNOWN_KEY_PENALTY};
pub use pool::{InvalidUserPool, UserPool};
pub use requirement::{Clients, ORGANIZATION_CLAIM, Requirements, TokenUse, TokenUses};
pub use verified::VerifiedToken;
pub use verifier::{Attempt, Verifier};

#[cfg(feature = "fetch")]
pub use fetch::{FetchError, FetchKeys, Fetched, HttpFetcher, IDLE_TIMEOUT, RESPONSE_TIMEOUT};
#[cfg(feature = "tower")]
pub use layer::{VerifyLayer, Verifying};
#[cfg(feature = "fetch")]
pub use remote::RemoteVerifier;
