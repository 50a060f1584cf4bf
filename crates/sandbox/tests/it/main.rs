//! The simulators, each alone: Cognito against a provider made here, the identity providers against hand-made
//! requests, the demo application against routing made here.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot set itself up fails"
)]

mod app;
mod cognito;
mod fixture;
mod guard;
mod idp;
mod native;
mod provider;
mod token;
