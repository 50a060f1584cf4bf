#![doc = include_str!("claims.md")]
