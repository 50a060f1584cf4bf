//! What organizations' directories say of people: SCIM resources, kept as a directory's users and groups, and what that means
//! for the people.
//!
//! - `access` looks at the token of every request; `admin` makes directories and tokens.
//! - `user` and `group` decide over the streams of the directory and of the people together, in one append: there is no
//!   moment at which a directory has deactivated somebody who may still get tokens.
//! - `list` answers filters; `index` knows which resources there are, and nothing personal.
//! - `resource` is what the SCIM edge calls, `service` what operators call.

mod access;
mod admin;
mod error;
mod group;
mod index;
mod list;
mod member;
mod person;
mod render;
mod resource;
mod service;
mod user;

use std::sync::Arc;

use vestibule_eventlog::{EventLog, Live};
use vestibule_host::{PublicUrl, Resources};
use vestibule_kernel::{Chain, Clock, IdSource};
use vestibule_storage::KeyStore;

use index::Index;

/// How often a change is decided anew when others change the same at the same moment.
const ATTEMPTS_MAX: usize = 8;

/// Serves directories, and those who look after them.
#[derive(Clone)]
pub(crate) struct Provisioning(Arc<Inner>);

pub(crate) struct Inner {
    log: EventLog,
    keys: KeyStore,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    public_url: PublicUrl,
    index: Live<Index>,
}

impl Provisioning {
    pub(crate) fn start(resources: &Resources) -> Self {
        Self(Arc::new(Inner {
            log: resources.log.clone(),
            keys: resources.keys.clone(),
            clock: Arc::clone(&resources.clock),
            ids: Arc::clone(&resources.ids),
            public_url: resources.public_url.clone(),
            index: Live::start(resources.log.clone(), Index::default(), resources.stop.clone()),
        }))
    }

    /// Why directories cannot be served, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.0.index.status().stopped.map_or(Ok(()), |reason| Err(Chain(&*reason).to_string()))
    }
}

impl Inner {
    fn new_id(&self) -> uuid::Uuid {
        self.ids.uuid_v7(self.clock.now())
    }
}
