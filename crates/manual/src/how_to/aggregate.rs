#![doc = include_str!("aggregate.md")]
