//! What organizations' directories say of people: SCIM resources, kept as a directory's users and groups, and what that means
//! for the people.
//!
//! - `access` looks at the token of every request; `admin` makes directories and tokens.
//! - `user` and `group` decide over the streams of the directory and of the people together, in one append: there is no
//!   moment at which a directory has deactivated somebody who may still get tokens.
//! - `follow` finishes what requests began, and `settle` is what it does: what is too much for one append goes on from the
//!   log, whatever becomes of the request.
//! - `list` answers filters; `index` knows which resources there are, and nothing personal.
//! - `resource` is what the SCIM edge calls, `service` what operators call.

mod access;
mod admin;
mod error;
mod follow;
mod group;
mod index;
mod list;
mod member;
mod person;
mod render;
mod resource;
mod service;
mod settle;
mod user;

use std::sync::Arc;

use vestibule_eventlog::{EventLog, Live, Views};
use vestibule_host::{PublicUrl, Resources};
use vestibule_kernel::{Chain, Clock, IdSource};
use vestibule_storage::KeyStore;

use follow::Follower;
use index::Index;

/// How often a change is decided anew when others change the same at the same moment.
const ATTEMPTS_MAX: usize = 8;

/// Serves directories, and those who look after them.
#[derive(Clone)]
pub(crate) struct Provisioning(Arc<Inner>);

/// What has to work for directories to be served.
#[derive(Clone)]
pub(crate) struct Health {
    provisioning: Provisioning,
    follower: Follower,
}

pub(crate) struct Inner {
    log: EventLog,
    views: Arc<dyn Views>,
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
            views: Arc::clone(&resources.views),
            keys: resources.keys.clone(),
            clock: Arc::clone(&resources.clock),
            ids: Arc::clone(&resources.ids),
            public_url: resources.public_url.clone(),
            index: Live::start(resources.log.clone(), Index::default(), resources.stop.clone()),
        }))
    }

    /// Begins to finish what requests leave behind.
    pub(crate) fn follow(&self, resources: &Resources) -> Health {
        Health { provisioning: self.clone(), follower: Follower::start(resources, self) }
    }
}

impl Health {
    /// Why directories cannot be served, if so.
    pub(crate) fn check(&self) -> Result<(), String> {
        let stopped = self.provisioning.0.index.status().stopped;
        stopped.map_or(Ok(()), |reason| Err(Chain(&*reason).to_string()))?;
        self.follower.check()
    }
}

impl Inner {
    fn new_id(&self) -> uuid::Uuid {
        self.ids.uuid_v7(self.clock.now())
    }
}
