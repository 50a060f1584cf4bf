#![doc = include_str!("cryptography.md")]
