#![doc = include_str!("onboarding.md")]
