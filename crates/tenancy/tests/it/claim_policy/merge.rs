//! Defaults, user pool, organization, app client: who may change what of whom.

use serde_json::{Value, json};
use vestibule_tenancy::claim_policy::{Denied, Effective, EventVersion, Existing, Facts, Level};

use super::{effective, facts, groups, json as claims, of_pool, policy, problems, texts};

fn layered(pool: Value, organization: Value, app_client: Value) -> Effective {
    effective(&[
        (Level::UserPool, &policy(pool)),
        (Level::Organization, &policy(organization)),
        (Level::AppClient, &policy(app_client)),
    ])
}

#[test]
fn a_later_policy_wins_field_by_field() {
    let effective = layered(
        json!({ "claims": {
            "plan": { "source": { "constant": "basic" } },
            "tier": { "source": { "from": "organization.tier" } },
        } }),
        json!({ "claims": { "plan": { "source": { "constant": "gold" }, "tokens": "access" } } }),
        json!({ "claims": { "tier": { "tokens": "id" }, "kind": { "source": { "constant": "mobile" } } } }),
    );
    let facts = facts(&[]);
    let grants = effective.evaluate(&facts).unwrap();
    let levels: Vec<(&str, Level)> = grants.id_claims.iter().map(|claim| (claim.name, claim.level)).collect();
    assert_eq!(
        levels,
        [("kind", Level::AppClient), ("org_id", Level::Default), ("tier", Level::UserPool)],
        "the level is that which says the value"
    );
    let access = claims(&grants.access_claims);
    assert_eq!(access.keys().collect::<Vec<_>>(), ["kind", "org_id", "plan"]);
    assert_eq!(access["plan"], "gold");
}

#[test]
fn what_comes_from_the_registry_stays_from_there() {
    let above = of_pool(json!({ "claims": { "tenant_id": { "source": { "from": "organization.id" } } } }));
    for source in [json!({ "constant": "of another" }), json!({ "from": "organization.slug" })] {
        for level in [Level::Organization, Level::AppClient] {
            let forged = json!({ "claims": { "tenant_id": { "source": source } } });
            let found = problems(&above, level, forged.clone());
            assert_eq!(found, [("CLAIM_FIXED_ABOVE", "claims[tenant_id].source".to_owned())]);
            // It was saved before the pool said so.
            let (effective, _) = above.clone().with(level, &policy(forged));
            let facts = facts(&[]);
            assert_eq!(claims(&effective.evaluate(&facts).unwrap().id_claims)["tenant_id"], super::ORGANIZATION);
        }
    }
    let same = json!({ "claims": { "tenant_id": { "source": { "from": "organization.id" }, "tokens": "id" } } });
    assert_eq!(problems(&above, Level::Organization, same), []);
    let constant = of_pool(json!({ "claims": { "plan": { "source": { "constant": "basic" } } } }));
    let filled = json!({ "claims": { "plan": { "source": { "from": "organization.tier" } } } });
    assert_eq!(problems(&constant, Level::Organization, filled), [], "a constant is a default");
}

#[test]
fn what_is_suppressed_above_stays_suppressed() {
    let pool = json!({ "suppress": {
        "claims": ["nickname"], "scopes": ["legacy/all"], "custom_attributes": "suppress_all",
    }, "groups": { "mode": "suppress" } });
    let above = of_pool(pool);
    let made = json!({ "claims": { "nickname": { "source": { "constant": "x" } } } });
    assert_eq!(problems(&above, Level::Organization, made), [("SUPPRESSED", "claims[nickname]".to_owned())]);
    let added = json!({ "scopes": ["legacy/all"] });
    assert_eq!(problems(&above, Level::Organization, added), [("SUPPRESSED", "scopes[0]".to_owned())]);
    let at_once = json!({
        "claims": { "tier": { "source": { "constant": "x" } } },
        "scopes": ["a/b"],
        "suppress": { "claims": ["tier"], "scopes": ["a/b"] },
    });
    let found = problems(&Effective::default(), Level::UserPool, at_once);
    assert_eq!(found, [("SUPPRESSED", "claims[tier]".to_owned()), ("SUPPRESSED", "scopes[0]".to_owned())]);
    for mode in ["keep", "replace"] {
        let reopened = json!({ "groups": { "mode": mode } });
        assert_eq!(problems(&above, Level::AppClient, reopened), [("SUPPRESSED_ABOVE", "groups.mode".to_owned())]);
    }
    let weaker = json!({ "suppress": { "custom_attributes": "suppress_namesakes" } });
    let found = problems(&above, Level::Organization, weaker);
    assert_eq!(found, [("SUPPRESSED_ABOVE", "suppress.custom_attributes".to_owned())]);
    let (effective, _) = above.with(Level::Organization, &policy(json!({ "scopes": ["legacy/all"] })));
    let facts = facts(&[]);
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!(texts(&grants.scopes), Vec::<&str>::new());
    assert!(grants.scopes_suppressed.contains(&"legacy/all".into()));
    assert!(grants.access_suppressed.contains(&"nickname".into()) && grants.id_suppressed.contains(&"nickname".into()));
}

