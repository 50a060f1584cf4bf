use std::sync::Arc;

use bytes::Bytes;
use vestibule_kernel::Timestamp;
use vestibule_oidc::{Algorithm, JwkSet, SigningKey};
use vestibule_storage::KeyId;

use super::{
    ALGORITHMS,
    schedule::{Made, Place, Schedule, Standing},
};
use crate::{directory::Directory, entity::Entity};

/// A key as it was read.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) algorithm: Algorithm,
    pub(super) id: KeyId,
    pub(super) created_at: Timestamp,
    pub(super) key: Arc<SigningKey>,
}

/// The keys of an algorithm, oldest first, each in its place.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) algorithm: Algorithm,
    pub(crate) places: Vec<Place>,
    /// When the next key has to be made; `None` when only an operator makes it.
    pub(crate) due: Option<Timestamp>,
}

/// What is in use at a moment.
pub(crate) struct Published {
    pub(super) held: Vec<Held>,
    /// When the keys were read from the table.
    pub(super) read_at: Timestamp,
    /// When they were put into their places.
    pub(super) arranged_at: Timestamp,
    /// When a key will stand elsewhere.
    pub(super) changes_at: Option<Timestamp>,
    /// How many keys operators had taken out by then.
    pub(super) revocations: usize,
    pub(crate) lines: Vec<Line>,
    /// The JWK set, ready to be served.
    pub(crate) jwks: Entity,
}

impl Default for Published {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            read_at: Timestamp::EPOCH,
            arranged_at: Timestamp::EPOCH,
            changes_at: None,
            revocations: 0,
            lines: Vec::new(),
            jwks: Entity::new(Bytes::new()),
        }
    }
}

impl Line {
    pub(crate) fn place(&self, id: KeyId) -> Option<&Place> {
        self.places.iter().find(|place| place.made.id == id)
    }

    pub(crate) fn with(&self, standing: Standing) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(move |place| place.standing == standing)
    }

    pub(super) fn is_all_from_the_future(&self) -> bool {
        self.places.iter().all(|place| place.standing == Standing::FromTheFuture)
    }
}

impl Published {
    /// What was read `read_at`, in its places as of `now`.
    pub(super) fn arranged(
        schedule: &Schedule,
        held: Vec<Held>,
        directory: &Directory,
        (read_at, now): (Timestamp, Timestamp),
    ) -> Self {
        let line = |algorithm: Algorithm| {
            let of_it = held.iter().filter(|held| held.algorithm == algorithm);
            let made = of_it.map(|held| Made {
                id: held.id,
                created_at: held.created_at,
                revoked_at: directory.revoked_at(held.id),
            });
            let places = schedule.places(&made.collect::<Vec<_>>(), now);
            Line { algorithm, due: schedule.due(&places), places }
        };
        let lines: Vec<Line> = ALGORITHMS.map(line).into();
        let published = |held: &&Held| {
            let place = lines.iter().find_map(|line| line.place(held.id));
            place.is_some_and(|place| place.standing.is_published())
        };
        let jwks: JwkSet = held.iter().filter(published).map(|held| held.key.jwk().clone()).collect();
        let moments = lines.iter().flat_map(|line| [Schedule::changes_at(&line.places, now), line.due]);
        Self {
            changes_at: moments.flatten().filter(|at| *at > now).min(),
            jwks: Entity::json(&jwks),
            revocations: directory.revocations(),
            arranged_at: now,
            read_at,
            lines,
            held,
        }
    }

    pub(crate) fn signer(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        let line = self.lines.iter().find(|line| line.algorithm == algorithm)?;
        let signing = line.with(Standing::Signing).next()?.made.id;
        self.held.iter().find(|held| held.id == signing).map(|held| Arc::clone(&held.key))
    }
}
