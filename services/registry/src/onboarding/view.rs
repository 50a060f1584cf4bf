use serde_json::Value;
use vestibule_decider::{Decider as _, DecodeError};
use vestibule_eventlog::{EntryKey, Projection, Recorded};
use vestibule_kernel::OrganizationId;
use vestibule_tenancy::onboarding::{CATEGORY, Event, Onboarding};

use super::Onboardings;
use crate::{error::Error, listing::Listing};

/// The projection: all onboardings in one list, by organization and connection; each is folded by its own rules.
pub(super) struct Entries;

impl Projection for Entries {
    const NAME: &'static str = "registry.onboardings.v1";

    fn categories() -> Vec<&'static str> {
        vec![CATEGORY]
    }

    fn entries(&self, event: &Recorded) -> Result<Vec<EntryKey>, DecodeError> {
        let key = |organization| format!("{}{}", prefix(Some(organization)), event.stream.key());
        let organization = event.stream.organization();
        Ok(organization.map(|of| EntryKey { organization: None, key: key(of) }).into_iter().collect())
    }

    fn project(&self, event: &Recorded, _key: &EntryKey, entry: Option<Value>) -> Result<Option<Value>, DecodeError> {
        let unreadable = |source| DecodeError::Malformed { name: Self::NAME, source };
        let decoded = event.decode::<Event>()?;
        let before = entry.map(serde_json::from_value::<Onboarding>).transpose().map_err(unreadable)?;
        let after = before.unwrap_or_default().evolve(&decoded);
        serde_json::to_value(after).map(Some).map_err(unreadable)
    }
}

fn prefix(organization: Option<OrganizationId>) -> String {
    organization.map_or_else(|| "onboarding/".to_owned(), |organization| format!("onboarding/{organization}/"))
}

impl Onboardings {
    /// A page of the onboardings as they were recorded, and the token of the next one. Where only some are wanted, pages
    /// are shorter.
    pub(crate) async fn list(
        &self,
        organization: Option<OrganizationId>,
        incomplete_only: bool,
        listing: &Listing,
    ) -> Result<(Vec<Onboarding>, String), Error> {
        let page = self.entries.page(None, &prefix(organization), listing).await?;
        let read = page.rows.into_iter().map(|(_, entry)| serde_json::from_value(entry));
        let mut found: Vec<Onboarding> = read.collect::<Result<_, _>>().map_err(Error::DirectoryEntry)?;
        found.retain(|onboarding| !(incomplete_only && matches!(onboarding, Onboarding::Completed(_))));
        Ok((found, page.next_page_token))
    }
}
