use serde::{Deserialize, Serialize};

use crate::organization::Placement;

/// The version of the event "pre token generation" (`LambdaVersion` in the pool's configuration).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum EventVersion {
    /// Claims of the ID token, texts only; no scopes.
    #[serde(rename = "v1_0")]
    V1,
    /// Both tokens of users.
    #[serde(rename = "v2_0")]
    V2,
    /// The same, and the access tokens of clients.
    #[serde(rename = "v3_0")]
    V3,
}

/// What is known when a token is about to be made.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The organization that the token is about.
    pub organization: OrganizationFacts<'a>,
    /// The person; `None` for the token of a client (`client_credentials`).
    pub person: Option<PersonFacts<'a>>,
    /// The app client that the token is made for (`callerContext.clientId`).
    pub app_client_id: &'a str,
    /// The version of the event.
    pub event_version: EventVersion,
    /// What Cognito would put into the tokens by itself.
    pub existing: Existing<'a>,
}

/// What is known of the organization.
#[derive(Clone, Copy, Debug)]
pub struct OrganizationFacts<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its short name.
    pub slug: &'a str,
    /// The SaaS's own id of it.
    pub external_id: Option<&'a str>,
    /// What people read.
    pub display_name: &'a str,
    /// What it pays for; empty for nothing.
    pub tier: &'a str,
    /// The AWS region its data lives in.
    pub region: &'a str,
    /// Where its people live.
    pub home: Home<'a>,
}

/// Where the people of an organization live in Cognito, as far as tokens depend on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Home<'a> {
    /// In a pool that others live in, too.
    SharedPool,
    /// In such a pool, in a group of their own: the group stands in every token.
    Group(&'a str),
    /// In a pool of their own.
    OwnPool,
    /// Behind an app client of their own: no other one gets tokens for them.
    AppClient(&'a str),
}

impl<'a> From<&'a Placement> for Home<'a> {
    fn from(placement: &'a Placement) -> Self {
        match placement {
            Placement::SharedPool { .. } => Self::SharedPool,
            Placement::Group { group, .. } => Self::Group(group),
            Placement::OwnPool { .. } => Self::OwnPool,
            Placement::AppClient { app_client_id, .. } => Self::AppClient(app_client_id),
        }
    }
}

/// What is known of the person.
#[derive(Clone, Copy, Debug)]
pub struct PersonFacts<'a> {
    /// Vestibule's own id of the person.
    pub id: &'a str,
    /// The person's roles.
    pub roles: &'a [&'a str],
    /// The id of the connection through which the person is known.
    pub connection: Option<&'a str>,
}

/// What Cognito would put into the tokens by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Existing<'a> {
    /// How many claims both tokens have, scopes and groups not counted.
    pub claims: usize,
    /// The scopes of the access token.
    pub scopes: &'a [&'a str],
    /// The groups.
    pub groups: &'a [&'a str],
    /// The names of the user's `custom:*` attributes.
    pub custom_attributes: &'a [&'a str],
}
