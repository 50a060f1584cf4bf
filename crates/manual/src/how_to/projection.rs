#![doc = include_str!("projection.md")]
