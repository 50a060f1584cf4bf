#![doc = include_str!("directory.md")]
