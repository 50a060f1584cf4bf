#![doc = include_str!("certificates.md")]
