#![doc = include_str!("mod.md")]

pub mod cognito;
pub mod directory;
pub mod event_log;
pub mod events;
pub mod flood;
pub mod logout;
pub mod metadata;
pub mod oidc;
pub mod path;
pub mod provisioning;
pub mod saml;
