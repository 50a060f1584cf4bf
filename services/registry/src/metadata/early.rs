//! How often strangers may make us read: whoever sends forged messages, or has many connections point to one host.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use super::{
    Entry,
    book::{ATTEMPTS_MAX, Book, NAME, written},
    schedule::EARLY_EVERY,
};
use crate::error::Error;

/// Early reads at one host in [`EARLY_EVERY`], whoever's connections point there and whichever process reads.
pub(super) const OF_ONE_HOST_MAX: u32 = 32;
/// Early reads for one organization in [`EARLY_EVERY`], so that one does not take all of a host that many use, and many names
/// of one host gain it nothing.
pub(super) const OF_ONE_ORGANIZATION_MAX: u32 = 8;

const _: () = assert!(OF_ONE_ORGANIZATION_MAX < OF_ONE_HOST_MAX, "one organization leaves some of a host to others");

/// Whether metadata may be read early now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Early {
    Claimed,
    /// This connection's was read early a moment ago.
    NotYet,
    /// Too many of its host or its organization were.
    TooMany,
}

/// How many there were since when.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Window {
    since: Timestamp,
    count: u32,
}

impl Window {
    /// With one more, unless there were `max`.
    fn with_one(self, now: Timestamp, max: u32) -> Option<Self> {
        if self.since.plus(EARLY_EVERY) <= now {
            return Some(Self { since: now, count: 1 });
        }
        (self.count < max).then(|| Self { count: self.count + 1, ..self })
    }
}

impl Book {
    /// Takes the right to read a connection's metadata early, over all processes.
    pub(super) async fn claim_early(
        &self,
        (organization, connection): (OrganizationId, ConnectionId),
        host: &str,
        now: Timestamp,
    ) -> Result<Early, Error> {
        let _turn = self.changing.lock().await;
        // These keys are no ids of connections, so nothing takes them for entries.
        let of_host = format!("early/host/{}", hex::encode(digest(&SHA256, host.as_bytes())));
        let of_organization = format!("early/organization/{organization}");
        for _ in 0..ATTEMPTS_MAX {
            let count = self.views.checkpoint(NAME).await?;
            let entry = self.entry(connection).await?.unwrap_or_default();
            if entry.early_at.is_some_and(|at| now < at.plus(EARLY_EVERY)) {
                return Ok(Early::NotYet);
            }
            let host = self.window(&of_host).await?.with_one(now, OF_ONE_HOST_MAX);
            let own = self.window(&of_organization).await?.with_one(now, OF_ONE_ORGANIZATION_MAX);
            let (Some(host), Some(own)) = (host, own) else { return Ok(Early::TooMany) };
            let writes = [
                written(connection.to_string(), &Entry { early_at: Some(now), ..entry }),
                written(of_host.clone(), &host),
                written(of_organization.clone(), &own),
            ];
            if self.store(count, &writes).await? {
                return Ok(Early::Claimed);
            }
        }
        Err(Error::Contended)
    }

    async fn window(&self, key: &str) -> Result<Window, Error> {
        let found = self.views.get(NAME, None, key).await?;
        Ok(found.and_then(|window| serde_json::from_value(window).ok()).unwrap_or_default())
    }
}
