#![doc = include_str!("metadata.md")]
