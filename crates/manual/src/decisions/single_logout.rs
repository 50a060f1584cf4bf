#![doc = include_str!("single_logout.md")]
