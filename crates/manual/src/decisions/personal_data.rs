#![doc = include_str!("personal_data.md")]
