use std::marker::PhantomData;

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestibule_kernel::Timestamp;

use super::{Handle, Sealable};
use crate::{
    cookie::{self, SameSite},
    limit::{COOKIE_CHUNK_BYTES_MAX, COOKIE_LIFETIME},
};

/// The identity provider's answer may be a cross-site POST.
const SAME_SITE: SameSite = SameSite::None;

/// What travels sealed through the browser in one cookie each, while the identity provider is asked.
pub(crate) trait Single: Sealable {
    /// What the names of its cookies begin with.
    const PREFIX: &'static str;
    /// How many one browser may have under way; the oldest gives way.
    const MAX: usize;
}

/// All of one kind that are under way in one browser, as its `Cookie` header tells: each sealed, in one cookie named
/// `<prefix><start>.<handle>`.
#[derive(Debug)]
pub(crate) struct Singles<T> {
    entries: Vec<Entry>,
    kind: PhantomData<fn() -> T>,
}

#[derive(Debug)]
struct Entry {
    started: u32,
    handle: Handle,
    sealed: String,
}

impl<T: Single> Singles<T> {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut entries: Vec<Entry> =
            cookie::cookies(headers).filter_map(|(name, value)| Entry::parse(T::PREFIX, name, value)).collect();
        entries.sort_by_key(|entry| entry.started);
        Self { entries, kind: PhantomData }
    }

    /// What is sealed under this handle.
    pub(crate) fn find(&self, handle: &Handle) -> Option<Vec<u8>> {
        let entry = self.entries.iter().find(|entry| entry.handle == *handle)?;
        BASE64_URL_SAFE_NO_PAD.decode(&entry.sealed).ok()
    }

    /// `Set-Cookie` headers that put something sealed under `handle` and drop the oldest beyond [`Single::MAX`]; `None` when it
    /// is too large, which the limits of the request rule out.
    pub(crate) fn put(&self, handle: &Handle, started_at: Timestamp, sealed: &[u8]) -> Option<Vec<HeaderValue>> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        if text.len() > COOKIE_CHUNK_BYTES_MAX {
            return None;
        }
        let started = u32::try_from(started_at.unix_seconds()).unwrap_or(u32::MAX);
        let surplus = self.entries.len().saturating_sub(T::MAX - 1);
        let dropped = self.entries.iter().take(surplus).filter_map(Entry::forget::<T>);
        let set = cookie::set(&name(T::PREFIX, started, handle), &text, COOKIE_LIFETIME, SAME_SITE);
        Some(dropped.chain(set).collect())
    }

    /// `Set-Cookie` headers that leave nothing under this handle.
    pub(crate) fn finish(&self, handle: &Handle) -> Vec<HeaderValue> {
        self.entries.iter().filter(|entry| entry.handle == *handle).filter_map(Entry::forget::<T>).collect()
    }
}

impl Entry {
    fn parse(prefix: &str, name: &str, value: &str) -> Option<Self> {
        let (started, handle) = name.strip_prefix(prefix)?.split_once('.')?;
        let started = Some(started).filter(|started| started.len() == 8)?;
        let started = u32::from_str_radix(started, 16).ok()?;
        Some(Self { started, handle: Handle::parse(handle)?, sealed: value.to_owned() })
    }

    fn forget<T: Single>(&self) -> Option<HeaderValue> {
        cookie::forget(&name(T::PREFIX, self.started, &self.handle), SAME_SITE)
    }
}

fn name(prefix: &str, started: u32, handle: &Handle) -> String {
    format!("{prefix}{started:08x}.{handle}")
}
