//! What a browser holds so that a person can be signed out: the sessions it began, and the sign-outs under way.

mod pending;
mod session;

pub(crate) use pending::{PendingLogout, PendingLogouts};
pub(crate) use session::{Session, SessionCookies, forget as forget_session};
