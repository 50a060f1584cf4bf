use vestibule_decider::Decider;
use vestibule_kernel::{PersonId, UserPoolId};

use super::{Accepted, CATEGORY, Command, Event, Redeemed, Rejection};

/// What an identity provider said once, by stage of life.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Assertion {
    /// Never accepted.
    #[default]
    Unused,
    /// It signed this person in to this user pool.
    Accepted {
        /// Whom.
        person: PersonId,
        /// Where to.
        user_pool: UserPoolId,
    },
    /// The code made from it was exchanged.
    Redeemed,
}

impl Decider for Assertion {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Unused, Command::Accept(accepted)) => Ok(vec![accepted.clone().into()]),
            (_, Command::Accept(_)) => Err(Rejection::Replayed),
            (Self::Unused, Command::Redeem { .. }) => Err(Rejection::NotAccepted),
            (Self::Accepted { user_pool: accepted_for, .. }, Command::Redeem { user_pool }) => {
                if accepted_for == user_pool {
                    Ok(vec![Redeemed { user_pool: *user_pool }.into()])
                } else {
                    Err(Rejection::ForeignUserPool)
                }
            }
            (Self::Redeemed, Command::Redeem { .. }) => Err(Rejection::AlreadyRedeemed),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Accepted(Accepted { person, user_pool, .. })) => {
                Self::Accepted { person: *person, user_pool: *user_pool }
            }
            (Self::Accepted { .. }, Event::Redeemed(_)) => Self::Redeemed,
            (unchanged @ (Self::Unused | Self::Redeemed), Event::Redeemed(_)) => unchanged,
        }
    }
}
