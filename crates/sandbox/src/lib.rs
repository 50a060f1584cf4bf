//! Simulated identity providers, a simulated Cognito and a demo application.
pub mod cognito;
pub mod idp;
pub mod roster;
mod web;
