//! What every process has: configuration, telemetry, TLS, authentication, health, lifecycle.
