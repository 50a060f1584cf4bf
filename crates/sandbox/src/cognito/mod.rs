//! A simulated Amazon Cognito user pool with its domain, as a relying party of Vestibule and as the issuer that
//! applications trust.
//!
//! Read the files in the order of a sign-in:
//!
//! 1. `authorize`: what an application may ask of `/oauth2/authorize`; the session cookie; the way out to the provider.
//! 2. `upstream`: the pool as OpenID Connect relying party: authorize URL, token call, ID token, userinfo.
//! 3. `mapping` and `profile`: claims become attributes of a profile that outlives the sign-in.
//! 4. `event`, `trigger`, `guard` and `overriding`: the triggers, and what the answer of pre token generation may change.
//! 5. `grant`, `claim` and `key`: authorization codes, refresh tokens, the two tokens and the two keys that sign them.
//! 6. `native`: the pool's own login by a code sent by e-mail. `logout`, `well_known`: what their names say.

mod authorize;
mod claim;
mod config;
mod event;
mod finish;
mod grant;
mod guard;
mod id_token;
mod idpresponse;
mod key;
mod logout;
mod mapping;
mod native;
mod overriding;
mod page;
mod pool;
mod profile;
mod request;
mod state;
mod token;
mod trigger;
mod upstream;
mod well_known;

pub use config::{AppClient, Guard, LambdaConfig, LambdaVersion, OidcProvider, PoolConfig};
pub use pool::{Cognito, CognitoError, Surroundings};
pub use profile::{Identity, Profile};
pub use trigger::{EnrichmentTrigger, Trigger, TriggerError};
