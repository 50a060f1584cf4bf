//! What goes into the tokens, version by version.

use serde_json::{Value, json};
use vestibule_tenancy::claim_policy::{
    Denied, Effective, EventVersion, Existing, Facts, GroupOverride, Level, OrganizationFacts, PersonFacts, Warning,
};

use super::{CONNECTION, ORGANIZATION, PERSON, facts, groups, json as claims, of_client, of_pool, texts};

/// Each attribute as a claim.
fn everything() -> Effective {
    let from = |attribute: &str| json!({ "source": { "from": attribute } });
    of_pool(json!({
        "claims": {
            "tenant_id": from("organization.id"),
            "slug": from("organization.slug"),
            "external_id": from("organization.external_id"),
            "org_name": from("organization.display_name"),
            "tier": from("organization.tier"),
            "region": from("organization.region"),
            "person": from("person.id"),
            "roles": from("person.roles"),
            "connection": from("person.connection"),
            "client": from("app_client.id"),
            "aud": { "source": { "from": "app_client.id" }, "tokens": "access" },
            "seats": { "source": { "constant": 5 } },
            "plan": { "source": { "constant": { "name": "gold" } } },
        },
        "scopes": ["tenant/{organization.id}", "app/{role}"],
        "groups": { "template": "{organization.slug}:{role}" },
    }))
}

fn without_plan_and_aud(mut all: Value) -> Value {
    for name in ["plan", "aud"] {
        all.as_object_mut().unwrap().remove(name);
    }
    all
}

fn all() -> Value {
    json!({
        "aud": "app",
        "client": "app",
        "connection": CONNECTION,
        "external_id": "crm-4711",
        "org_id": ORGANIZATION,
        "org_name": "Acme GmbH",
        "person": PERSON,
        "plan": { "name": "gold" },
        "region": "eu-west-1",
        "roles": ["admin", "billing:read"],
        "seats": 5,
        "slug": "acme",
        "tenant_id": ORGANIZATION,
        "tier": "enterprise",
    })
}

#[test]
fn version_2_reaches_both_tokens_with_values_of_any_kind() {
    let effective = everything();
    for event_version in [EventVersion::V2, EventVersion::V3] {
        let facts = Facts { event_version, ..facts(&["admin", "billing:read"]) };
        let grants = effective.evaluate(&facts).unwrap();
        assert_eq!(json!(claims(&grants.access_claims)), all());
        let mut id = all();
        id.as_object_mut().unwrap().remove("aud");
        assert_eq!(json!(claims(&grants.id_claims)), id);
        let tenant = format!("tenant/{ORGANIZATION}");
        assert_eq!(texts(&grants.scopes), ["app/admin", "app/billing:read", &tenant]);
        assert_eq!(groups(&grants).unwrap(), ["acme:admin", "acme:billing:read"]);
        assert_eq!(grants.warnings, []);
        assert_eq!(grants.claims, 40 + (13 + 1) + (14 + 1) + 3 + 2 * 2, "existing, ID, access, scopes, groups");
    }
}

#[test]
fn version_1_carries_texts_into_the_id_token_and_nothing_else() {
    let effective = everything();
    let facts = Facts { event_version: EventVersion::V1, ..facts(&["admin", "billing:read"]) };
    let grants = effective.evaluate(&facts).unwrap();
    let mut expected = without_plan_and_aud(all());
    expected["seats"] = json!("5");
    expected["roles"] = json!("admin billing:read");
    assert_eq!(json!(claims(&grants.id_claims)), expected);
    assert_eq!(grants.id_suppressed, ["plan"], "nothing else stands where a claim of ours cannot");
    assert!(grants.access_claims.is_empty() && grants.access_suppressed.is_empty());
    assert!(grants.scopes.is_empty() && grants.scopes_suppressed.is_empty());
    assert_eq!(groups(&grants).unwrap(), ["acme:admin", "acme:billing:read"]);
    assert_eq!(grants.warnings, [Warning::ValueNotText]);
}

