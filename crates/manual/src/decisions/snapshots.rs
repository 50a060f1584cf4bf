#![doc = include_str!("snapshots.md")]
