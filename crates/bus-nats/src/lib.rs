//! The bus on NATS JetStream: [`NatsPublisher`] implements the port of `vestibule-bus`, [`NatsSource`] that of
//! `vestibule-consumer`.
//!
//! One stream holds the published events of a deployment. It is made when it is not there, on file storage, with limits by
//! age and size; when it is full it refuses new messages rather than drop old ones, so events wait in the log until there
//! is room. Retention and replicas follow the configuration also later; or an [`Administrator`] makes and changes everything
//! by a [`Declaration`], and the others need no right to.
//!
//! JetStream acknowledges before it syncs to disk (`sync_interval`, two minutes by default). A killed server loses nothing;
//! a power cut may take back what was acknowledged last. Where that matters, run three replicas or `sync_interval: always`.
//!
//! NATS 2.11 or later is needed: each message states the end of the lane it extends
//! (`Nats-Expected-Last-Subject-Sequence-Subject`).

mod connect;
mod consumer;
mod dead_letter;
mod declared;
mod publisher;
mod settings;
mod stream;

pub use connect::ConnectError;
pub use consumer::{ConsumerSettings, NatsHandled, NatsSource};
pub use dead_letter::{DeadLetter, DeadLetterError, DeadLetters};
pub use declared::{
    Administrator, ApplyError, BucketDeclaration, Change, ConsumerDeclaration, Danger, Declaration, Field,
    InvalidDeclaration, Plan, StreamDeclaration, WhenFull,
};
pub use publisher::NatsPublisher;
pub use settings::{Authentication, Settings, StreamSettings};
