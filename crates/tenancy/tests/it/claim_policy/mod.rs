//! What policies say, how they are laid over each other, and what goes into tokens.

mod decide;
mod evaluate;
mod hostile;
mod merge;
mod placement;
mod policies;
mod property;
mod refused;

use std::collections::BTreeMap;

use serde_json::Value;
use vestibule_tenancy::claim_policy::{
    Attribute, ClaimPolicy, ClaimValue, Effective, EventVersion, Existing, Facts, Granted, Grants, GroupOverride, Home,
    Level, OrganizationFacts, PersonFacts, Problem, Tokens,
};

pub(super) const ORGANIZATION: &str = "01890a5d-ac96-774b-bcce-b302099a8051";
pub(super) const OTHER_ORGANIZATION: &str = "01890a5d-ac96-774b-bcce-b302099a9999";
pub(super) const PERSON: &str = "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7b";
pub(super) const CONNECTION: &str = "01890a5d-ac96-774b-bcce-b302099a8053";

/// A policy as people write it.
pub(super) fn policy(json: Value) -> ClaimPolicy {
    serde_json::from_value(json).unwrap()
}

/// The policies of the levels below the defaults, none of which may be refused.
pub(super) fn effective(levels: &[(Level, &ClaimPolicy)]) -> Effective {
    levels.iter().fold(Effective::default(), |above, (level, policy)| {
        let (effective, problems) = above.with(*level, policy);
        assert_eq!(problems, [], "{level}");
        effective
    })
}

/// What is wrong with a policy of this level, by reason and field.
pub(super) fn problems(above: &Effective, level: Level, json: Value) -> Vec<(&'static str, String)> {
    let (_, problems) = above.clone().with(level, &policy(json));
    problems.into_iter().map(|Problem { reason, field, .. }| (reason, field)).collect()
}

pub(super) fn of_pool(json: Value) -> Effective {
    effective(&[(Level::UserPool, &policy(json))])
}

pub(super) fn facts<'a>(roles: &'a [&'a str]) -> Facts<'a> {
    Facts {
        organization: OrganizationFacts {
            id: ORGANIZATION,
            slug: "acme",
            external_id: Some("crm-4711"),
            display_name: "Acme GmbH",
            tier: "enterprise",
            region: "eu-west-1",
            home: Home::SharedPool,
        },
        person: Some(PersonFacts { id: PERSON, roles, connection: Some(CONNECTION) }),
        app_client_id: "app",
        event_version: EventVersion::V2,
        existing: Existing { claims: 40, ..Existing::default() },
    }
}

/// The token of a client.
pub(super) fn of_client() -> Facts<'static> {
    Facts { person: None, event_version: EventVersion::V3, ..facts(&[]) }
}

pub(super) fn json(claims: &[Granted<'_, ClaimValue<'_>>]) -> BTreeMap<String, Value> {
    claims.iter().map(|claim| (claim.name.to_owned(), claim.value.to_json())).collect()
}

pub(super) fn texts<'a>(said: &'a [(std::borrow::Cow<'_, str>, Level)]) -> Vec<&'a str> {
    said.iter().map(|(text, _)| text.as_ref()).collect()
}

pub(super) fn groups<'a>(grants: &'a Grants<'_>) -> Option<Vec<&'a str>> {
    match &grants.groups {
        GroupOverride::Keep => None,
        GroupOverride::Set { groups, .. } => Some(texts(groups)),
    }
}

#[test]
fn each_attribute_has_one_name() {
    for (attribute, name) in Attribute::ALL {
        assert_eq!(Attribute::parse(name), Some(attribute));
        assert_eq!(attribute.as_str(), name);
        assert_eq!(serde_json::to_value(attribute).unwrap(), Value::from(name));
    }
    assert_eq!(Attribute::parse("organization"), None);
    assert!(Tokens::Both.id() && Tokens::Both.access() && !Tokens::Neither.id() && !Tokens::Neither.access());
    assert!(Tokens::Id.id() && !Tokens::Id.access() && Tokens::Access.access() && !Tokens::Access.id());
}
