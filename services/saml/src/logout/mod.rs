//! Single logout: the session that a sign-in leaves behind, our requests that end it, and the identity provider's.
//!
//! What a sign-in leaves behind lies in two places, neither of them the log. The person's browser holds, sealed, what a
//! LogoutRequest of ours has to name ([`session`]). A table of records that expire tells which person is meant by a
//! NameID and a SessionIndex that the identity provider names in a request of its own ([`index`]): the subject by which
//! a person is known may be an attribute, which no LogoutRequest carries.

mod answer;
mod inbound;
mod index;
mod outbound;
mod session;

use std::time::Duration;

pub(crate) use inbound::{Hearing, validate};
pub(crate) use index::SessionIndex;
pub(crate) use outbound::create;
pub(crate) use session::{SESSION_KEY, SESSION_KEYS_KEPT, Session, SessionError, SessionSeal};

/// How long a session is remembered, in the browser and here, unless the identity provider ends it sooner: Cognito's
/// refresh tokens last as long where nobody says otherwise.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);
