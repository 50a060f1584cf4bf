//! One organization must not get what is another's, whatever its names, roles and policies are.

use serde_json::{Value, json};
use vestibule_tenancy::claim_policy::{Effective, EventVersion, Existing, Facts, Level, OrganizationFacts, Warning};

use super::{ORGANIZATION, OTHER_ORGANIZATION, facts, groups, of_pool, policy, problems, texts};

#[test]
fn a_template_has_one_reading() {
    // `acme` with the role `corp-admin` and `acme-corp` with the role `admin` would share a group.
    for ambiguous in [
        "tenant-{organization.slug}-{role}",
        "{organization.slug}{role}",
        "{organization.slug}x{role}",
        "{organization.slug}0",
        "{organization.region}-{organization.slug}",
        "{organization.region}/{organization.id}",
        "{organization.region}/{organization.slug}:{role}",
        "{organization.tier}:{role}",
        "{organization.external_id}:{role}",
        "{role}:{organization.slug}",
        "{role}x",
        "{role}{role}",
    ] {
        let groups = json!({ "groups": { "template": ambiguous } });
        let found = problems(&Effective::default(), Level::UserPool, groups);
        assert_eq!(found, [("TEMPLATE_INVALID", "groups.template".to_owned())], "{ambiguous}");
        let scopes = json!({ "scopes": [format!("t/{ambiguous}")] });
        let found = problems(&Effective::default(), Level::UserPool, scopes);
        assert_eq!(found, [("TEMPLATE_INVALID", "scopes[0]".to_owned())], "{ambiguous}");
    }
    for plain in ["tenant-{organization.slug}:{role}", "tenant-{organization.id}-{role}", "{organization.slug}/{role}"]
    {
        let groups = json!({ "groups": { "template": plain } });
        assert_eq!(problems(&Effective::default(), Level::UserPool, groups), [], "{plain}");
    }
}

#[test]
fn two_templates_do_not_make_for_one_what_the_other_makes_for_another() {
    let pool = of_pool(json!({ "scopes": ["tenant/{organization.id}"] }));
    for (forged, level) in [
        (format!("tenant/{OTHER_ORGANIZATION}"), Level::Organization),
        ("tenant/{organization.slug}".to_owned(), Level::Organization),
        ("tenant/{organization.external_id}".to_owned(), Level::AppClient),
        ("tenant/{organization.tier}".to_owned(), Level::Organization),
        ("ten{organization.slug}".to_owned(), Level::Organization),
        ("tenant/0{organization.id}".to_owned(), Level::AppClient),
        ("tenant/{role}".to_owned(), Level::UserPool),
    ] {
        let json = json!({ "scopes": [forged] });
        let found = problems(&pool, level, json.clone());
        assert_eq!(found, [("TEMPLATE_COLLIDES", "scopes[0]".to_owned())], "{forged}");
        let (effective, _) = pool.clone().with(level, &policy(json));
        let facts = facts(&["admin"]);
        assert_eq!(texts(&effective.evaluate(&facts).unwrap().scopes), [format!("tenant/{ORGANIZATION}")], "{forged}");
    }
    for plain in ["tenant/{organization.id}", "tenant/{organization.id}/{role}", "tenant/all", "billing/read"] {
        assert_eq!(problems(&pool, Level::Organization, json!({ "scopes": [plain] })), [], "{plain}");
    }
    // The same within one policy, in either order, and with a constant before the template.
    for both in [
        ["tenant/{organization.id}".to_owned(), format!("tenant/{OTHER_ORGANIZATION}")],
        [format!("tenant/{OTHER_ORGANIZATION}"), "tenant/{organization.id}".to_owned()],
        ["a/{organization.slug}".to_owned(), "a/{organization.external_id}".to_owned()],
        ["a/{role}".to_owned(), "a/{organization.slug}".to_owned()],
    ] {
        let found = problems(&Effective::default(), Level::UserPool, json!({ "scopes": both }));
        assert_eq!(found, [("TEMPLATE_COLLIDES", "scopes[1]".to_owned())], "{both:?}");
    }
    let pool = of_pool(json!({ "groups": { "template": "{organization.slug}:{role}" } }));
    for forged in ["globex:admin", "{organization.id}:{role}"] {
        let found = problems(&pool, Level::Organization, json!({ "groups": { "template": forged } }));
        assert_eq!(found, [("TEMPLATE_COLLIDES", "groups.template".to_owned())], "{forged}");
    }
}

