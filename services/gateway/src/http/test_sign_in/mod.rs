//! Test sign-ins: the way of a sign-in from our AuthnRequest to the verdict, on a connection that is not live, for whoever
//! holds a link of the registry. It begins here instead of at Cognito, and ends on a page instead of at Cognito: there is no
//! relying party, no code and no session on this way.

mod begin;
mod error;
mod finish;
mod pending;

pub(super) use begin::begin;
pub(super) use finish::{Arrived, finish};
pub(super) use pending::PendingTests;
