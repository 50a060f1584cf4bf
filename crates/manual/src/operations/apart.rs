#![doc = include_str!("apart.md")]
