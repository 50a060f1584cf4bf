#![doc = include_str!("mod.md")]

pub mod cognito;
pub mod event_log;
pub mod flood;
pub mod logout;
pub mod oidc;
pub mod path;
pub mod provisioning;
pub mod saml;
