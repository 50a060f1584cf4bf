use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::EventVersion;

/// What one level says; what is absent stays as the levels above have it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimPolicy {
    /// The version of the event that the pool's trigger is configured with. User pools only; it decides about warnings, and
    /// nothing about tokens: the event itself says which version it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_version: Option<EventVersion>,
    /// Claims by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, ClaimRule>,
    /// Templates of scopes that are added to access tokens, such as `tenant/{organization.id}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The groups of the tokens.
    #[serde(skip_serializing_if = "Groups::is_absent")]
    pub groups: Groups,
    /// What does not go into the tokens.
    #[serde(skip_serializing_if = "Suppress::is_absent")]
    pub suppress: Suppress,
    /// The app clients for which tokens are made; all when there are none here. Not in the policy of an app client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub app_clients: Vec<String>,
    /// How much there may be.
    #[serde(skip_serializing_if = "Budget::is_absent")]
    pub budget: Budget,
}

/// A claim of a policy.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimRule {
    /// What its value is; absent where the level above has said so and only the tokens are chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<ClaimSource>,
    /// In which tokens it stands; in both when no level says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
}

/// Where the value of a claim comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimSource {
    /// The registry, or the sign-in.
    From(Attribute),
    /// The policy itself.
    Constant(Value),
}

/// What Vestibule knows of an organization, a person or a token.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Attribute {
    /// The organization's id.
    #[serde(rename = "organization.id")]
    OrganizationId,
    /// Its short name.
    #[serde(rename = "organization.slug")]
    OrganizationSlug,
    /// The SaaS's own id of it.
    #[serde(rename = "organization.external_id")]
    OrganizationExternalId,
    /// What people read.
    #[serde(rename = "organization.display_name")]
    OrganizationDisplayName,
    /// What it pays for.
    #[serde(rename = "organization.tier")]
    OrganizationTier,
    /// The AWS region its data lives in.
    #[serde(rename = "organization.region")]
    OrganizationRegion,
    /// Vestibule's own id of the person.
    #[serde(rename = "person.id")]
    PersonId,
    /// The person's roles, a list.
    #[serde(rename = "person.roles")]
    PersonRoles,
    /// The connection through which the person is known.
    #[serde(rename = "person.connection")]
    PersonConnection,
    /// Cognito's id of the app client; the only source of the claim `aud` of access tokens.
    #[serde(rename = "app_client.id")]
    AppClientId,
}

impl Attribute {
    /// Each of them, and how policies call it.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::OrganizationId, "organization.id"),
        (Self::OrganizationSlug, "organization.slug"),
        (Self::OrganizationExternalId, "organization.external_id"),
        (Self::OrganizationDisplayName, "organization.display_name"),
        (Self::OrganizationTier, "organization.tier"),
        (Self::OrganizationRegion, "organization.region"),
        (Self::PersonId, "person.id"),
        (Self::PersonRoles, "person.roles"),
        (Self::PersonConnection, "person.connection"),
        (Self::AppClientId, "app_client.id"),
    ];

    /// The one that policies call `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(attribute, _)| *attribute)
    }

    /// How policies call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(attribute, _)| *attribute == self).map_or("", |(_, name)| name)
    }
}

/// In which tokens a claim stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// ID and access token.
    #[default]
    Both,
    /// The ID token.
    Id,
    /// The access token.
    Access,
    /// None of them.
    Neither,
}

impl Tokens {
    /// Whether the ID token is meant.
    #[must_use]
    pub const fn id(self) -> bool {
        matches!(self, Self::Both | Self::Id)
    }

    /// Whether the access token is meant.
    #[must_use]
    pub const fn access(self) -> bool {
        matches!(self, Self::Both | Self::Access)
    }
}

/// The groups of the tokens.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Groups {
    /// What becomes of the groups that Cognito knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<GroupMode>,
    /// The template of the group that a role becomes, such as `{organization.slug}:{role}`; without one, roles are no groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Groups {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of the groups that Cognito knows. In the order of strictness.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupMode {
    /// They stay, and those made of roles join them.
    #[default]
    Keep,
    /// Those made of roles take their place.
    Replace,
    /// There are no groups.
    Suppress,
}

/// What does not go into the tokens.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Suppress {
    /// The scope `aws.cognito.signin.user.admin`, with which a person may change attributes; suppressed when no level says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_admin_scope: Option<bool>,
    /// The raw `custom:*` claims of ID tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<CustomAttributes>,
    /// Claims by name, in both tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Scopes by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

impl Suppress {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::default()
    }
}

/// Which raw `custom:*` claims do not go into ID tokens. In the order of strictness.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomAttributes {
    /// Each goes in.
    Keep,
    /// Those that are called like a claim of ours do not: beside `org_id` there is no `custom:org_id`, which a person may be
    /// able to write.
    #[default]
    SuppressNamesakes,
    /// None goes in, unless a policy makes a claim of that very name.
    SuppressAll,
}

/// How much there may be.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// How many claims and scopes both tokens may hold before a warning is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<u16>,
    /// How many groups and roles a token spells out; a person with more gets a reference to them instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<u16>,
    /// The name of the claim that holds the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_claim: Option<String>,
}

impl Budget {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::default()
    }
}
