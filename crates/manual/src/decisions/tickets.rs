#![doc = include_str!("tickets.md")]
