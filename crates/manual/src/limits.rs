#![doc = include_str!("limits.md")]
