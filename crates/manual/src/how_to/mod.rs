#![doc = include_str!("mod.md")]

pub mod aggregate;
pub mod event;
pub mod projection;
pub mod rpc;
pub mod saml_check;
pub mod setting;