#[test]
fn a_claim_that_is_suppressed_later_is_not_made() {
    let effective = layered(
        json!({ "claims": { "tier": { "source": { "from": "organization.tier" } } } }),
        json!({ "suppress": { "claims": ["tier"] } }),
        json!({}),
    );
    let facts = facts(&[]);
    let grants = effective.evaluate(&facts).unwrap();
    assert!(!claims(&grants.id_claims).contains_key("tier") && !claims(&grants.access_claims).contains_key("tier"));
    assert_eq!(grants.id_suppressed, ["tier"]);
}

#[test]
fn the_pool_alone_allows_what_is_suppressed_by_default() {
    let open = of_pool(json!({ "suppress": { "user_admin_scope": false, "custom_attributes": "keep" } }));
    let custom = ["custom:org_id"];
    let facts = Facts { existing: Existing { custom_attributes: &custom, ..Existing::default() }, ..facts(&[]) };
    let grants = open.evaluate(&facts).unwrap();
    assert!(grants.scopes_suppressed.is_empty() && grants.id_suppressed.is_empty());
    let strict = json!({ "suppress": { "user_admin_scope": true, "custom_attributes": "suppress_all" } });
    let (closed, problems) = open.with(Level::Organization, &policy(strict));
    assert_eq!(problems, []);
    let grants = closed.evaluate(&facts).unwrap();
    assert_eq!(grants.scopes_suppressed, ["aws.cognito.signin.user.admin"]);
    assert_eq!(grants.id_suppressed, ["custom:org_id"]);
    let default = Effective::default();
    let grants = default.evaluate(&facts).unwrap();
    assert_eq!(grants.scopes_suppressed, ["aws.cognito.signin.user.admin"]);
    assert_eq!(grants.id_suppressed, ["custom:org_id"]);
}

#[test]
fn only_app_clients_that_each_level_allows_get_tokens() {
    let both = layered(json!({ "app_clients": ["web", "app"] }), json!({ "app_clients": ["app", "cli"] }), json!({}));
    let of = |app_client_id| Facts { app_client_id, ..facts(&[]) };
    assert!(both.evaluate(&of("app")).is_ok());
    assert_eq!(both.evaluate(&of("web")), Err(Denied::AppClientNotAllowed { level: Level::Organization }));
    assert_eq!(both.evaluate(&of("cli")), Err(Denied::AppClientNotAllowed { level: Level::UserPool }));
    assert_eq!(both.evaluate(&of("")), Err(Denied::AppClientNotAllowed { level: Level::UserPool }));
    assert!(Effective::default().evaluate(&of("any")).is_ok());
    // Of a list that cannot be read, nobody is allowed rather than everybody.
    let (unreadable, problems) = Effective::default().with(Level::UserPool, &policy(json!({ "app_clients": ["a-b"] })));
    assert_eq!(problems.len(), 1);
    assert!(unreadable.evaluate(&of("a-b")).is_err() && unreadable.evaluate(&of("app")).is_err());
}

#[test]
fn scopes_add_up_and_groups_are_those_of_the_last_template() {
    let effective = layered(
        json!({ "scopes": ["tenant/{organization.id}"], "groups": { "template": "tenant:{organization.slug}:{role}" } }),
        json!({ "scopes": ["billing/read"], "groups": { "template": "org:{organization.id}:{role}" } }),
        json!({ "scopes": ["mobile/push", "billing/read"] }),
    );
    let facts = facts(&["admin"]);
    let grants = effective.evaluate(&facts).unwrap();
    let tenant = format!("tenant/{}", super::ORGANIZATION);
    assert_eq!(texts(&grants.scopes), ["billing/read", "mobile/push", &tenant]);
    assert_eq!(grants.scopes[0].1, Level::Organization);
    assert_eq!(groups(&grants).unwrap(), [format!("org:{}:admin", super::ORGANIZATION)]);
}

#[test]
fn the_version_of_the_event_counts_and_not_that_of_the_policy() {
    let effective = of_pool(json!({ "event_version": "v1_0", "scopes": ["tenant/{organization.id}"] }));
    let facts = facts(&[]);
    assert_eq!(facts.event_version, EventVersion::V2);
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!((grants.scopes.len(), grants.access_claims.len()), (1, 1));
}
