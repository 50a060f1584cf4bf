#![doc = include_str!("placement.md")]
