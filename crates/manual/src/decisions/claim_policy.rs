#![doc = include_str!("claim_policy.md")]
