#![doc = include_str!("mod.md")]

pub mod assertion_streams;
pub mod checked_in_code;
pub mod claim_policy;
pub mod cryptography;
pub mod event_order;
pub mod keys;
pub mod one_program;
pub mod person_identity;
pub mod personal_data;
pub mod real_parts;
pub mod saml_engine;
pub mod sealed_sign_in;
pub mod second_opinion;
pub mod services_speak_grpc;
pub mod sqlite_default;
pub mod tickets;
