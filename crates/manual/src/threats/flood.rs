#![doc = include_str!("flood.md")]
