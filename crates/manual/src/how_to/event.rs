#![doc = include_str!("event.md")]
