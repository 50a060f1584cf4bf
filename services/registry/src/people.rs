use std::time::Duration;

use serde_json::{Value, json};
use vestibule_decider::{DecodeError, EventBody};
use vestibule_eventlog::{EntryKey, Projection, Recorded};
use vestibule_host::Resources;
use vestibule_kernel::{OrganizationId, PersonId};
use vestibule_tenancy::person::{self, FirstSeen, NativeUserLinked};

use crate::{error::Error, followed::Followed, listing::Listing};

/// Who belongs to which organization, as a view in the store: ids only. What is said of people is read from their own
/// streams, so nothing personal is copied, and a destroyed key leaves nothing behind.
#[derive(Clone)]
pub(crate) struct People(Followed<Entries>);

impl People {
    pub(crate) fn start(resources: &Resources, wait_max: Duration) -> Self {
        Self(Followed::start(resources, Entries, wait_max))
    }

    /// Why lists cannot be answered, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.check()
    }

    /// A page of the people of an organization, and the token of the next one.
    pub(crate) async fn list(
        &self,
        organization: OrganizationId,
        listing: &Listing,
    ) -> Result<(Vec<PersonId>, String), Error> {
        let page = self.0.page(Some(organization), PREFIX, listing).await?;
        Ok((page.rows.iter().filter_map(|(id, _)| id.parse().ok()).collect(), page.next_page_token))
    }
}

const PREFIX: &str = "person/";

/// The projection: an entry for each person, and nothing in it.
struct Entries;

impl Projection for Entries {
    const NAME: &'static str = "registry.people.v1";

    fn categories() -> Vec<&'static str> {
        vec![person::CATEGORY]
    }

    fn entries(&self, event: &Recorded) -> Result<Vec<EntryKey>, DecodeError> {
        // The events with which a person can begin to exist; all others leave the entry as it is.
        let begins = [FirstSeen::SCHEMA.name(), NativeUserLinked::SCHEMA.name()].contains(&event.name.as_str());
        let key =
            || EntryKey { organization: event.stream.organization(), key: format!("{PREFIX}{}", event.stream.key()) };
        Ok(begins.then(key).into_iter().collect())
    }

    fn project(&self, _event: &Recorded, _key: &EntryKey, _entry: Option<Value>) -> Result<Option<Value>, DecodeError> {
        Ok(Some(json!({})))
    }
}
