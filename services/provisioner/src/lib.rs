//! Keeps the users and groups of SCIM 2.0 services (RFC 7643, RFC 7644) as the registry knows the people.
//!
//! - **What goes where.** Each organization's people go to one service, which the configuration names ([`config`]). A person is
//!   a user whose `externalId` is the person's id; a role of an organization is a group. A user is `active` exactly while the
//!   person could sign in; nobody is ever deleted.
//! - **How.** An event says whom to look at. How they are now is read from the registry, what the service has is read from the
//!   service, and what differs is changed ([`Provisioner`]). So an event that comes late, twice, or after a lost answer does no
//!   harm, and a reconciliation ([`Provisioner::reconcile`]) does the same for everybody.
//! - **Nothing is lost.** While the service or the registry is away, events wait in order ([`vestibule_consumer`]). What the
//!   service refuses for good becomes a dead letter with the reason.
//! - **Nothing is believed.** Of the service's answers, size, time, ids, versions and whose user it is are looked at; a redirect
//!   is not followed. Names and addresses are never logged, nor is what the service says in words.

pub mod config;
mod directory;
mod error;
mod handler;
mod limit;
mod membership;
mod provisioner;
mod reconcile;
mod run;
mod scim;
mod served;
mod status;
mod trace;

pub use directory::{Directory, DirectoryError, Registry, Standing};
pub use error::Error;
pub use handler::Provide;
pub use provisioner::Provisioner;
pub use reconcile::Summary;
pub use run::{RunError, run, run_once};
pub use scim::{ScimError, Unusable, Verdict};
pub use served::Served;
