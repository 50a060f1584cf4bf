#![doc = include_str!("people.md")]
