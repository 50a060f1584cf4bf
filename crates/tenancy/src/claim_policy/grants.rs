use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;
use vestibule_kernel::{Explain, Explanation, Kind};

use super::Level;

/// What goes into the tokens, and what does not. Nothing in it is Cognito's own, and all of it together stays below
/// Cognito's ceiling.
#[derive(Clone, Debug, PartialEq)]
pub struct Grants<'a> {
    /// Claims of the ID token, in the order of their names.
    pub id_claims: Vec<Granted<'a, ClaimValue<'a>>>,
    /// Claims of the access token, in the order of their names; none for events of version `V1_0`.
    pub access_claims: Vec<Granted<'a, ClaimValue<'a>>>,
    /// Claims that do not go into the ID token; none of them is in `id_claims`.
    pub id_suppressed: Vec<Cow<'a, str>>,
    /// Claims that do not go into the access token; none of them is in `access_claims`.
    pub access_suppressed: Vec<Cow<'a, str>>,
    /// Scopes to add, sorted; none for events of version `V1_0`.
    pub scopes: Vec<(Cow<'a, str>, Level)>,
    /// Scopes to suppress; none of them is in `scopes`.
    pub scopes_suppressed: Vec<Cow<'a, str>>,
    /// The groups.
    pub groups: GroupOverride<'a>,
    /// How many claims and scopes both tokens hold with these, as the ceiling counts.
    pub claims: usize,
    /// What could not be granted as the policies say.
    pub warnings: Vec<Warning>,
}

/// A claim, and who said so.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted<'a, T> {
    /// The name of the claim.
    pub name: &'a str,
    /// Its value.
    pub value: T,
    /// The level that says what its value is.
    pub level: Level,
}

/// The value of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimValue<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A list of texts; never for events of version `V1_0`.
    Texts(&'a [&'a str]),
    /// A constant of a policy; for events of version `V1_0` never anything but a text.
    Constant(&'a Value),
}

impl ClaimValue<'_> {
    /// The value as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_ref()),
            Self::Texts(texts) => texts.iter().copied().map(Value::from).collect(),
            Self::Constant(value) => (*value).clone(),
        }
    }

    /// How much of the ceiling it takes: a list as much as its members, if that is more than one claim.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::Texts(texts) => texts.len().max(1),
            Self::Constant(value) => weight(value),
        }
    }
}

fn weight(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(weight).sum::<usize>().max(1),
        Value::Object(members) => members.values().map(weight).sum::<usize>().max(1),
        _ => 1,
    }
}

impl Serialize for ClaimValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Texts(texts) => serializer.collect_seq(*texts),
            Self::Constant(value) => value.serialize(serializer),
        }
    }
}

/// What becomes of the groups of the tokens (`groupOverrideDetails`).
#[derive(Clone, Debug, PartialEq)]
pub enum GroupOverride<'a> {
    /// They stay as Cognito has them: leave the member out.
    Keep,
    /// These are the groups, and none other; none at all when it is empty.
    Set {
        /// The groups, those of Cognito that stay first.
        groups: Vec<(Cow<'a, str>, Level)>,
        /// Whether the IAM roles of the groups stay, because the groups of Cognito do.
        keep_iam_roles: bool,
    },
}

/// Something that was not granted as the policies say. Never a reason to refuse a token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Warning {
    /// There are more claims and scopes than the budget has.
    OverBudget,
    /// There are more roles or groups than are spelled out: they became a reference.
    RolesReferenced,
    /// A scope or a group would have had characters or a length that it cannot have.
    ValueUnusable,
    /// A scope or a group would have been one of Cognito's own or of the OpenID Connect standard.
    ScopeReserved,
    /// With everything that the policies say the tokens would be above Cognito's ceiling: only `org_id` was added.
    CeilingReached,
    /// A claim is more than a text, which events of version `V1_0` cannot carry.
    ValueNotText,
}

impl Warning {
    /// The stable reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OverBudget => "CLAIMS_OVER_BUDGET",
            Self::RolesReferenced => "ROLES_REFERENCED",
            Self::ValueUnusable => "VALUE_UNUSABLE",
            Self::ScopeReserved => "SCOPE_RESERVED",
            Self::CeilingReached => "CLAIMS_CEILING_REACHED",
            Self::ValueNotText => "VALUE_NOT_TEXT",
        }
    }

    /// What it means and what to do about it.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::OverBudget => {
                "the tokens hold more claims and scopes than the budget: they may become too long for a cookie or a header"
            }
            Self::RolesReferenced => {
                "there are more roles or groups than are spelled out: the reference claim stands in their place"
            }
            Self::ValueUnusable => {
                "a scope or a group was left out: the value in its template has characters or a length that it cannot have"
            }
            Self::ScopeReserved => "a scope was left out: it is Cognito's own or one of OpenID Connect",
            Self::CeilingReached => {
                "the tokens would be above Cognito's ceiling of 5,000 claims and scopes: only org_id was added"
            }
            Self::ValueNotText => "a claim was left out: events of version V1_0 carry texts only",
        }
    }
}

/// Why there may be no token at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The policies do not allow this app client.
    #[error("this application is not available to the organization")]
    AppClientNotAllowed {
        /// Which level says so.
        level: Level,
    },
    /// Not even `org_id` would fit.
    #[error("the tokens have too many claims")]
    TooManyClaims,
}

impl Explain for Denied {
    fn explain(&self) -> Explanation {
        match self {
            Self::AppClientNotAllowed { .. } => Explanation::new(Kind::Forbidden, "APP_CLIENT_NOT_ALLOWED"),
            Self::TooManyClaims => Explanation::new(Kind::Exhausted, "CLAIMS_CEILING"),
        }
    }
}
