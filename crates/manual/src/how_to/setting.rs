#![doc = include_str!("setting.md")]
