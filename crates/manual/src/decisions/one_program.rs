#![doc = include_str!("one_program.md")]
