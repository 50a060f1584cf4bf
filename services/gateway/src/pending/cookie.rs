use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use vestibule_kernel::Timestamp;

use super::Handle;
use crate::{
    cookie::{self, SameSite},
    limit::{COOKIE_CHUNK_BYTES_MAX, COOKIE_CHUNKS_MAX, COOKIE_LIFETIME, PENDING_MAX},
};

const PREFIX: &str = "__Host-signin.";

/// What a finished sign-in leaves behind, so that a reload of the identity provider's answer can be explained.
const FINISHED: &str = "finished";

/// The pending sign-ins of one browser, as its `Cookie` header tells.
///
/// A cookie is named `__Host-signin.<start>.<handle>.<chunk>`: the start, in seconds and hexadecimal, orders the
/// sign-ins without opening them. A browser can only mislead us about its own.
#[derive(Debug, Default)]
pub(crate) struct PendingCookies(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    started: u32,
    handle: Handle,
    chunks: BTreeMap<usize, String>,
}

/// What the browser holds under a handle.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// Nothing, or not all of it.
    Nothing,
    /// A sign-in that has been finished.
    Finished,
    /// A sealed sign-in.
    Sealed(Vec<u8>),
}

/// The sealed sign-in does not fit into the cookies it may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the sign-in is too large for the browser's cookies")]
pub(crate) struct TooLarge;

impl PendingCookies {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut cookies = Self::default();
        for (name, value) in cookie::cookies(headers) {
            if let Some((started, handle, chunk)) = parse_name(name) {
                cookies.insert(started, handle, chunk, value);
            }
        }
        cookies.0.sort_by_key(|entry| entry.started);
        cookies
    }

    fn insert(&mut self, started: u32, handle: Handle, chunk: usize, value: &str) {
        let value = value.to_owned();
        match self.0.iter_mut().find(|entry| entry.handle == handle && entry.started == started) {
            Some(entry) => {
                entry.chunks.insert(chunk, value);
            }
            None => self.0.push(Entry { started, handle, chunks: BTreeMap::from([(chunk, value)]) }),
        }
    }

    /// What lies under `handle`.
    pub(crate) fn find(&self, handle: &Handle) -> Found {
        let Some(entry) = self.0.iter().find(|entry| entry.handle == *handle) else { return Found::Nothing };
        if entry.is_finished() {
            return Found::Finished;
        }
        let complete = entry.chunks.keys().copied().eq(0..entry.chunks.len());
        let text: String = entry.chunks.values().map(String::as_str).collect();
        match BASE64_URL_SAFE_NO_PAD.decode(text) {
            Ok(sealed) if complete => Found::Sealed(sealed),
            Ok(_) | Err(_) => Found::Nothing,
        }
    }

    /// `Set-Cookie` headers that put a sealed sign-in under `handle`, in place of what was there, and drop the oldest
    /// others beyond [`PENDING_MAX`].
    ///
    /// # Errors
    /// [`TooLarge`], which the limits of an authorize request rule out.
    pub(crate) fn put(
        &self,
        handle: &Handle,
        started_at: Timestamp,
        sealed: &[u8],
    ) -> Result<Vec<HeaderValue>, TooLarge> {
        let text = BASE64_URL_SAFE_NO_PAD.encode(sealed);
        let chunks: Vec<&str> = chunks(&text).collect();
        if chunks.len() > COOKIE_CHUNKS_MAX {
            return Err(TooLarge);
        }
        let started = u32::try_from(started_at.unix_seconds()).unwrap_or(u32::MAX);
        let mut headers = self.drop_oldest(PENDING_MAX - 1, |entry| !entry.is_finished() && entry.handle != *handle);
        headers.extend(self.drop_oldest(PENDING_MAX, Entry::is_finished));
        let before = self.0.iter().filter(|entry| entry.handle == *handle).flat_map(|entry| entry.chunks.keys());
        let surplus = before.filter(|chunk| **chunk >= chunks.len());
        headers.extend(surplus.filter_map(|chunk| drop_cookie(&name(started, handle, *chunk))));
        let set = chunks.iter().enumerate().map(|(chunk, value)| set_cookie(&name(started, handle, chunk), value));
        headers.extend(set.flatten());
        Ok(headers)
    }

    /// `Set-Cookie` headers that leave of the sign-in only that it is finished.
    pub(crate) fn finish(&self, handle: &Handle) -> Vec<HeaderValue> {
        let entries = self.0.iter().filter(|entry| entry.handle == *handle);
        let headers = entries.flat_map(|entry| {
            let rest = entry.chunks.keys().filter(|chunk| **chunk > 0);
            let first = set_cookie(&name(entry.started, &entry.handle, 0), FINISHED);
            first.into_iter().chain(rest.filter_map(|chunk| drop_cookie(&name(entry.started, &entry.handle, *chunk))))
        });
        headers.collect()
    }

    fn drop_oldest(&self, keep: usize, of: impl Fn(&Entry) -> bool) -> Vec<HeaderValue> {
        let entries: Vec<&Entry> = self.0.iter().filter(|entry| of(entry)).collect();
        let surplus = entries.len().saturating_sub(keep);
        let dropped = entries.into_iter().take(surplus);
        dropped
            .flat_map(|entry| {
                entry.chunks.keys().filter_map(|chunk| drop_cookie(&name(entry.started, &entry.handle, *chunk)))
            })
            .collect()
    }
}

impl Entry {
    fn is_finished(&self) -> bool {
        self.chunks.get(&0).is_some_and(|value| value == FINISHED)
    }
}

fn name(started: u32, handle: &Handle, chunk: usize) -> String {
    format!("{PREFIX}{started:08x}.{handle}.{chunk}")
}

fn parse_name(name: &str) -> Option<(u32, Handle, usize)> {
    let mut parts = name.strip_prefix(PREFIX)?.splitn(3, '.');
    let started = parts.next().filter(|started| started.len() == 8)?;
    let handle = Handle::parse(parts.next()?)?;
    let chunk = parts.next()?.parse().ok().filter(|chunk| *chunk < COOKIE_CHUNKS_MAX)?;
    Some((u32::from_str_radix(started, 16).ok()?, handle, chunk))
}

/// Base64url is ASCII, so every byte is a boundary.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (chunk, after) = rest.split_at_checked(rest.len().min(COOKIE_CHUNK_BYTES_MAX))?;
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// The identity provider's answer is a cross-site POST.
const SAME_SITE: SameSite = SameSite::None;

fn set_cookie(name: &str, value: &str) -> Option<HeaderValue> {
    cookie::set(name, value, COOKIE_LIFETIME, SAME_SITE)
}

fn drop_cookie(name: &str) -> Option<HeaderValue> {
    cookie::forget(name, SAME_SITE)
}
