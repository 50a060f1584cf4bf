#![doc = include_str!("mapping.md")]
