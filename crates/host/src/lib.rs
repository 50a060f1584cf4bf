//! What every process of Vestibule has, so that a service is nothing but its service.
//!
//! - [`config`]: layered configuration, checked wholly before a port opens.
//! - [`Resources`]: the opened store, its keys, clock and randomness; what a service is started with.
//! - [`Service`]: what a service gives back: gRPC routes, perhaps HTTP routes, and whether it is ready.
//! - [`grpc`] and [`http`]: servers with TLS, authentication, health, reflection, limits and graceful drain.
//! - [`Job`] and [`work`]: what time asks for, done by one of many processes; [`keep_snapshots`] is such a job.
//! - [`telemetry`]: structured logs, OpenTelemetry traces and metrics.
//! - [`pki`]: a private certificate authority and tokens for a deployment that has none.

pub mod access;
pub mod config;
pub mod grpc;
pub mod http;
mod lifecycle;
pub mod peers;
pub mod pki;
mod public_url;
mod resources;
mod service;
mod snapshots;
pub mod telemetry;
mod tls;
mod worker;

pub use lifecycle::{install_crypto_provider, stop_on_signal};
pub use public_url::{ParsePublicUrlError, PublicUrl};
pub use resources::{OpenError, Resources};
pub use service::{Readiness, Service, metadata};
pub use snapshots::keep_snapshots;
pub use tls::TlsError;
pub use worker::{Job, Turn, work};
