use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use crate::{
    cookie::{self, SameSite},
    limit::{COOKIE_CHUNK_BYTES_MAX, COOKIE_LIFETIME, PENDING_LIFETIME, PENDING_LOGOUTS_MAX},
    pending::{Handle, Sealable},
};

const PREFIX: &str = "__Host-signout.";

/// The identity provider's answer may be a cross-site POST.
const SAME_SITE: SameSite = SameSite::None;

/// A sign-out between our LogoutRequest and the identity provider's answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PendingLogout {
    /// The reference id.
    pub(crate) sign_out: Uuid,
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    /// The ID of our LogoutRequest.
    pub(crate) request_id: String,
    /// Where the person goes then, `state` included; `None`: nowhere.
    pub(crate) way_on: Option<String>,
    pub(crate) started_at: Timestamp,
    /// The trace that the sign-out belongs to.
    pub(crate) traceparent: Option<String>,
}

impl Sealable for PendingLogout {
    const LABEL: &'static str = "logout";
}

impl PendingLogout {
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        now >= self.started_at.plus(PENDING_LIFETIME)
    }
}

/// The sign-outs of one browser that are under way, as its `Cookie` header tells: each sealed, in one cookie named
/// `__Host-signout.<start>.<handle>`.
#[derive(Debug, Default)]
pub(crate) struct PendingLogouts(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    started: u32,
    handle: Handle,
    sealed: String,
}

impl PendingLogouts {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut entries: Vec<Entry> =
            cookie::cookies(headers).filter_map(|(name, value)| Entry::parse(name, value)).collect();
        entries.sort_by_key(|entry| entry.started);
        Self(entries)
    }

    /// The sealed sign-out under this handle.
    pub(crate) fn find(&self, handle: &Handle) -> Option<Vec<u8>> {
        let entry = self.0.iter().find(|entry| entry.handle == *handle)?;
        BASE64_URL_SAFE_NO_PAD.decode(&entry.sealed).ok()
    }

    /// `Set-Cookie` headers that put a sealed sign-out under `handle` and drop the oldest beyond [`PENDING_LOGOUTS_MAX`];
    /// `None` when it is too large, which the limits of the request rule out.
    pub(crate) fn put(&self, handle: &Handle, started_at: Timestamp, sealed: &[u8]) -> Option<Vec<HeaderValue>> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        if text.len() > COOKIE_CHUNK_BYTES_MAX {
            return None;
        }
        let started = u32::try_from(started_at.unix_seconds()).unwrap_or(u32::MAX);
        let surplus = self.0.len().saturating_sub(PENDING_LOGOUTS_MAX - 1);
        let dropped = self.0.iter().take(surplus).filter_map(Entry::forget);
        let set = cookie::set(&name(started, handle), &text, COOKIE_LIFETIME, SAME_SITE);
        Some(dropped.chain(set).collect())
    }

    /// `Set-Cookie` headers that leave nothing of the sign-out.
    pub(crate) fn finish(&self, handle: &Handle) -> Vec<HeaderValue> {
        self.0.iter().filter(|entry| entry.handle == *handle).filter_map(Entry::forget).collect()
    }
}

impl Entry {
    fn parse(name: &str, value: &str) -> Option<Self> {
        let (started, handle) = name.strip_prefix(PREFIX)?.split_once('.')?;
        let started = Some(started).filter(|started| started.len() == 8)?;
        let started = u32::from_str_radix(started, 16).ok()?;
        Some(Self { started, handle: Handle::parse(handle)?, sealed: value.to_owned() })
    }

    fn forget(&self) -> Option<HeaderValue> {
        cookie::forget(&name(self.started, &self.handle), SAME_SITE)
    }
}

fn name(started: u32, handle: &Handle) -> String {
    format!("{PREFIX}{started:08x}.{handle}")
}
