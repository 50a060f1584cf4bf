use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use vestibule_eventlog::{Cursor, ReadError, ViewWrite, Views};
use vestibule_fetch::Validators;
use vestibule_kernel::{ConnectionId, Timestamp};
use vestibule_saml::MetadataStamp;
use vestibule_tenancy::connection::MetadataSource;

use crate::error::Error;

/// The entries, in the store: a view whose checkpoint counts changes, so that of two processes that change it one does it again.
pub(super) const NAME: &str = "registry.metadata.v1";
/// How often a change that another one came before is tried.
pub(super) const ATTEMPTS_MAX: u32 = 16;
/// Entries that are read at once.
const PAGE: usize = 1_000;

/// How reading the metadata of one connection goes. Nothing in it is a fact of the domain: without it everything is
/// fetched anew.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// Of which source this is.
    pub(super) source: String,
    /// What makes the next fetch conditional.
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// Until when the last document may be believed.
    pub(super) valid_until: Option<Timestamp>,
    /// When what its pinned key has signed was published, and until when that is to be believed: an older copy is told by it.
    pub(super) published_at: Option<Timestamp>,
    pub(super) signed_until: Option<Timestamp>,
    /// For how many seconds it may be kept.
    pub(super) cache_seconds: Option<u64>,
    pub(crate) attempted_at: Option<Timestamp>,
    pub(crate) succeeded_at: Option<Timestamp>,
    pub(crate) next_at: Timestamp,
    pub(crate) failures: u32,
    pub(crate) trouble: Option<Trouble>,
    /// When a signature that nobody knows made it being read the last time.
    pub(super) early_at: Option<Timestamp>,
}

/// Why the last attempt failed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Trouble {
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Entry {
    pub(super) fn validators(&self) -> Validators {
        Validators { etag: self.etag.clone(), last_modified: self.last_modified.clone() }
    }

    pub(super) const fn stamp(&self) -> MetadataStamp {
        MetadataStamp { published_at: self.published_at, valid_until: self.signed_until }
    }
}

/// Names a source, so that what is remembered of another one does not count.
pub(super) fn source_name(source: &MetadataSource) -> String {
    let pinned = source.pinned_key_der.as_deref().unwrap_or_default();
    hex::encode(digest(&SHA256, format!("{}\n{pinned}", source.url).as_bytes()).as_ref())
}

/// What is remembered of all connections whose metadata is read from an address.
pub(super) struct Book {
    pub(super) views: Arc<dyn Views>,
    pub(super) start: Cursor,
    /// Within one process changes wait for each other instead of being tried again.
    pub(super) changing: Mutex<()>,
}

impl Book {
    pub(super) async fn entry(&self, connection: ConnectionId) -> Result<Option<Entry>, Error> {
        let found = self.views.get(NAME, None, &connection.to_string()).await?;
        // What an older or newer version wrote is no reason to stop: it is fetched anew.
        Ok(found.and_then(|entry| serde_json::from_value(entry).ok()))
    }

    /// When each is read next.
    pub(super) async fn all(&self) -> Result<HashMap<ConnectionId, Timestamp>, Error> {
        let mut all = HashMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.views.list(NAME, None, after.as_deref(), PAGE).await?;
            let is_last = page.len() < PAGE;
            for (key, entry) in page {
                let entry: Option<Entry> = serde_json::from_value(entry).ok();
                if let (Ok(connection), Some(entry)) = (key.parse(), entry) {
                    all.insert(connection, entry.next_at);
                }
                after = Some(key);
            }
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Changes an entry; nothing is stored when `change` answers nothing.
    pub(super) async fn change(
        &self,
        connection: ConnectionId,
        change: impl Fn(Entry) -> Option<Entry>,
    ) -> Result<Option<Entry>, Error> {
        let _turn = self.changing.lock().await;
        for _ in 0..ATTEMPTS_MAX {
            let count = self.views.checkpoint(NAME).await?;
            let Some(entry) = change(self.entry(connection).await?.unwrap_or_default()) else { return Ok(None) };
            if self.write(connection, count, &entry).await? {
                return Ok(Some(entry));
            }
        }
        Err(Error::Contended)
    }

    async fn write(&self, connection: ConnectionId, count: Option<Cursor>, entry: &Entry) -> Result<bool, ReadError> {
        self.store(count, &[written(connection.to_string(), entry)]).await
    }

    /// Stores all of them or none: `false` when another process was faster.
    pub(super) async fn store(&self, count: Option<Cursor>, writes: &[ViewWrite]) -> Result<bool, ReadError> {
        let from = count.unwrap_or(self.start);
        let next = Cursor::at(from.epoch(), from.position().saturating_add(1));
        self.views.advance(NAME, count, next, writes).await
    }
}

/// An entry as it is stored.
pub(super) fn written(key: String, entry: &impl Serialize) -> ViewWrite {
    ViewWrite { organization: None, key, entry: Some(serde_json::to_value(entry).unwrap_or_default()) }
}
