#![doc = include_str!("benchmarks.md")]