#[test]
fn a_role_becomes_no_scope_of_cognito_or_of_another_organization() {
    let effective = of_pool(json!({ "scopes": ["tenant/{organization.id}", "aws.{role}", "open{role}"] }));
    let facts = facts(&["cognito.signin.user.admin", "id", "admin"]);
    let grants = effective.evaluate(&facts).unwrap();
    let tenant = format!("tenant/{ORGANIZATION}");
    assert_eq!(
        texts(&grants.scopes),
        ["aws.admin", "aws.id", "openadmin", "opencognito.signin.user.admin", tenant.as_str()]
    );
    assert_eq!(grants.warnings, [Warning::ScopeReserved]);
    // A role that is no role, as no mapping makes it.
    let effective =
        of_pool(json!({ "scopes": ["app/{role}"], "groups": { "template": "{organization.slug}:{role}" } }));
    for role in ["a/b", "a b", "A", "a\u{0}", "", "é", "a\"b"] {
        let roles = [role];
        let facts = super::facts(&roles);
        let grants = effective.evaluate(&facts).unwrap();
        assert!(grants.scopes.is_empty() && groups(&grants).is_none(), "{role:?}");
        assert_eq!(grants.warnings, [Warning::ValueUnusable], "{role:?}");
    }
}

#[test]
fn the_scope_of_another_is_not_had_by_asking_for_it() {
    let effective = of_pool(json!({ "scopes": ["tenant/{organization.id}/{role}", "slug/{organization.slug}"] }));
    let asked = [
        format!("tenant/{OTHER_ORGANIZATION}/admin"),
        format!("tenant/{ORGANIZATION}/owner"),
        format!("tenant/{ORGANIZATION}/admin"),
        format!("tenant/{OTHER_ORGANIZATION}"),
        "slug/globex".to_owned(),
        "slug/acme".to_owned(),
        "slug/".to_owned(),
        "openid".to_owned(),
    ];
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let facts = Facts { existing: Existing { scopes: &asked, ..Existing::default() }, ..facts(&["admin"]) };
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!(texts(&grants.scopes), ["slug/acme", asked[2]]);
    assert_eq!(grants.scopes_suppressed, ["aws.cognito.signin.user.admin", "slug/globex", asked[1], asked[0]]);
}

#[test]
fn a_group_of_another_does_not_stay() {
    let kept = ["beta", "globex:admin", "acme:owner", "acme:admin"];
    let effective = of_pool(json!({ "groups": { "template": "{organization.slug}:{role}" } }));
    let facts = Facts { existing: Existing { groups: &kept, ..Existing::default() }, ..facts(&["admin"]) };
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!(groups(&grants).unwrap(), ["beta", "acme:admin"], "nor does a role that is gone");
    // Nor by a policy of the organization that calls its own groups otherwise.
    let own = policy(json!({ "groups": { "template": "org:{organization.id}:{role}" } }));
    let pool = policy(json!({ "groups": { "template": "tenant:{organization.slug}:{role}" } }));
    let both = Effective::of([(Level::UserPool, &pool), (Level::Organization, &own)]);
    let kept_too = ["beta", "tenant:globex:admin"];
    let other = Facts { existing: Existing { groups: &kept_too, ..Existing::default() }, ..facts };
    assert_eq!(groups(&both.evaluate(&other).unwrap()).unwrap(), ["beta", &format!("org:{ORGANIZATION}:admin")]);
    let nobody = Facts { existing: Existing { groups: &kept, ..Existing::default() }, ..super::facts(&[]) };
    assert_eq!(groups(&effective.evaluate(&nobody).unwrap()).unwrap(), ["beta"]);
}

#[test]
fn values_of_the_registry_that_cannot_be_a_scope_are_left_out() {
    let effective = of_pool(json!({ "scopes": ["crm/{organization.external_id}", "tier/{organization.tier}"] }));
    for external_id in [Some("two words"), Some("Müller"), Some("a\"b"), Some(""), None] {
        let facts = facts(&[]);
        let organization = OrganizationFacts { external_id, tier: "x y", ..facts.organization };
        let facts = Facts { organization, ..facts };
        let grants = effective.evaluate(&facts).unwrap();
        assert_eq!((texts(&grants.scopes), grants.warnings.as_slice()), (vec![], [Warning::ValueUnusable].as_slice()));
    }
    let long = "x".repeat(600);
    let facts = facts(&[]);
    let facts = Facts { organization: OrganizationFacts { external_id: Some(&long), ..facts.organization }, ..facts };
    let grants = effective.evaluate(&facts).unwrap();
    assert_eq!(texts(&grants.scopes), ["tier/enterprise"]);
}

#[test]
fn a_policy_that_names_everything_reserved_adds_nothing() {
    let names =
        ["sub", "iss", "aud", "exp", "cognito:groups", "token_use", "scope", "username", "identities", "org_id"];
    let rule = json!({ "source": { "constant": "forged" } });
    let claims: serde_json::Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), rule.clone())).collect();
    let forged = policy(json!({
        "claims": claims,
        "suppress": { "claims": names, "user_admin_scope": true },
        "scopes": ["openid", "aws.cognito.signin.user.admin"],
        "budget": { "reference_claim": "sub" },
    }));
    let (effective, problems) = Effective::default().with(Level::UserPool, &forged);
    assert_eq!(problems.len(), 2 * names.len() + 2 + 1);
    for event_version in [EventVersion::V1, EventVersion::V2, EventVersion::V3] {
        let facts = Facts { event_version, ..facts(&["admin"]) };
        assert_eq!(effective.evaluate(&facts), Effective::default().evaluate(&facts));
    }
}
