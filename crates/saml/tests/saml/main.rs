//! Black-box tests of the SAML engine: real signatures by an independent identity provider, and every forgery we
//! know of with the reason it is refused for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up fails")]

mod accepted;
mod addressed;
mod attributes;
mod corpus;
mod encryption;
mod forgery;
mod fuzz;
mod limits;
mod logout;
mod metadata;
mod property;
mod recorded;
mod requests;
mod signing;
mod support;
mod timing;
mod trust;
