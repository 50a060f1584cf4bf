//! How reading an identity provider's metadata from its address goes.

mod event;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_kernel::Timestamp;

pub use self::event::{MetadataRefreshFailed, MetadataRefreshed};
use super::{Event, Trust};

/// How often it is told that the metadata still cannot be refreshed.
pub const FAILURE_TOLD_EVERY: Duration = Duration::from_hours(24);

/// How many documents are remembered that others have replaced.
pub const REPLACED_MAX: usize = 16;

/// What is remembered of refreshing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Refresh {
    /// See [`MetadataRefreshed::digest`].
    pub digest: Option<String>,
    /// The digests of what others have replaced, the last [`REPLACED_MAX`] of them.
    pub replaced: Vec<String>,
    /// Since when it fails; `None`: it does not.
    pub failing_since: Option<Timestamp>,
    /// When that was last told.
    pub told_at: Option<Timestamp>,
}

impl Trust {
    pub(super) fn note_refresh(&self, refreshed: &MetadataRefreshed) -> Vec<Event> {
        let known = self.refresh.failing_since.is_none() && self.refresh.digest.as_ref() == Some(&refreshed.digest);
        if known { vec![] } else { vec![refreshed.clone().into()] }
    }

    pub(super) fn note_refresh_failure(&self, reason: &str, at: Timestamp) -> Vec<Event> {
        let is_news = self.refresh.told_at.is_none_or(|told_at| told_at.plus(FAILURE_TOLD_EVERY) <= at);
        let failing_since = self.refresh.failing_since.unwrap_or(at);
        let failed = || MetadataRefreshFailed { reason: reason.to_owned(), failing_since, at }.into();
        is_news.then(failed).into_iter().collect()
    }
}

impl Refresh {
    pub(super) fn refreshed(self, event: &MetadataRefreshed) -> Self {
        let mut replaced = self.replaced;
        // What comes again stays one that was replaced: it has to be approved as often as it comes.
        if let Some(before) = self.digest.filter(|before| *before != event.digest && !replaced.contains(before)) {
            replaced.push(before);
            let forgotten = replaced.len().saturating_sub(REPLACED_MAX);
            replaced.drain(..forgotten);
        }
        Self { digest: Some(event.digest.clone()), replaced, ..Self::default() }
    }

    pub(super) fn failed(self, event: &MetadataRefreshFailed) -> Self {
        Self { failing_since: Some(event.failing_since), told_at: Some(event.at), ..self }
    }
}
