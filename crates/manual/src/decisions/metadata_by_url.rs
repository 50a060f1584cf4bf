#![doc = include_str!("metadata_by_url.md")]
