#![doc = include_str!("person_identity.md")]
