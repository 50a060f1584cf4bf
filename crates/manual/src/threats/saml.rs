#![doc = include_str!("saml.md")]
