#![doc = include_str!("log.md")]
