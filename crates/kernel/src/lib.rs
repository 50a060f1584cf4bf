//! The words every other crate speaks: typed ids, time, randomness, error kinds, secrets.
//!
//! Nothing here is async and nothing does I/O. The two ambient things a program cannot do without, the system's
//! clock and its random generator, are touched in exactly one place each ([`SystemClock`], [`SystemIds`]);
//! everywhere else they are parameters, so that a test can live through two years in a second and every
//! decision can be repeated.

mod clock;
mod error;
mod id;
mod random;
#[cfg(feature = "schema")]
mod schema;
mod secret;

pub use clock::{Clock, ManualClock, ParseTimestampError, SystemClock, Timestamp};
pub use error::{Chain, Explain, Explanation, Kind, Violation};
pub use id::{
    ConnectionId, DirectoryGroupId, DirectoryId, DirectoryTokenId, DirectoryUserId, DomainId, EventId, OrganizationId,
    ParseIdError, PersonId, UserPoolId,
};
pub use random::{IdSource, SeededIds, SystemIds};
pub use secret::{ExposeSecret, SecretBox, SecretBytes, SecretString, constant_time_eq};
