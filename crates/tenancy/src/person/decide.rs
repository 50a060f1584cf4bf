use vestibule_decider::Decider;
use vestibule_kernel::{ConnectionId, OrganizationId, PersonId};

use super::{CATEGORY, Command, Event, FirstSeen, Profile, Recognise, Rejection, Updated};

/// A human within one organization, by stage of life.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Person {
    /// Never seen.
    #[default]
    Unknown,
    /// Has signed in; the `sub` is minted.
    Known(Known),
}

/// What is known of a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// The person's id: the `sub`, for ever.
    pub person: PersonId,
    /// The organization, for ever.
    pub organization: OrganizationId,
    /// The connection of the first sign-in.
    pub connection: ConnectionId,
    /// What the identity provider said last; `None` when it was not opened or its key is destroyed.
    pub profile: Option<Profile>,
}

impl Decider for Person {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let Command::Recognise(recognise) = command;
        match self {
            Self::Unknown => Ok(vec![first_seen(recognise).into()]),
            Self::Known(known) if !known.is(recognise) => Err(Rejection::SomebodyElse),
            Self::Known(known) if known.profile.as_ref() == Some(&recognise.profile) => Ok(vec![]),
            Self::Known(known) => {
                Ok(vec![Updated { person: known.person, profile: Some(recognise.profile.clone()) }.into()])
            }
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::FirstSeen(first)) => Self::Known(Known {
                person: first.person,
                organization: first.organization,
                connection: first.connection,
                profile: first.profile.clone(),
            }),
            (Self::Known(known), Event::Updated(updated)) => {
                Self::Known(Known { profile: updated.profile.clone(), ..known })
            }
            (Self::Unknown, Event::Updated(_)) => Self::Unknown,
        }
    }
}

impl Known {
    fn is(&self, recognise: &Recognise) -> bool {
        self.person == recognise.person && self.organization == recognise.organization
    }
}

fn first_seen(recognise: &Recognise) -> FirstSeen {
    FirstSeen {
        person: recognise.person,
        organization: recognise.organization,
        connection: recognise.connection,
        subject_digest: recognise.subject_digest.clone(),
        profile: Some(recognise.profile.clone()),
    }
}
