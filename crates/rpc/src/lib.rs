//! The gRPC contract: generated code, clients, Status mapping, interceptors, in-memory transport.
