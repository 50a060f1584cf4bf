use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, PersonalFields, Reservation, Schema, domain_event};
use vestibule_kernel::{ConnectionId, OrganizationId, PersonId};

use super::SUBJECT;

/// What the identity provider said of a person. Personal: stored under the person's own key only.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Profile {
    /// The subject's exact value at the identity provider.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The address, already held against the organization's verified domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(redacted)")
    }
}

fn personal(person: PersonId, profile: Option<&Profile>) -> Option<PersonalFields> {
    let fields = serde_json::to_value(profile?).ok()?;
    Some(PersonalFields { person, fields })
}

/// A person signed in for the first time; the `sub` is minted, once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FirstSeen {
    /// The person's id: the `sub`.
    pub person: PersonId,
    /// The organization the person belongs to, for ever.
    pub organization: OrganizationId,
    /// The connection of the first sign-in.
    pub connection: ConnectionId,
    /// The keyed digest that finds the person again.
    pub subject_digest: String,
    /// What the identity provider said; `None` when it was not opened or its key is destroyed.
    #[serde(skip)]
    pub profile: Option<Profile>,
}

impl EventBody for FirstSeen {
    const SCHEMA: Schema = Schema::new("person.first_seen", 1, &[]);

    fn personal(&self) -> Option<PersonalFields> {
        personal(self.person, self.profile.as_ref())
    }

    fn restore_personal(&mut self, fields: serde_json::Value) -> Result<(), serde_json::Error> {
        self.profile = Some(serde_json::from_value(fields)?);
        Ok(())
    }
}

/// The identity provider says something else of the person than before.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Updated {
    /// The person.
    pub person: PersonId,
    /// What it says now; `None` when it was not opened or its key is destroyed.
    #[serde(skip)]
    pub profile: Option<Profile>,
}

impl EventBody for Updated {
    const SCHEMA: Schema = Schema::new("person.updated", 1, &[]);

    fn personal(&self) -> Option<PersonalFields> {
        personal(self.person, self.profile.as_ref())
    }

    fn restore_personal(&mut self, fields: serde_json::Value) -> Result<(), serde_json::Error> {
        self.profile = Some(serde_json::from_value(fields)?);
        Ok(())
    }
}

domain_event! {
    /// What can have happened to a person.
    pub enum Event {
        /// See [`FirstSeen`].
        FirstSeen(FirstSeen),
        /// See [`Updated`].
        Updated(Updated),
    }
    reservations = reservations;
}

fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::FirstSeen(first) => vec![Reservation::Take { scope: SUBJECT, key: first.subject_digest.clone() }],
        Event::Updated(_) => Vec::new(),
    }
}
