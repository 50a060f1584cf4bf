use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::OrganizationId;

use super::{
    CATEGORY, Change, Command, Create, Created, Event, ForeignEmail, Placement, Reinstated, Rejection, Suspended,
    Update, Updated,
};
use crate::{DisplayName, Region, Slug, Tier};

/// One customer of the SaaS, by stage of life.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "terms")]
pub enum Organization {
    /// It does not exist.
    #[default]
    Absent,
    /// Its people may sign in.
    Active(Terms),
    /// Nobody of it may sign in.
    Suspended(Terms),
}

/// What is agreed with an organization.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Terms {
    /// The organization's id.
    pub organization: OrganizationId,
    /// The short name that people type.
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
    /// What becomes of foreign e-mail addresses.
    #[serde(default)]
    pub foreign_email: ForeignEmail,
}

impl Organization {
    /// Its terms, in whatever stage; `None` when it does not exist.
    #[must_use]
    pub const fn terms(&self) -> Option<&Terms> {
        match self {
            Self::Absent => None,
            Self::Active(terms) | Self::Suspended(terms) => Some(terms),
        }
    }

    fn map(self, change: impl FnOnce(Terms) -> Terms) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Active(terms) => Self::Active(change(terms)),
            Self::Suspended(terms) => Self::Suspended(change(terms)),
        }
    }
}

impl Decider for Organization {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create(create)) => Ok(created(create)),
            (Self::Absent, _) => Err(Rejection::NotFound),
            (_, Command::Create(_)) => Err(Rejection::AlreadyExists),
            (Self::Active(terms) | Self::Suspended(terms), Command::Update(update)) => {
                let changes = terms.changes(update);
                Ok(if changes == Updated::default() { vec![] } else { vec![changes.into()] })
            }
            (Self::Active(_), Command::Suspend { note }) => {
                Ok(vec![Suspended { note: note.as_str().to_owned() }.into()])
            }
            (Self::Suspended(_), Command::Reinstate) => Ok(vec![Reinstated {}.into()]),
            (Self::Suspended(_), Command::Suspend { .. }) | (Self::Active(_), Command::Reinstate) => Ok(vec![]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Active(Terms::of(created)),
            (state, Event::Updated(updated)) => state.map(|terms| terms.with(updated)),
            (Self::Active(terms), Event::Suspended(_)) => Self::Suspended(terms),
            (Self::Suspended(terms), Event::Reinstated(_)) => Self::Active(terms),
            (unchanged, Event::Suspended(_) | Event::Reinstated(_)) => unchanged,
        }
    }
}

fn created(create: &Create) -> Vec<Event> {
    let created = Created {
        organization: create.organization,
        slug: create.slug.as_str().to_owned(),
        external_id: create.external_id.as_ref().map(|id| id.as_str().to_owned()),
        display_name: create.display_name.as_str().to_owned(),
        tier: create.tier.as_str().to_owned(),
        region: create.region.as_str().to_owned(),
        placement: create.placement.clone(),
    };
    let policy = Some(create.foreign_email).filter(|policy| *policy != ForeignEmail::default());
    let updated = policy.map(|policy| Updated { foreign_email: Some(policy), ..Updated::default() }.into());
    std::iter::once(created.into()).chain(updated).collect()
}

impl Terms {
    fn of(created: &Created) -> Self {
        Self {
            organization: created.organization,
            slug: created.slug.clone(),
            external_id: created.external_id.clone(),
            display_name: created.display_name.clone(),
            tier: created.tier.clone(),
            region: created.region.clone(),
            placement: created.placement.clone(),
            foreign_email: ForeignEmail::default(),
        }
    }

    /// What of `update` is not so already.
    fn changes(&self, update: &Update) -> Updated {
        fn new(wanted: Option<&str>, now: &str) -> Option<String> {
            wanted.filter(|wanted| *wanted != now).map(str::to_owned)
        }
        let slug = new(update.slug.as_ref().map(Slug::as_str), &self.slug);
        let external_id = update.external_id.as_ref().map(|id| id.as_ref().map(|id| id.as_str().to_owned()));
        let placement = update.placement.clone().filter(|placement| *placement != self.placement);
        Updated {
            slug: slug.map(|to| Change { from: self.slug.clone(), to }),
            external_id: external_id
                .filter(|to| *to != self.external_id)
                .map(|to| Change { from: self.external_id.clone(), to }),
            display_name: new(update.display_name.as_ref().map(DisplayName::as_str), &self.display_name),
            tier: new(update.tier.as_ref().map(Tier::as_str), &self.tier),
            region: new(update.region.as_ref().map(Region::as_str), &self.region),
            former_placement: placement.is_some().then(|| self.placement.clone()),
            placement,
            foreign_email: update.foreign_email.filter(|policy| *policy != self.foreign_email),
        }
    }

    fn with(self, updated: &Updated) -> Self {
        let updated = updated.clone();
        Self {
            organization: self.organization,
            slug: updated.slug.map_or(self.slug, |slug| slug.to),
            external_id: updated.external_id.map_or(self.external_id, |id| id.to),
            display_name: updated.display_name.unwrap_or(self.display_name),
            tier: updated.tier.unwrap_or(self.tier),
            region: updated.region.unwrap_or(self.region),
            placement: updated.placement.unwrap_or(self.placement),
            foreign_email: updated.foreign_email.unwrap_or(self.foreign_email),
        }
    }
}
