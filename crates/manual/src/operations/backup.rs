#![doc = include_str!("backup.md")]
