#![doc = include_str!("real_parts.md")]
