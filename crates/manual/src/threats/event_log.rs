#![doc = include_str!("event_log.md")]
