//! Routing of a person to the right identity provider (gRPC).
