#![doc = include_str!("saml_engine.md")]
