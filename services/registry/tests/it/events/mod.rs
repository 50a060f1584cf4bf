//! Published events over gRPC: the same as on a bus, from any place on, and nothing twice.

mod bounds;
mod refused;
mod sameness;
mod subscription;
mod world;
