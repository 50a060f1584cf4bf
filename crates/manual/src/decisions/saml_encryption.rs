#![doc = include_str!("saml_encryption.md")]
