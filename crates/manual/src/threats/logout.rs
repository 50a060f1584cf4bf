#![doc = include_str!("logout.md")]
