//! Published events: what others may know of what happened, and how it reaches them.
//!
//! **The log is the outbox.** Commands never publish; [`Relay`] follows the log and sends what it records to the bus, by way
//! of the port [`Publisher`]. The bus may be gone for an hour: events are late then, never lost.
//!
//! **What is published** stands in [`CATALOG`]; the bodies are types of their own in [`payload`], so that what the log stores
//! can change without its consumers, and [`contract`] tells others what they look like. No secret, assertion, token or note of an operator is in any of them. A [`Message`] is
//! an event as CloudEvents 1.0 has it, in binary mode with a JSON body under the subject `vestibule.<environment>.<organization>.<noun>.<fact>`;
//! what belongs to no organization has the token `deployment` in its place.
//!
//! **Personal fields** are opened by the relay, and only for `person.*`. Once published they can be read in the stream until
//! its retention ends, also after the person's key has been destroyed: keep the retention as short as the consumers allow,
//! and purge `vestibule.<environment>.<organization>.person.>` where the law asks for more. An event that is published
//! after its key was destroyed goes out without them.
//!
//! **Order.** Within an organization, events reach the bus in the order of the log: at most one of them is in flight.
//! Organizations do not wait for each other. The checkpoint moves only over the unbroken run of acknowledged events, and is
//! stored while further ones are published, so after a crash some are looked at again: a bounded number. Each message carries its place in the log; where a lane holds an event already,
//! it is not sent a second time. What is sent twice all the same carries the same id, and the bus drops it inside its
//! window; consumers drop it outside.
//!
//! **One relay leads**, by a lease in the store that another process takes over within seconds. A leader that was paused
//! and does not know yet that it has lost the lease cannot harm: every message names the end of the lane it extends, and
//! the bus refuses it when the lane has moved on. What it can still do is publish the very next event of an organization
//! before its successor does, which is the same message in the same place. The one gap: a lane whose messages have *all*
//! expired from the stream looks like one that never had any, so a relay that was paused for longer than the stream's
//! retention could send one old event per idle organization, under its old id.
//!
//! **A poison event** (one that cannot be read or mapped, or that the bus refuses for good) stops the relay: what is before
//! it is published, what is behind it is not, and readiness and metrics say so.

mod catalog;
pub mod contract;
mod event;
mod message;
pub mod payload;
mod publisher;
mod reading;
mod relay;

pub use catalog::{CATALOG, MapError};
pub use event::{CONTENT_TYPE, Event, Events, SPEC_VERSION, TYPE_PREFIX};
pub use message::{CURSOR_HEADER, Mapping, Message};
pub use publisher::{Last, PublishError, Publisher, Receipt};
pub use reading::{EventError, ListLimits, Listed, UnknownType, Wanted};
pub use relay::{IN_FLIGHT_MAX, Phase, Relay, RelayStatus, StopReason};
