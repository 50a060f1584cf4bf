use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, PersonalFields, Reservation, Schema, domain_event};
use vestibule_kernel::{ConnectionId, DirectoryId, OrganizationId, PersonId, UserPoolId};

use super::{LOGOUT_REQUEST, NATIVE_USER, Profile, SUBJECT};

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
        self.profile.as_ref()?.sealed_for(self.person)
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
        self.profile.as_ref()?.sealed_for(self.person)
    }

    fn restore_personal(&mut self, fields: serde_json::Value) -> Result<(), serde_json::Error> {
        self.profile = Some(serde_json::from_value(fields)?);
        Ok(())
    }
}

/// The person's groups at the identity provider mean other roles than before.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RolesChanged {
    /// The person.
    pub person: PersonId,
    /// All roles as they are now, in order, each once.
    pub roles: Vec<String>,
    /// The directory whose groups they come from: what is asserted at sign-in says nothing of roles as long as this is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
}

impl EventBody for RolesChanged {
    const SCHEMA: Schema = Schema::new("person.roles_changed", 1, &[]);
}

/// The person may not sign in, and gets no tokens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Deactivated {
    /// The person.
    pub person: PersonId,
    /// Why, for operators.
    pub note: String,
    /// The directory that said so, and may take it back; none when it was an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
}

impl EventBody for Deactivated {
    const SCHEMA: Schema = Schema::new("person.deactivated", 1, &[]);
}

/// The deactivation is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reactivated {
    /// The person.
    pub person: PersonId,
}

impl EventBody for Reactivated {
    const SCHEMA: Schema = Schema::new("person.reactivated", 1, &[]);
}

/// The person is found by another subject from now on; the `sub` is the same.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Relinked {
    /// The person.
    pub person: PersonId,
    /// The connection of the subject.
    pub connection: ConnectionId,
    /// The keyed digest that finds the person from now on.
    pub subject_digest: String,
    /// The one that did so far; none when the person had never signed in over a connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_digest: Option<String>,
}

impl EventBody for Relinked {
    const SCHEMA: Schema = Schema::new("person.relinked", 1, &[]);
}

/// The person turned out to be another one, who has the subject from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Superseded {
    /// The person who is nobody any more.
    pub person: PersonId,
    /// Who they are.
    pub by: PersonId,
    /// The digest that found the person so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_digest: Option<String>,
}

impl EventBody for Superseded {
    const SCHEMA: Schema = Schema::new("person.superseded", 1, &[]);
}

/// The person signed out, at the identity provider or with us: no tokens until the next sign-in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SignedOut {
    /// The person.
    pub person: PersonId,
    /// The connection.
    pub connection: ConnectionId,
    /// The digest of the identity provider's LogoutRequest that asked for it, which is heard once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_digest: Option<String>,
}

impl EventBody for SignedOut {
    const SCHEMA: Schema = Schema::new("person.signed_out", 1, &[]);
}

/// The person signed in again after having signed out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SignedIn {
    /// The person.
    pub person: PersonId,
}

impl EventBody for SignedIn {
    const SCHEMA: Schema = Schema::new("person.signed_in", 1, &[]);
}

/// The person is a user whom a user pool holds itself. May be the first that is known of a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NativeUserLinked {
    /// The person.
    pub person: PersonId,
    /// The organization the person belongs to, for ever.
    pub organization: OrganizationId,
    /// The pool.
    pub user_pool: UserPoolId,
    /// The user's `sub` in the pool.
    pub native_user: String,
}

impl EventBody for NativeUserLinked {
    const SCHEMA: Schema = Schema::new("person.native_user_linked", 1, &[]);
}

/// The person is that user no more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NativeUserUnlinked {
    /// The person.
    pub person: PersonId,
    /// The pool.
    pub user_pool: UserPoolId,
    /// The user's `sub` in the pool.
    pub native_user: String,
}

impl EventBody for NativeUserUnlinked {
    const SCHEMA: Schema = Schema::new("person.native_user_unlinked", 1, &[]);
}

domain_event! {
    /// What can have happened to a person.
    pub enum Event {
        /// See [`FirstSeen`].
        FirstSeen(FirstSeen),
        /// See [`Updated`].
        Updated(Updated),
        /// See [`RolesChanged`].
        RolesChanged(RolesChanged),
        /// See [`Deactivated`].
        Deactivated(Deactivated),
        /// See [`Reactivated`].
        Reactivated(Reactivated),
        /// See [`Relinked`].
        Relinked(Relinked),
        /// See [`Superseded`].
        Superseded(Superseded),
        /// See [`SignedOut`].
        SignedOut(SignedOut),
        /// See [`SignedIn`].
        SignedIn(SignedIn),
        /// See [`NativeUserLinked`].
        NativeUserLinked(NativeUserLinked),
        /// See [`NativeUserUnlinked`].
        NativeUserUnlinked(NativeUserUnlinked),
    }
    reservations = reservations;
}

fn reservations(event: &Event) -> Vec<Reservation> {
    let take = |digest: &String| Reservation::Take { scope: SUBJECT, key: digest.clone() };
    let release = |digest: &String| Reservation::Release { scope: SUBJECT, key: digest.clone() };
    match event {
        Event::FirstSeen(first) => vec![take(&first.subject_digest)],
        Event::Relinked(relinked) => {
            relinked.released_digest.iter().map(release).chain([take(&relinked.subject_digest)]).collect()
        }
        Event::SignedOut(SignedOut { connection, request_digest, .. }) => {
            let take = |digest: &String| Reservation::Take {
                scope: LOGOUT_REQUEST,
                key: logout_request_key(*connection, digest),
            };
            request_digest.iter().map(take).collect()
        }
        Event::Superseded(superseded) => superseded.released_digest.iter().map(release).collect(),
        Event::NativeUserLinked(NativeUserLinked { user_pool, native_user, .. }) => {
            vec![Reservation::Take { scope: NATIVE_USER, key: native_user_key(*user_pool, native_user) }]
        }
        Event::NativeUserUnlinked(NativeUserUnlinked { user_pool, native_user, .. }) => {
            vec![Reservation::Release { scope: NATIVE_USER, key: native_user_key(*user_pool, native_user) }]
        }
        Event::Updated(_)
        | Event::RolesChanged(_)
        | Event::Deactivated(_)
        | Event::Reactivated(_)
        | Event::SignedIn(_) => Vec::new(),
    }
}

/// The key of a native user under [`NATIVE_USER`].
#[must_use]
pub fn native_user_key(user_pool: UserPoolId, native_user: &str) -> String {
    format!("{user_pool}/{native_user}")
}

/// The key of a LogoutRequest under [`LOGOUT_REQUEST`].
#[must_use]
pub fn logout_request_key(connection: ConnectionId, request_digest: &str) -> String {
    format!("{connection}/{request_digest}")
}
