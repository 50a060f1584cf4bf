use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Reservation, Schema, domain_event};
use vestibule_kernel::{DomainId, OrganizationId, Timestamp};

use super::{CLAIMED_NAME, VERIFIED_NAME};

/// An organization says that a name is its own.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Claimed {
    /// The claim's id.
    pub domain: DomainId,
    /// Who claims it.
    pub organization: OrganizationId,
    /// The name: lower-case A-labels (UTS 46), without a trailing dot.
    pub name: String,
}

impl EventBody for Claimed {
    const SCHEMA: Schema = Schema::new("domain.claimed", 1, &[]);
}

/// How it is known that the organization owns the name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Proof {
    /// An operator vouches for it.
    OperatorAttestation {
        /// What the operator relied on.
        note: String,
    },
    /// Another organization owned it, and an operator moved it.
    Transfer {
        /// Which.
        from: OrganizationId,
        /// What the operator relied on.
        note: String,
    },
}

/// The organization owns the name; people with an address in it are routed to the organization.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Verified {
    /// The name, repeated because the unique name rides on this event.
    pub name: String,
    /// Whether every subdomain is owned with it.
    pub include_subdomains: bool,
    /// How it is known.
    pub proof: Proof,
    /// Since when.
    pub verified_at: Timestamp,
}

impl EventBody for Verified {
    const SCHEMA: Schema = Schema::new("domain.verified", 1, &[]);
}

/// The organization gives the name up.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Released {
    /// Who gives it up.
    pub organization: OrganizationId,
    /// The name.
    pub name: String,
}

impl EventBody for Released {
    const SCHEMA: Schema = Schema::new("domain.released", 1, &[]);
}

domain_event! {
    /// What can have happened to a claim on a domain.
    pub enum Event {
        /// See [`Claimed`].
        Claimed(Claimed),
        /// See [`Verified`].
        Verified(Verified),
        /// See [`Released`].
        Released(Released),
    }
    reservations = reservations;
}

fn claim_key(organization: OrganizationId, name: &str) -> String {
    format!("{organization}/{name}")
}

fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::Claimed(claimed) => {
            vec![Reservation::Take { scope: CLAIMED_NAME, key: claim_key(claimed.organization, &claimed.name) }]
        }
        Event::Verified(verified) => vec![Reservation::Take { scope: VERIFIED_NAME, key: verified.name.clone() }],
        Event::Released(released) => vec![
            Reservation::Release { scope: VERIFIED_NAME, key: released.name.clone() },
            Reservation::Release { scope: CLAIMED_NAME, key: claim_key(released.organization, &released.name) },
        ],
    }
}
