//! The defaults, for each way in which an organization can live in Cognito.

use serde_json::json;
use vestibule_tenancy::claim_policy::{
    Denied, Effective, EventVersion, Existing, Facts, GroupOverride, Home, Level, OrganizationFacts, Warning,
};

use super::{ORGANIZATION, facts, groups, json as claims, of_client, of_pool};

fn at(home: Home<'static>) -> Facts<'static> {
    let facts = facts(&["admin"]);
    Facts { organization: OrganizationFacts { home, ..facts.organization }, ..facts }
}

#[test]
fn without_any_policy_the_organization_is_in_both_tokens() {
    let effective = Effective::default();
    for home in [Home::SharedPool, Home::Group("acme"), Home::OwnPool, Home::AppClient("app")] {
        let facts = at(home);
        let grants = effective.evaluate(&facts).unwrap();
        for token in [&grants.id_claims, &grants.access_claims] {
            assert_eq!(json!(claims(token)), json!({ "org_id": ORGANIZATION }), "{home:?}");
            assert_eq!(token[0].level, Level::Default);
        }
        assert!(grants.scopes.is_empty(), "{home:?}");
        assert_eq!(grants.scopes_suppressed, ["aws.cognito.signin.user.admin"], "{home:?}");
        assert!(grants.id_suppressed.is_empty() && grants.access_suppressed.is_empty(), "{home:?}");
        assert_eq!(grants.warnings, [] as [Warning; 0], "{home:?}");
        match home {
            Home::Group(group) => assert_eq!(groups(&grants).unwrap(), [group]),
            _ => assert_eq!(grants.groups, GroupOverride::Keep, "{home:?}"),
        }
        let first = Facts { event_version: EventVersion::V1, ..facts };
        let grants = effective.evaluate(&first).unwrap();
        assert_eq!(json!(claims(&grants.id_claims)), json!({ "org_id": ORGANIZATION }), "{home:?}");
    }
}

#[test]
fn the_group_of_the_organization_joins_those_of_cognito_or_takes_their_place() {
    let existing = ["pool_Vestibule", "beta"];
    let facts =
        Facts { existing: Existing { groups: &existing, ..Existing::default() }, ..at(Home::Group("tenant-acme")) };
    let default = Effective::default();
    assert_eq!(groups(&default.evaluate(&facts).unwrap()).unwrap(), ["pool_Vestibule", "beta", "tenant-acme"]);
    let member = ["tenant-acme", "beta"];
    let known = Facts { existing: Existing { groups: &member, ..Existing::default() }, ..facts };
    assert_eq!(default.evaluate(&known).unwrap().groups, GroupOverride::Keep);
    let replaced = of_pool(json!({ "groups": { "mode": "replace", "template": "{organization.slug}:{role}" } }));
    assert_eq!(groups(&replaced.evaluate(&facts).unwrap()).unwrap(), ["acme:admin", "tenant-acme"]);
    let suppressed = of_pool(json!({ "groups": { "mode": "suppress" } }));
    assert_eq!(groups(&suppressed.evaluate(&facts).unwrap()).unwrap(), [] as [&str; 0]);
}

#[test]
fn an_app_client_of_ones_own_is_the_only_one() {
    let default = Effective::default();
    let own = at(Home::AppClient("app"));
    assert!(default.evaluate(&own).is_ok());
    let denied = Err(Denied::AppClientNotAllowed { level: Level::Default });
    for app_client_id in ["other", "", "APP", "app "] {
        assert_eq!(default.evaluate(&Facts { app_client_id, ..own }), denied, "{app_client_id:?}");
        let open = of_pool(json!({ "app_clients": ["app", "other"] }));
        assert!(open.evaluate(&Facts { app_client_id, ..own }).is_err(), "a policy does not let others in");
    }
    let of_client = Facts { organization: own.organization, app_client_id: "other", ..of_client() };
    assert_eq!(default.evaluate(&of_client), denied, "nor do clients of their own");
}
