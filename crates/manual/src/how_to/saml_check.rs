#![doc = include_str!("saml_check.md")]
