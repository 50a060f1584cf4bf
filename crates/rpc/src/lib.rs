//! The gRPC contract of Vestibule, for servers and clients alike.
//!
//! - [`registry`], [`routing`], [`saml`], [`enrichment`], [`gateway`], [`events`]: messages, clients and server traits, generated from
//!   `proto/` by `cargo xtask codegen` and checked in.
//! - [`to_status`] is the one place where an error becomes a `Status`; [`reason_of`] is how a client reads it back.
//! - [`Channel`] carries credentials and the trace context of every call; [`memory`] is the transport inside a process,
//!   so that services which live in one process still speak gRPC to each other.

mod caller;
mod channel;
mod incoming;
pub mod memory;
pub mod resource;
mod status;
mod timestamp;

pub use caller::{Caller, Confined};
pub use channel::{Channel, Outgoing, TokenNotPrintable};
pub use incoming::{Incoming, IncomingLayer};
pub use status::{field_violations, reason_of, to_status};
pub use timestamp::{from_proto_timestamp, proto_timestamp};

/// The descriptors of every service here, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptor.bin");

pub use generated::{enrichment, events, gateway, provisioning, registry, routing, saml};

/// One module a package, nested as the generated code expects its neighbours.
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::large_enum_variant,
    clippy::pedantic,
    missing_docs,
    reason = "generated: prost documents what the proto documents"
)]
mod generated {
    /// Organizations, domains, connections and user pools.
    pub mod registry {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.registry.v1.rs");
        }
    }
    /// What organizations' directories say of people.
    pub mod provisioning {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.provisioning.v1.rs");
        }
    }
    /// Where a person signs in.
    pub mod routing {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.routing.v1.rs");
        }
    }
    /// SAML requests and verdicts.
    pub mod saml {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.saml.v1.rs");
        }
    }
    /// Claims for the tokens that Cognito signs.
    pub mod enrichment {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.enrichment.v1.rs");
        }
    }
    /// What is published of what happened.
    pub mod events {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.events.v1.rs");
        }
    }
    /// The trace of sign-ins.
    pub mod gateway {
        /// Version 1.
        pub mod v1 {
            include!("generated/vestibule.gateway.v1.rs");
        }
    }
}
