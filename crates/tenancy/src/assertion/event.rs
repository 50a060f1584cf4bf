use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Reservation, Schema, domain_event};
use vestibule_kernel::{ConnectionId, PersonId, Timestamp, UserPoolId};

use super::REQUEST;

/// The assertion was valid, new, and the answer to an open request.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Accepted {
    /// The connection it came over.
    pub connection: ConnectionId,
    /// Who it is about.
    pub person: PersonId,
    /// The `InResponseTo`: our request.
    pub request_id: String,
    /// The certificate whose key verified the signature.
    pub certificate_fingerprint: String,
    /// The user pool whose sign-in it answers.
    pub user_pool: UserPoolId,
    /// When the assertion itself says it was issued.
    pub issued_at: Timestamp,
}

impl EventBody for Accepted {
    const SCHEMA: Schema = Schema::new("assertion.accepted", 1, &[]);
}

/// The authorization code made from it was exchanged for tokens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Redeemed {
    /// By which user pool.
    pub user_pool: UserPoolId,
}

impl EventBody for Redeemed {
    const SCHEMA: Schema = Schema::new("assertion.redeemed", 1, &[]);
}

domain_event! {
    /// What can have happened to an assertion.
    pub enum Event {
        /// See [`Accepted`].
        Accepted(Accepted),
        /// See [`Redeemed`].
        Redeemed(Redeemed),
    }
    reservations = reservations;
}

fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::Accepted(accepted) => {
            let key = format!("{}/{}", accepted.connection, accepted.request_id);
            vec![Reservation::Take { scope: REQUEST, key }]
        }
        Event::Redeemed(_) => Vec::new(),
    }
}
