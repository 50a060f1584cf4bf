#![doc = include_str!("trace.md")]
