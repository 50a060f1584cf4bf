#![doc = include_str!("enforcement.md")]
