#![doc = include_str!("services_speak_grpc.md")]
