use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use vestibule_kernel::{DirectoryId, Timestamp};

use crate::limit::{
    BURST_SECONDS, DIRECTORIES_REMEMBERED_MAX, DIRECTORY_IN_FLIGHT_MAX, TOKENS_OF_DIRECTORY_MAX, UNKNOWN_IN_FLIGHT_MAX,
    UNKNOWN_PER_SECOND,
};

/// What a token is remembered by.
type Digest = [u8; 32];

/// Who may ask now. Each directory whose token was good has a measure and places of its own, whichever of its tokens it uses,
/// so that one does not slow another, be it with many requests or with slow ones. All others share a small measure and a few
/// places, which are not taken from anybody: guessing is slow whoever does it.
///
/// It is kept in this process alone: after a restart every measure is full, and several processes let through several times as
/// much. It keeps the edge and the registry from being overrun, and is no quota.
pub(crate) struct Admission {
    per_directory: u32,
    strangers: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    directories: HashMap<DirectoryId, Known>,
    unknown: Measure,
}

/// A directory whose token was good.
struct Known {
    /// Those that were, the newest last.
    tokens: Vec<Digest>,
    measure: Measure,
    places: Arc<Semaphore>,
}

/// What may still be asked for: fills with time, up to a burst.
#[derive(Clone, Copy, Debug)]
struct Measure {
    /// Requests, in thousandths.
    left: u64,
    at: Timestamp,
}

/// A request may go on, as long as this is kept.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// It is the directory's, as far as is remembered.
    Known(Place),
    /// The token has to be looked at.
    Stranger(Place),
}

/// The place of a request; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "held, and given back by being dropped")] OwnedSemaphorePermit);

impl Admission {
    pub(crate) fn new(per_directory: u32, now: Timestamp) -> Self {
        let state = State { directories: HashMap::new(), unknown: Measure::full(UNKNOWN_PER_SECOND, now) };
        let strangers = Arc::new(Semaphore::new(UNKNOWN_IN_FLIGHT_MAX));
        Self { per_directory, strangers, state: Mutex::new(state) }
    }

    /// Whether a request with this token is looked at now.
    pub(crate) fn admit(&self, directory: DirectoryId, token: &str, now: Timestamp) -> Option<Admitted> {
        let digest = hashed(token);
        let mut state = self.state();
        // A token of another directory is a guess here.
        let known = state.directories.get_mut(&directory).filter(|known| known.tokens.contains(&digest));
        let Some(known) = known else {
            let place = place(&self.strangers)?;
            return state.unknown.take(UNKNOWN_PER_SECOND, now).then_some(Admitted::Stranger(place));
        };
        let place = place(&known.places)?;
        known.measure.take(self.per_directory, now).then_some(Admitted::Known(place))
    }

    /// Remembers that the token is good. Whether there is room for that: there is, unless more directories than are remembered
    /// ask at this very moment.
    pub(crate) fn remember(&self, directory: DirectoryId, token: &str, now: Timestamp) -> bool {
        let (digest, per_directory) = (hashed(token), self.per_directory);
        let mut state = self.state();
        if !state.directories.contains_key(&directory) && !state.has_room(per_directory, now) {
            return false;
        }
        let known = state.directories.entry(directory).or_insert_with(|| Known {
            tokens: Vec::new(),
            measure: Measure::full(per_directory, now),
            places: Arc::new(Semaphore::new(DIRECTORY_IN_FLIGHT_MAX)),
        });
        if !known.tokens.contains(&digest) {
            if known.tokens.len() >= TOKENS_OF_DIRECTORY_MAX {
                known.tokens.remove(0);
            }
            known.tokens.push(digest);
        }
        true
    }

    /// Remembers that the token is good for nothing any more. What the directory may ask for is not made anew by that.
    pub(crate) fn forget(&self, directory: DirectoryId, token: &str) {
        let digest = hashed(token);
        if let Some(known) = self.state().directories.get_mut(&directory) {
            known.tokens.retain(|known| *known != digest);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes room for one more directory.
    fn has_room(&mut self, per_directory: u32, now: Timestamp) -> bool {
        if self.directories.len() < DIRECTORIES_REMEMBERED_MAX {
            return true;
        }
        // Whoever has been silent long enough to have a full measure loses nothing by being forgotten.
        let burst = Measure::burst(per_directory);
        self.directories.retain(|_, known| !known.is_idle() || known.measure.filled(per_directory, now) < burst);
        if self.directories.len() < DIRECTORIES_REMEMBERED_MAX {
            return true;
        }
        let idle = self.directories.iter().filter(|(_, known)| known.is_idle());
        let fullest = idle.max_by_key(|(_, known)| known.measure.filled(per_directory, now)).map(|(id, _)| *id);
        fullest.is_some_and(|id| self.directories.remove(&id).is_some())
    }
}

impl Known {
    fn is_idle(&self) -> bool {
        self.places.available_permits() == DIRECTORY_IN_FLIGHT_MAX
    }
}

impl Measure {
    const fn full(per_second: u32, at: Timestamp) -> Self {
        Self { left: Self::burst(per_second), at }
    }

    const fn burst(per_second: u32) -> u64 {
        per_second as u64 * BURST_SECONDS as u64 * 1_000
    }

    fn filled(&self, per_second: u32, now: Timestamp) -> u64 {
        let millis = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let gained = millis.saturating_mul(u64::from(per_second));
        self.left.saturating_add(gained).min(Self::burst(per_second))
    }

    fn take(&mut self, per_second: u32, now: Timestamp) -> bool {
        self.left = self.filled(per_second, now);
        self.at = now;
        let is_there = self.left >= 1_000;
        if is_there {
            self.left -= 1_000;
        }
        is_there
    }
}

fn place(places: &Arc<Semaphore>) -> Option<Place> {
    Arc::clone(places).try_acquire_owned().map(Place).ok()
}

fn hashed(token: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests;
