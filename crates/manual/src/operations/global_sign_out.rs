#![doc = include_str!("global_sign_out.md")]
