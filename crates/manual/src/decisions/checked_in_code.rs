#![doc = include_str!("checked_in_code.md")]
