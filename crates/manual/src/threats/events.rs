#![doc = include_str!("events.md")]
