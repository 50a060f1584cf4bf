//! The registry of organizations, domains, connections and user pools (gRPC).
