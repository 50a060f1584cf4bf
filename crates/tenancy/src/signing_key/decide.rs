use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::Timestamp;

use super::{Activated, CATEGORY, Command, Event, Published, Rejection, Removal, Removed, Retired, Standing};
use crate::user_pool::SigningAlgorithm;

/// A signing key, by stage of life.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "life")]
pub enum SigningKey {
    /// Nothing is known of it.
    #[default]
    Absent,
    /// It stands in the key set.
    Published(Life),
    /// It stands there no more.
    Removed {
        /// Why.
        cause: Removal,
        /// When.
        removed_at: Timestamp,
    },
}

/// How far a published key has come in its life.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Life {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Whether it is known to have signed.
    pub activated: bool,
    /// Whether it is known to sign no more.
    pub retired: bool,
}

impl SigningKey {
    /// When an operator took it out of the key set; `None` where none did.
    #[must_use]
    pub const fn revoked_at(&self) -> Option<Timestamp> {
        match self {
            Self::Removed { cause: Removal::Operator, removed_at } => Some(*removed_at),
            Self::Absent | Self::Published(_) | Self::Removed { .. } => None,
        }
    }
}

impl Decider for SigningKey {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        Ok(match (self, command) {
            // Of one that is gone before anybody told of it there is nothing left to tell.
            (Self::Absent, Command::Note { standing: Standing::Gone, .. } | Command::NoteMissing { .. })
            | (Self::Removed { .. }, _) => vec![],
            (Self::Absent, Command::Note { algorithm, signs_from, standing, now }) => {
                let published = Published { algorithm: *algorithm, signs_from: *signs_from };
                let life = Life { algorithm: *algorithm, activated: false, retired: false };
                [vec![published.into()], life.steps(*standing, *now)].concat()
            }
            (Self::Absent, Command::Revoke { .. }) => return Err(Rejection::NotFound),
            (Self::Published(life), Command::Note { standing, now, .. }) => life.steps(*standing, *now),
            (Self::Published(_), Command::NoteMissing { now }) => {
                vec![Removed { cause: Removal::Missing, removed_at: *now, note: None }.into()]
            }
            (Self::Published(_), Command::Revoke { note, now }) => {
                let note = Some(note.to_string());
                vec![Removed { cause: Removal::Operator, removed_at: *now, note }.into()]
            }
        })
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::Absent, Event::Published(Published { algorithm, .. })) => {
                Self::Published(Life { algorithm: *algorithm, activated: false, retired: false })
            }
            (Self::Published(life), Event::Activated(_)) => Self::Published(Life { activated: true, ..life }),
            (Self::Published(life), Event::Retired(_)) => Self::Published(Life { retired: true, ..life }),
            (Self::Published(_), Event::Removed(Removed { cause, removed_at, .. })) => {
                Self::Removed { cause: *cause, removed_at: *removed_at }
            }
            (unchanged, _) => unchanged,
        }
    }
}

impl Life {
    /// What is not told yet. A step once told is not taken back, also when a clock was.
    fn steps(&self, standing: Standing, now: Timestamp) -> Vec<Event> {
        let signed = matches!(standing, Standing::Signing | Standing::Retired { .. });
        let activated = (signed && !self.activated).then(|| Activated {}.into());
        let retired = match standing {
            Standing::Retired { published_until } if !self.retired => Some(Retired { published_until }.into()),
            _ => None,
        };
        let gone = standing == Standing::Gone;
        let removed = gone.then(|| Removed { cause: Removal::Schedule, removed_at: now, note: None }.into());
        activated.into_iter().chain(retired).chain(removed).collect()
    }
}