#[test]
fn the_token_of_a_client_is_an_access_token_about_the_organization() {
    let effective = everything();
    let facts = of_client();
    let grants = effective.evaluate(&facts).unwrap();
    assert!(grants.id_claims.is_empty());
    let mut expected = all();
    for of_a_person in ["person", "roles", "connection"] {
        expected.as_object_mut().unwrap().remove(of_a_person);
    }
    assert_eq!(json!(claims(&grants.access_claims)), expected);
    assert_eq!(grants.access_suppressed, ["connection", "person", "roles"]);
    assert_eq!(texts(&grants.scopes), [format!("tenant/{ORGANIZATION}")]);
    assert_eq!(grants.groups, GroupOverride::Keep, "a client has no groups to override");
}

#[test]
fn a_claim_without_a_value_is_not_taken_from_elsewhere() {
    let effective = everything();
    let facts = facts(&[]);
    let organization = OrganizationFacts { external_id: None, tier: "", ..facts.organization };
    let person = Some(PersonFacts { connection: None, ..facts.person.unwrap() });
    let facts = Facts { organization, person, ..facts };
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!(grants.id_suppressed, ["connection", "external_id", "tier"]);
    assert_eq!(grants.access_suppressed, ["connection", "external_id", "tier"]);
    assert_eq!(claims(&grants.id_claims)["roles"], json!([]), "no roles is something that is known");
}

#[test]
fn groups_are_kept_replaced_or_suppressed() {
    let existing = ["eu-west-1_AbCd12345_Vestibule", "beta"];
    let facts = Facts { existing: Existing { groups: &existing, ..Existing::default() }, ..facts(&["admin"]) };
    let of = |mode: &str, template: Option<&str>| {
        let template = template.map_or(Value::Null, Value::from);
        of_pool(json!({ "groups": { "mode": mode, "template": template } }))
    };
    let template = Some("{organization.slug}:{role}");
    for (mode, template, expected, keep) in [
        ("keep", None, None, true),
        ("keep", template, Some(vec![existing[0], existing[1], "acme:admin"]), true),
        ("replace", None, Some(vec![]), false),
        ("replace", template, Some(vec!["acme:admin"]), false),
        ("suppress", template, Some(vec![]), false),
    ] {
        let effective = of(mode, template);
        let grants = effective.evaluate(&facts).unwrap();
        assert_eq!(groups(&grants), expected, "{mode}");
        if let GroupOverride::Set { keep_iam_roles, .. } = grants.groups {
            assert_eq!(keep_iam_roles, keep, "{mode}");
        }
    }
    let nobody = Facts { person: Some(PersonFacts { roles: &[], ..facts.person.unwrap() }), ..facts };
    assert_eq!(of("keep", template).evaluate(&nobody).unwrap().groups, GroupOverride::Keep);
}

#[test]
fn raw_attributes_of_our_names_stay_out_of_the_id_token() {
    let attributes = ["custom:org_id", "custom:TENANT_ID", "custom:department"];
    let facts = Facts { existing: Existing { custom_attributes: &attributes, ..Existing::default() }, ..facts(&[]) };
    let tenant = json!({ "tenant_id": { "source": { "from": "organization.id" } } });
    let effective = of_pool(json!({ "claims": tenant }));
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!(grants.id_suppressed, ["custom:TENANT_ID", "custom:org_id"]);
    let all = of_pool(json!({ "claims": tenant, "suppress": { "custom_attributes": "suppress_all" } }));
    assert_eq!(all.evaluate(&facts).unwrap().id_suppressed, ["custom:TENANT_ID", "custom:department", "custom:org_id"]);
    // A claim of that very name is ours and not the attribute.
    let ours = of_pool(json!({
        "claims": { "custom:org_id": { "source": { "from": "organization.id" } } },
        "suppress": { "custom_attributes": "suppress_all" },
    }));
    let grants = ours.evaluate(&facts).unwrap();
    assert_eq!(claims(&grants.id_claims)["custom:org_id"], ORGANIZATION);
    assert_eq!(grants.id_suppressed, ["custom:TENANT_ID", "custom:department"]);
}

