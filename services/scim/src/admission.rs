use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use vestibule_kernel::Timestamp;

use crate::limit::{BURST_SECONDS, TOKENS_REMEMBERED_MAX, UNKNOWN_PER_SECOND};

/// What a token is remembered by.
type Digest = [u8; 32];

/// Who may ask now. Each token that was good has a measure of its own, so that one directory does not slow another; all
/// others share one, so that guessing is slow whoever does it.
pub(crate) struct Admission {
    per_token: u32,
    state: Mutex<State>,
}

struct State {
    good: HashMap<Digest, Measure>,
    unknown: Measure,
}

/// What may still be asked for: fills with time, up to a burst.
#[derive(Clone, Copy, Debug)]
struct Measure {
    /// Requests, in thousandths.
    left: u64,
    at: Timestamp,
}

/// A request may go on; says under which token it came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Admitted(Digest);

impl Admission {
    pub(crate) fn new(per_token: u32, now: Timestamp) -> Self {
        let state = State { good: HashMap::new(), unknown: Measure::full(UNKNOWN_PER_SECOND, now) };
        Self { per_token, state: Mutex::new(state) }
    }

    /// Whether a request with this token is looked at now.
    pub(crate) fn admit(&self, token: &str, now: Timestamp) -> Option<Admitted> {
        let digest = hashed(token);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_admitted = match state.good.get_mut(&digest) {
            Some(measure) => measure.take(self.per_token, now),
            None => state.unknown.take(UNKNOWN_PER_SECOND, now),
        };
        is_admitted.then_some(Admitted(digest))
    }

    /// Whether the token was good before.
    pub(crate) fn is_good(&self, admitted: Admitted) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).good.contains_key(&admitted.0)
    }

    /// Remembers whether the token was good.
    pub(crate) fn learn(&self, admitted: Admitted, is_good: bool, now: Timestamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_good {
            state.good.remove(&admitted.0);
            return;
        }
        if !state.good.contains_key(&admitted.0) && state.good.len() >= TOKENS_REMEMBERED_MAX {
            // Whoever has been silent long enough to have a full measure loses nothing by being forgotten.
            let per_token = self.per_token;
            state.good.retain(|_, measure| measure.filled(per_token, now) < Measure::burst(per_token));
            if state.good.len() >= TOKENS_REMEMBERED_MAX {
                return;
            }
        }
        let full = Measure::full(self.per_token, now);
        state.good.entry(admitted.0).or_insert(full);
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

fn hashed(token: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::default().plus(Duration::from_secs(1_000_000 + seconds))
    }

    #[test]
    fn a_good_token_has_a_measure_of_its_own_and_guesses_share_one() {
        let admission = Admission::new(2, at(0));
        let admitted = admission.admit("good", at(0)).unwrap();
        admission.learn(admitted, true, at(0));
        while admission.admit("guess", at(0)).is_some() {}
        assert!(admission.admit("another guess", at(0)).is_none());
        for _ in 0..8 {
            assert!(admission.admit("good", at(0)).is_some());
        }
        assert!(admission.admit("good", at(0)).is_none());
        assert!(admission.admit("good", at(1)).is_some());
        assert!(admission.admit("another guess", at(1)).is_some());
    }

    #[test]
    fn a_token_that_is_good_no_more_is_a_guess_again() {
        let admission = Admission::new(1_000, at(0));
        let admitted = admission.admit("retired", at(0)).unwrap();
        admission.learn(admitted, true, at(0));
        admission.learn(admitted, false, at(0));
        let mut looked_at = 0;
        while admission.admit("retired", at(0)).is_some() {
            looked_at += 1;
        }
        assert!(looked_at <= UNKNOWN_PER_SECOND * BURST_SECONDS, "{looked_at}");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let admission = Admission::new(1, at(0));
        for number in 0..TOKENS_REMEMBERED_MAX + 10 {
            admission.learn(Admitted(hashed(&number.to_string())), true, at(0));
        }
        assert!(admission.state.lock().unwrap().good.len() <= TOKENS_REMEMBERED_MAX);
    }
}
