#![doc = include_str!("provisioning.md")]