#[test]
fn more_roles_than_are_spelled_out_become_a_reference() {
    let effective = everything();
    let roles: Vec<String> = (0..101).map(|index| format!("role-{index}")).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let existing = ["beta"];
    let of = |roles| Facts { existing: Existing { groups: &existing, ..Existing::default() }, ..facts(roles) };
    let many = of(&roles);
    let grants = effective.evaluate(&many).unwrap();
    assert_eq!(grants.warnings, [Warning::RolesReferenced]);
    let reference = format!("organizations/{ORGANIZATION}/persons/{PERSON}");
    for token in [&grants.id_claims, &grants.access_claims] {
        let claims = claims(token);
        assert_eq!(claims["roles_ref"], reference);
        assert!(!claims.contains_key("roles"));
        assert!(token.is_sorted_by_key(|claim| claim.name));
    }
    assert_eq!(grants.id_suppressed, ["roles"]);
    assert_eq!(texts(&grants.scopes), [format!("tenant/{ORGANIZATION}")]);
    assert_eq!(grants.groups, GroupOverride::Keep);
    // With the group that stays, a hundred roles are one too many; ninety-nine are not.
    let hundred = of(&roles[..100]);
    assert_eq!(effective.evaluate(&hundred).unwrap().warnings, [Warning::RolesReferenced]);
    let fewer = of(&roles[..99]);
    let grants = effective.evaluate(&fewer).unwrap();
    assert_eq!(groups(&grants).unwrap().len(), 100);
    assert!(!grants.warnings.contains(&Warning::RolesReferenced));
    assert!(!claims(&grants.id_claims).contains_key("roles_ref"));

    let renamed = of_pool(json!({ "budget": { "roles": 1, "reference_claim": "groups_ref" } }));
    let two = of(&roles[..2]);
    let grants = renamed.evaluate(&two).unwrap();
    assert_eq!(claims(&grants.access_claims)["groups_ref"], reference);
    assert_eq!(grants.access_claims[0].level, Level::UserPool);
}

#[test]
fn the_budget_warns_and_the_ceiling_leaves_the_organization_only() {
    let effective = everything();
    let of = |claims| Facts { existing: Existing { claims, ..Existing::default() }, ..facts(&["admin"]) };
    let usual = effective.evaluate(&of(40)).unwrap();
    assert!(usual.claims < 200 && usual.warnings.is_empty());
    let over = effective.evaluate(&of(200)).unwrap();
    assert_eq!(over.warnings, [Warning::OverBudget]);
    assert_eq!(over.id_claims.len(), usual.id_claims.len(), "a budget changes nothing");

    let full = effective.evaluate(&of(4_997)).unwrap();
    assert!(full.claims <= 5_000);
    assert_eq!(claims(&full.id_claims).into_keys().collect::<Vec<_>>(), ["org_id"]);
    assert_eq!(claims(&full.access_claims).into_keys().collect::<Vec<_>>(), ["org_id"]);
    assert!(full.scopes.is_empty() && full.id_suppressed.contains(&"tier".into()));
    assert_eq!(full.scopes_suppressed, ["aws.cognito.signin.user.admin"], "what is suppressed stays suppressed");
    assert!(full.warnings.contains(&Warning::CeilingReached));
    assert_eq!(effective.evaluate(&of(4_998)).unwrap().claims, 5_000);
    assert_eq!(effective.evaluate(&of(4_999)), Err(Denied::TooManyClaims));
}

#[test]
fn every_warning_says_something_of_its_own() {
    let all = [
        Warning::OverBudget,
        Warning::RolesReferenced,
        Warning::ValueUnusable,
        Warning::ScopeReserved,
        Warning::CeilingReached,
        Warning::ValueNotText,
    ];
    for one in all {
        let same = all.iter().filter(|other| other.reason() == one.reason() || other.message() == one.message());
        assert_eq!(same.count(), 1, "{one:?}");
    }
}
