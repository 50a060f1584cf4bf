#![doc = include_str!("mod.md")]

pub mod apart;
pub mod backup;
pub mod events;
pub mod health;
pub mod keys;
pub mod log;
pub mod trace;
