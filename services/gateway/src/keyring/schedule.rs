//! When a signing key is published, signs, and goes. It follows from when the keys of the line were made and taken out, and
//! from the present: so all instances come to the same, without a word to each other.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_storage::KeyId;

/// How far ahead of ours the clock may have been that a key was made by. What was made later than that is from the future, and
/// is not believed.
pub(crate) const CLOCK_AHEAD_MAX: Duration = Duration::from_mins(5);

/// How a line of keys goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// How old a key becomes before the next one is made; `None`: only an operator makes one.
    pub(crate) rotation: Option<Duration>,
    /// How long the next key is published before it signs.
    pub(crate) publish_ahead: Duration,
    /// How long a key is published after it has signed.
    pub(crate) kept: Duration,
}

/// A key as it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) id: KeyId,
    pub(crate) created_at: Timestamp,
    /// When an operator took it out.
    pub(crate) revoked_at: Option<Timestamp>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// Published, and does not sign yet.
    Next,
    /// Signs.
    Signing,
    /// Published, for what it has signed.
    Retired,
    /// Published no more.
    Gone,
    /// An operator took it out.
    Revoked,
    /// Made in the future: not believed.
    FromTheFuture,
}

/// A key in its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) made: Made,
    pub(crate) standing: Standing,
    /// From when it signs, or would have.
    pub(crate) signs_from: Timestamp,
    /// From when another one signs.
    pub(crate) signs_until: Option<Timestamp>,
    /// Until when it is needed: published, or as the one that its successor's time is reckoned from.
    pub(crate) needed_until: Option<Timestamp>,
}

impl Standing {
    /// Each.
    pub(crate) const ALL: [Self; 6] =
        [Self::Next, Self::Signing, Self::Retired, Self::Gone, Self::Revoked, Self::FromTheFuture];

    /// Stable name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Retired => "retired",
            Self::Gone => "gone",
            Self::Revoked => "revoked",
            Self::FromTheFuture => "from_the_future",
        }
    }

    /// Whether the key stands in the key set.
    pub(crate) const fn is_published(self) -> bool {
        matches!(self, Self::Next | Self::Signing | Self::Retired)
    }
}

impl Schedule {
    /// Where the keys of a line stand, which come, and are answered, in the order in which they were made.
    pub(crate) fn places(&self, oldest_first: &[Made], now: Timestamp) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::with_capacity(oldest_first.len());
        let mut before: Option<usize> = None;
        for (index, made) in oldest_first.iter().enumerate() {
            // A later generation was made later: one that seems to be younger than that was made by a clock that was ahead, and
            // stays unbelieved when its time comes. Nobody else has published it.
            let later = oldest_first.iter().skip(index + 1).map(|later| later.created_at);
            let believed_until = later.chain([now]).min().unwrap_or(now).plus(CLOCK_AHEAD_MAX);
            let predecessor = before.and_then(|index| places.get_mut(index));
            let (place, takes_over) = self.place(*made, predecessor, believed_until);
            places.push(place);
            before = if takes_over { Some(index) } else { before };
        }
        Self::stand(&mut places, now);
        places
    }

    /// A key, and whether it is one that the next one follows: not if it is not believed, or was taken out before it signed.
    fn place(&self, made: Made, predecessor: Option<&mut Place>, believed_until: Timestamp) -> (Place, bool) {
        let signs_from = match &predecessor {
            None => made.created_at,
            Some(before) => {
                let due = made.created_at.plus(self.publish_ahead);
                // Where the one before it was taken out, there is none other to sign.
                let needed = before.made.revoked_at.map(|at| at.max(made.created_at));
                needed.map_or(due, |at| at.min(due)).max(before.signs_from)
            }
        };
        let place = Place { made, standing: Standing::Next, signs_from, signs_until: None, needed_until: None };
        if made.created_at > believed_until {
            return (Place { standing: Standing::FromTheFuture, ..place }, false);
        }
        if let Some(at) = made.revoked_at.filter(|at| *at < signs_from) {
            let needed_until = Some(at.plus(self.kept));
            return (Place { standing: Standing::Revoked, needed_until, ..place }, false);
        }
        if let Some(before) = predecessor {
            before.signs_until = Some(signs_from);
            before.needed_until = Some(before.made.revoked_at.unwrap_or(signs_from).max(signs_from).plus(self.kept));
        }
        (place, true)
    }

    /// Says of those that follow each other which one signs: the last one whose time has come, and where none has, the first.
    fn stand(places: &mut [Place], now: Timestamp) {
        let in_line = |place: &&mut Place| place.standing == Standing::Next;
        let line: Vec<&mut Place> = places.iter_mut().filter(in_line).collect();
        let signing = line.iter().rposition(|place| place.signs_from <= now).unwrap_or(0);
        for (index, place) in line.into_iter().enumerate() {
            place.standing = match (place.made.revoked_at, index.cmp(&signing)) {
                (Some(_), _) => Standing::Revoked,
                (None, std::cmp::Ordering::Greater) => Standing::Next,
                (None, std::cmp::Ordering::Equal) => Standing::Signing,
                (None, std::cmp::Ordering::Less) if place.needed_until.is_some_and(|until| until <= now) => {
                    Standing::Gone
                }
                (None, std::cmp::Ordering::Less) => Standing::Retired,
            };
        }
    }

    /// When the next key has to be made; `None` when only an operator makes it.
    pub(crate) fn due(&self, places: &[Place]) -> Option<Timestamp> {
        let newest = places.iter().rfind(|place| matches!(place.standing, Standing::Next | Standing::Signing));
        match newest {
            // None is left to sign.
            None => Some(Timestamp::EPOCH),
            Some(newest) => self.rotation.map(|rotation| newest.made.created_at.plus(rotation)),
        }
    }

    /// The next moment at which a key stands elsewhere.
    pub(crate) fn changes_at(places: &[Place], now: Timestamp) -> Option<Timestamp> {
        let moments = places.iter().flat_map(|place| {
            let believed = place.made.created_at.minus(CLOCK_AHEAD_MAX);
            [Some(believed), Some(place.signs_from), place.signs_until, place.needed_until]
        });
        moments.flatten().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests;
