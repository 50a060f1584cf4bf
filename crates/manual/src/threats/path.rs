#![doc = include_str!("path.md")]
