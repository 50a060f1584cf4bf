#![doc = include_str!("second_opinion.md")]
