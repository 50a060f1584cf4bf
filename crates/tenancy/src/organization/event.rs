use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Reservation, Schema, domain_event};
use vestibule_kernel::OrganizationId;

use super::{EXTERNAL_ID, ForeignEmail, Placement, SLUG};

/// The organization exists.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Created {
    /// Its id, for ever.
    pub organization: OrganizationId,
    /// The short name that people type: lower-case letters, digits and `-`.
    pub slug: String,
    /// The SaaS's own id of this customer.
    pub external_id: Option<String>,
    /// What people read.
    pub display_name: String,
    /// The SaaS's name of what the customer pays for.
    pub tier: String,
    /// The AWS region its data lives in.
    pub region: String,
    /// Where its people live in Cognito.
    pub placement: Placement,
}

impl EventBody for Created {
    const SCHEMA: Schema = Schema::new("organization.created", 1, &[]);
}

/// Properties changed; what is absent stayed as it was.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Updated {
    /// The new short name, and the old one that becomes free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<Change<String>>,
    /// The new external id; `to: None` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Change<Option<String>>>,
    /// The new display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The new tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The new region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The new placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// The placement before, of which what was the organization's alone is free again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_placement: Option<Placement>,
    /// What becomes of foreign e-mail addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_email: Option<ForeignEmail>,
}

/// A unique value before and after.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

impl EventBody for Updated {
    const SCHEMA: Schema = Schema::new("organization.updated", 1, &[]);
}

/// Nobody of the organization may sign in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Suspended {
    /// Why, for operators.
    pub note: String,
}

impl EventBody for Suspended {
    const SCHEMA: Schema = Schema::new("organization.suspended", 1, &[]);
}

/// The suspension is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reinstated {}

impl EventBody for Reinstated {
    const SCHEMA: Schema = Schema::new("organization.reinstated", 1, &[]);
}

domain_event! {
    /// What can have happened to an organization.
    pub enum Event {
        /// See [`Created`].
        Created(Created),
        /// See [`Updated`].
        Updated(Updated),
        /// See [`Suspended`].
        Suspended(Suspended),
        /// See [`Reinstated`].
        Reinstated(Reinstated),
    }
    reservations = reservations;
}

fn reservations(event: &Event) -> Vec<Reservation> {
    let take = |scope, key: &String| Reservation::Take { scope, key: key.clone() };
    let release = |scope, key: &String| Reservation::Release { scope, key: key.clone() };
    match event {
        Event::Created(created) => {
            let external_id = created.external_id.iter().map(|id| take(EXTERNAL_ID, id));
            std::iter::once(take(SLUG, &created.slug)).chain(external_id).chain(created.placement.taken()).collect()
        }
        Event::Updated(updated) => {
            let slug = updated.slug.iter().flat_map(|slug| [release(SLUG, &slug.from), take(SLUG, &slug.to)]);
            let external_id = updated.external_id.iter().flat_map(|id| {
                let released = id.from.iter().map(|from| release(EXTERNAL_ID, from));
                released.chain(id.to.iter().map(|to| take(EXTERNAL_ID, to)))
            });
            let left = updated.former_placement.as_ref().and_then(Placement::released);
            let entered = updated.placement.as_ref().and_then(Placement::taken);
            slug.chain(external_id).chain(left).chain(entered).collect()
        }
        Event::Suspended(_) | Event::Reinstated(_) => Vec::new(),
    }
}
