//! Consumes the published events of a deployment.
//!
//! - **Order.** The events of an organization are handled one after the other; organizations do not wait for each other.
//! - **Once.** The bus delivers an event again when it does not hear that it was handled, and the relay may publish one
//!   again, under the same id. What was handled is remembered ([`Handled`]) and not handled a second time. Between handling
//!   and remembering there is a moment in which a process can die: a handler must bear to see an event twice.
//! - **Retries.** [`HandleError::Again`] is tried again, later and later, while the events behind it wait: for each
//!   organization order is worth more than speed. After [`ATTEMPTS_MAX`] attempts, four minutes, or at once for
//!   [`HandleError::Never`], the event is set aside as a dead letter with the reason, and the next one gets its turn. A
//!   handler that would rather wait for as long as it takes says so ([`Handler::attempts_max`]).
//! - **Nothing is lost.** An event is acknowledged after it was handled or set aside, never before. Whatever stops the
//!   process, the bus has the event still.
//!
//! A bus is a [`Source`]; `vestibule-bus-nats` has that of NATS `JetStream`.
//!
//! ```
//! use vestibule_consumer::{Event, HandleError, Handler};
//!
//! struct Offboarding;
//!
//! #[async_trait::async_trait]
//! impl Handler for Offboarding {
//!     async fn handle(&self, event: &Event) -> Result<(), HandleError> {
//!         if event.name == "person.deactivated" {
//!             println!("close the sessions of {}", event.data["person"]);
//!         }
//!         Ok(())
//!     }
//! }
//! ```

mod consumer;
mod event;
mod handled;
mod handler;
mod source;

pub use consumer::{ATTEMPTS_MAX, PENDING_MAX, WAIT_MAX, consume};
pub use event::{BODY_BYTES_MAX, Event, MalformedEvent};
pub use handled::{Handled, HandledInMemory};
pub use handler::{HandleError, Handler};
pub use source::{Delivery, Message, Source, SourceError};
