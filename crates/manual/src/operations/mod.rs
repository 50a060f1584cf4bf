#![doc = include_str!("mod.md")]

pub mod apart;
pub mod backup;
pub mod claims;
pub mod events;
pub mod global_sign_out;
pub mod health;
pub mod keys;
pub mod log;
pub mod mapping;
pub mod onboarding;
pub mod people;
pub mod placement;
pub mod provisioning;
pub mod second_opinion;
pub mod trace;
