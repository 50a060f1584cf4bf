use serde::{Deserialize, Serialize};
use vestibule_decider::{EventBody, Reservation, Schema, domain_event};
use vestibule_kernel::{ConnectionId, DirectoryId, DirectoryTokenId, OrganizationId, Timestamp};

use super::CONNECTION;

/// Which SCIM attribute holds what the identity provider calls people at sign-in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectFrom {
    /// `userName`.
    #[default]
    UserName,
    /// `externalId`.
    ExternalId,
}

/// Where the roles of people come from. One place, so that whoever is taken out of a group there has lost the role.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RolesFrom {
    /// The groups that are asserted at sign-in.
    #[default]
    SignIn,
    /// The groups of the directory.
    Directory,
}

/// How a directory is understood.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Settings {
    /// Which attribute holds what the identity provider calls people at sign-in.
    pub subject: SubjectFrom,
    /// The Format of the NameID that it is, where the connection recognises people by the NameID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_id_format: Option<String>,
    /// Where roles come from.
    pub roles: RolesFrom,
}

/// The directory exists.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Created {
    /// Its id, part of its address for ever.
    pub directory: DirectoryId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The connection over which its people sign in.
    pub connection: ConnectionId,
    /// How it is understood.
    #[serde(flatten)]
    pub settings: Settings,
}

impl EventBody for Created {
    const SCHEMA: Schema = Schema::new("directory.created", 1, &[]);
}

/// The directory is understood in another way.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Configured {
    /// All of it, as it is now.
    #[serde(flatten)]
    pub settings: Settings,
}

impl EventBody for Configured {
    const SCHEMA: Schema = Schema::new("directory.configured", 1, &[]);
}

/// Whoever presents this token is the directory.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TokenAdded {
    /// Its id.
    pub token: DirectoryTokenId,
    /// SHA-256 over its text, lower-case hex. The text is 256 random bits, and kept nowhere.
    pub digest: String,
    /// When.
    pub at: Timestamp,
}

impl EventBody for TokenAdded {
    const SCHEMA: Schema = Schema::new("directory.token_added", 1, &[]);
}

/// The token is good for nothing any more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TokenRetired {
    /// Its id.
    pub token: DirectoryTokenId,
}

impl EventBody for TokenRetired {
    const SCHEMA: Schema = Schema::new("directory.token_retired", 1, &[]);
}

domain_event! {
    /// What can have happened to a directory.
    pub enum Event {
        /// See [`Created`].
        Created(Created),
        /// See [`Configured`].
        Configured(Configured),
        /// See [`TokenAdded`].
        TokenAdded(TokenAdded),
        /// See [`TokenRetired`].
        TokenRetired(TokenRetired),
    }
    reservations = reservations;
}

fn reservations(event: &Event) -> Vec<Reservation> {
    match event {
        Event::Created(created) => {
            vec![Reservation::Take { scope: CONNECTION, key: created.connection.to_string() }]
        }
        Event::Configured(_) | Event::TokenAdded(_) | Event::TokenRetired(_) => Vec::new(),
    }
}
