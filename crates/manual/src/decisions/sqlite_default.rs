#![doc = include_str!("sqlite_default.md")]
