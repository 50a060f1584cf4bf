use vestibule_kernel::OrganizationId;

use super::{ForeignEmail, Placement};
use crate::{DisplayName, ExternalId, Note, Region, Slug, Tier};

/// What can be asked of an organization.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to exist.
    Create(Create),
    /// Change some properties.
    Update(Update),
    /// Let nobody sign in.
    Suspend {
        /// Why.
        note: Note,
    },
    /// Let people sign in again.
    Reinstate,
}

/// The properties of a new organization.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Create {
    /// Its id.
    pub organization: OrganizationId,
    /// The short name that people type.
    pub slug: Slug,
    /// The SaaS's own id of this customer.
    pub external_id: Option<ExternalId>,
    /// What people read.
    pub display_name: DisplayName,
    /// The SaaS's name of what the customer pays for.
    pub tier: Tier,
    /// The AWS region its data lives in.
    pub region: Region,
    /// Where its people live in Cognito; that the pool exists is for the caller to see.
    pub placement: Placement,
    /// What becomes of foreign e-mail addresses.
    pub foreign_email: ForeignEmail,
}

/// Properties to change; what is absent stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Update {
    /// The short name.
    pub slug: Option<Slug>,
    /// The external id; `Some(None)` removes it.
    pub external_id: Option<Option<ExternalId>>,
    /// The display name.
    pub display_name: Option<DisplayName>,
    /// The tier.
    pub tier: Option<Tier>,
    /// The region.
    pub region: Option<Region>,
    /// The placement; that the pool exists is for the caller to see.
    pub placement: Option<Placement>,
    /// What becomes of foreign e-mail addresses.
    pub foreign_email: Option<ForeignEmail>,
}
