#![doc = include_str!("rpc.md")]
