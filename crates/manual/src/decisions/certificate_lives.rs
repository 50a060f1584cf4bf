#![doc = include_str!("certificate_lives.md")]
