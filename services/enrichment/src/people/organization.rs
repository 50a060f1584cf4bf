use std::sync::Arc;

use vestibule_kernel::OrganizationId;
use vestibule_tenancy::{
    EmailAddress,
    organization::{self, Placement},
};

/// An organization, as far as tokens depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    /// What stands in tokens; nothing, as long as it has not been created. Shared with whoever is writing a token.
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) is_suspended: bool,
    /// The names that it owns, and whether with everything below.
    pub(super) domains: Vec<(Box<str>, bool)>,
    /// Whether it ever owned one.
    pub(super) had_domain: bool,
}

/// What is known of an organization and may stand in tokens.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) id: OrganizationId,
    /// The id as text, which every token needs.
    pub(crate) id_text: Box<str>,
    pub(crate) slug: String,
    pub(crate) external_id: Option<String>,
    pub(crate) display_name: String,
    pub(crate) tier: String,
    pub(crate) region: String,
    pub(crate) placement: Placement,
}

impl Organization {
    pub(super) const fn unknown() -> Self {
        Self { profile: None, is_suspended: false, domains: Vec::new(), had_domain: false }
    }

    /// Whether it owned names and owns none any more.
    pub(crate) fn has_lost_its_domains(&self) -> bool {
        self.had_domain && self.domains.is_empty()
    }

    /// Whether this is one plain address inside of what it owns.
    pub(crate) fn owns(&self, email: &str) -> bool {
        let verified = |name: &str| self.domains.iter().find(|(known, _)| **known == *name).map(|(_, below)| *below);
        EmailAddress::parse(email).is_ok_and(|address| address.is_owned(verified))
    }

    pub(super) fn verify(&mut self, name: String, below: bool) {
        self.release(&name);
        self.domains.push((name.into_boxed_str(), below));
        self.had_domain = true;
    }

    pub(super) fn release(&mut self, name: &str) {
        self.domains.retain(|(known, _)| **known != *name);
    }

    pub(super) fn apply(&mut self, event: organization::Event) {
        match event {
            organization::Event::Created(created) => self.profile = Some(Arc::new(Profile::of(created))),
            organization::Event::Updated(updated) => {
                if let Some(profile) = &mut self.profile {
                    Arc::make_mut(profile).update(updated);
                }
            }
            organization::Event::Suspended(_) => self.is_suspended = true,
            organization::Event::Reinstated(_) => self.is_suspended = false,
        }
    }
}

impl Profile {
    fn of(created: organization::Created) -> Self {
        Self {
            id: created.organization,
            id_text: created.organization.to_string().into_boxed_str(),
            slug: created.slug,
            external_id: created.external_id,
            display_name: created.display_name,
            tier: created.tier,
            region: created.region,
            placement: created.placement,
        }
    }

    fn update(&mut self, updated: organization::Updated) {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        set(&mut self.slug, updated.slug.map(|slug| slug.to));
        set(&mut self.external_id, updated.external_id.map(|id| id.to));
        set(&mut self.display_name, updated.display_name);
        set(&mut self.tier, updated.tier);
        set(&mut self.region, updated.region);
        set(&mut self.placement, updated.placement);
    }
}
