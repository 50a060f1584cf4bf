#![doc = include_str!("oidc.md")]
