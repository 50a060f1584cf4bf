#![doc = include_str!("sealed_sign_in.md")]
