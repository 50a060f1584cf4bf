#![doc = include_str!("cognito.md")]
