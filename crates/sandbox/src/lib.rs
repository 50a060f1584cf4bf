//! Everything around Vestibule that a sign-in needs, simulated on one machine: enterprise identity providers
//! ([`idp`]), an Amazon Cognito user pool ([`cognito`]) and a demo application ([`app`]). [`Sandbox`] puts them
//! together and onboards the organizations of the [`roster`] through the registry's public API ([`seed`]); [`check`]
//! signs people in without a browser.
//!
//! Each site is an [`axum::Router`] of its own and can be used alone. Nothing here shares code with what it meets:
//! the simulators stand for software of others, and a mistake must not hide by being made twice.
//!
//! # How the simulated Cognito differs from the real one
//!
//! - It is reached by plain HTTP on the loopback interface, and its issuer is `http://localhost:{port}/{pool id}` instead
//!   of `https://cognito-idp.{region}.amazonaws.com/{pool id}`.
//! - It has one user pool, keeps everything in memory, and has no API to administer it.
//! - Of the grants, authorization code, refresh token and client credentials are there; of the triggers, pre token
//!   generation in each of its versions, inbound federation, and those around sign-up, confirmation and authentication, in
//!   the documented order. Pre token generation runs where the real one is seen to run: before the code goes to the
//!   application, and on refresh. What pre sign-up may confirm or verify by its answer, it does not.
//! - Of the logins, providers by OpenID Connect and the pool's own by an e-mailed code are there. The code stands on
//!   the page, because there is no mail. Everybody who types an address becomes a user.
//! - The upstream `state` has the form and the length of a real one, but is not bound to the browser by a cookie.
//! - ID tokens of providers may be signed with RSA and elliptic curves, not with HMAC.
//! - A userinfo endpoint that fails, fails the sign-in; what the real one does is documented in two ways.
//! - An answer of the trigger that breaks the documented form fails the sign-in; reserved claims in it are ignored.
//! - Throttling, quotas, password login, MFA, passkeys, languages and branding are not simulated.
//! - Where the documentation leaves a text open, the text is ours.

pub mod app;
pub mod check;
pub mod cognito;
pub mod idp;
pub mod roster;
mod sandbox;
pub mod seed;
mod web;

pub use sandbox::{Addresses, Channels, Ports, Sandbox, SandboxConfig, StartError};
pub use web::{ClientError, bind, serve};
