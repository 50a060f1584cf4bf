use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use vestibule_decider::{Decider, DecodeError};
use vestibule_eventlog::{EntryKey, Projection, Recorded};
use vestibule_host::Resources;
use vestibule_kernel::OrganizationId;
use vestibule_tenancy::{
    connection::{self, Connection},
    domain::{self, Domain},
    organization::{self, Organization},
    user_pool::{self, UserPool},
};

use crate::{
    error::Error,
    followed::{Followed, Page},
    listing::Listing,
    resource::Resource,
};

/// Everything that is listed with its properties, as a view in the store.
#[derive(Clone)]
pub(crate) struct Directory(Followed<Entries>);

/// One page of a list.
pub(crate) struct Listed<D> {
    pub(crate) resources: Vec<Resource<D>>,
    pub(crate) next_page_token: String,
}

impl Directory {
    pub(crate) fn start(resources: &Resources, wait_max: Duration) -> Self {
        Self(Followed::start(resources, Entries, wait_max))
    }

    /// Why lists cannot be answered, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.check()
    }

    /// A page of the resources of one kind, in the order of their ids; with everything that was in the log when it was
    /// asked for.
    pub(crate) async fn list<D: Decider + DeserializeOwned>(
        &self,
        organization: Option<OrganizationId>,
        listing: &Listing,
    ) -> Result<Listed<D>, Error> {
        let Page { rows, next_page_token } = self.0.page(organization, &prefix::<D>(), listing).await?;
        let resources = rows.into_iter().map(|(_, entry)| serde_json::from_value(entry)).collect::<Result<_, _>>();
        Ok(Listed { resources: resources.map_err(Error::DirectoryEntry)?, next_page_token })
    }
}

fn prefix<D: Decider>() -> String {
    format!("{}/", D::CATEGORY)
}

/// The projection: each entry is the aggregate's own state, folded by its own rules.
struct Entries;

impl Projection for Entries {
    const NAME: &'static str = "registry.directory.v2";

    fn categories() -> Vec<&'static str> {
        vec![organization::CATEGORY, domain::CATEGORY, connection::CATEGORY, user_pool::CATEGORY]
    }

    fn entries(&self, event: &Recorded) -> Result<Vec<EntryKey>, DecodeError> {
        let category = event.stream.category();
        // Organizations are listed in one list; domains and connections in one of each organization.
        let organization = event.stream.organization().filter(|_| category != organization::CATEGORY);
        Ok(vec![EntryKey { organization, key: format!("{category}/{}", event.stream.key()) }])
    }

    fn project(&self, event: &Recorded, _key: &EntryKey, entry: Option<Value>) -> Result<Option<Value>, DecodeError> {
        match event.stream.category() {
            organization::CATEGORY => fold::<Organization>(event, entry, |_| true),
            domain::CATEGORY => fold::<Domain>(event, entry, |domain| !matches!(domain, Domain::Released { .. })),
            connection::CATEGORY => fold::<Connection>(event, entry, |_| true),
            user_pool::CATEGORY => fold::<UserPool>(event, entry, |_| true),
            _ => Ok(entry),
        }
    }
}

fn fold<D: Decider + Serialize + DeserializeOwned>(
    event: &Recorded,
    entry: Option<Value>,
    is_listed: impl FnOnce(&D) -> bool,
) -> Result<Option<Value>, DecodeError> {
    let unreadable = |source| DecodeError::Malformed { name: Entries::NAME, source };
    let decoded = event.decode::<D::Event>()?;
    let before = entry.map(serde_json::from_value::<Resource<D>>).transpose().map_err(unreadable)?;
    let (state, created_at) =
        before.map_or_else(|| (D::default(), event.recorded_at), |before| (before.state, before.created_at));
    let after =
        Resource { state: state.evolve(&decoded), version: event.version.0, created_at, updated_at: event.recorded_at };
    if is_listed(&after.state) { serde_json::to_value(after).map(Some).map_err(unreadable) } else { Ok(None) }
}
