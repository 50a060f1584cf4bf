#![doc = include_str!("assertion_streams.md")]
