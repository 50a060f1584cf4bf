use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;

use super::{CATEGORY, ClaimPolicy, Cleared, Command, Event, Rejection, Replaced, Target};

/// The policy of one target.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct State {
    /// What it belongs to; `None` as long as nothing has happened.
    pub target: Option<Target>,
    /// What it says; nothing when there is none.
    pub policy: ClaimPolicy,
}

impl State {
    fn check(&self, target: &Target) -> Result<(), Rejection> {
        let own = self.target.as_ref().is_none_or(|own| own == target);
        if own { Ok(()) } else { Err(Rejection::OtherTarget) }
    }
}

impl Decider for State {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Replace(replace) => {
                self.check(replace.target())?;
                let (target, policy) = (replace.target().clone(), replace.policy().clone());
                Ok(match policy {
                    policy if policy == self.policy => vec![],
                    policy if policy == ClaimPolicy::default() => vec![Cleared { target }.into()],
                    policy => vec![Replaced { target, policy }.into()],
                })
            }
            Command::Clear { target } => {
                self.check(target)?;
                let none = self.policy == ClaimPolicy::default();
                Ok(if none { vec![] } else { vec![Cleared { target: target.clone() }.into()] })
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        let policy = match event {
            Event::Replaced(replaced) => replaced.policy.clone(),
            Event::Cleared(_) => ClaimPolicy::default(),
        };
        // The first event says whose policy it is.
        Self { target: self.target.or_else(|| Some(event.target().clone())), policy }
    }
}
