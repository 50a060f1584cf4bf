#![doc = include_str!("event_order.md")]
