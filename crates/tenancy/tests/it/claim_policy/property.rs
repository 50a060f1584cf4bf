//! What holds for any policies and any facts.

use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};
use vestibule_cognito::{Token, is_reserved_claim};
use vestibule_tenancy::claim_policy::{
    Attribute, Budget, CLAIMS_CEILING, ClaimPolicy, ClaimRule, ClaimSource, CustomAttributes, Effective, EventVersion,
    Existing, Facts, GroupMode, GroupOverride, Groups, Home, Level, OrganizationFacts, PersonFacts, Suppress, Tokens,
};

use super::{ORGANIZATION, OTHER_ORGANIZATION, PERSON, json as claims, texts};

/// Names that hurt, and some that do not.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "org_id",
            "ORG_ID",
            "sub",
            "iss",
            "aud",
            "scope",
            "cognito:groups",
            "Cognito:x",
            "token_use",
            "email",
            "email_verified",
            "custom:org_id",
            "custom:tier",
            "dev:x",
            "roles_ref",
            "tier",
            "Tier",
            "roles",
            "address",
        ])
        .prop_map(str::to_owned),
        "[a-c]{1,3}",
        "\\PC{0,6}",
    ]
}

fn source() -> impl Strategy<Value = ClaimSource> {
    let attributes: Vec<Attribute> = Attribute::ALL.iter().map(|(attribute, _)| *attribute).collect();
    let constants =
        vec![json!("x"), json!(5), json!(null), json!([1, "a"]), json!({ "a": [1] }), json!([[1]]), Value::from("\n")];
    prop_oneof![select(attributes).prop_map(ClaimSource::From), select(constants).prop_map(ClaimSource::Constant)]
}

fn rule() -> impl Strategy<Value = ClaimRule> {
    let tokens = prop::option::of(select(vec![Tokens::Both, Tokens::Id, Tokens::Access, Tokens::Neither]));
    (prop::option::of(source()), tokens).prop_map(|(source, tokens)| ClaimRule { source, tokens })
}

fn template() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(
            select(vec![
                "tenant/",
                "{organization.id}",
                "{organization.slug}",
                "{organization.external_id}",
                "{role}",
                "{organization.tier}",
                ":",
                "-",
                "a",
                "aws.cognito.",
                OTHER_ORGANIZATION,
            ]),
            0..5
        )
        .prop_map(|pieces| pieces.concat()),
        "\\PC{0,8}",
    ]
}

prop_compose! {
    fn any_policy()(
        claims in prop::collection::btree_map(name(), rule(), 0..6),
        scopes in prop::collection::vec(template(), 0..4),
        mode in prop::option::of(select(vec![GroupMode::Keep, GroupMode::Replace, GroupMode::Suppress])),
        group in prop::option::of(template()),
        user_admin_scope in prop::option::of(any::<bool>()),
        custom_attributes in prop::option::of(select(vec![CustomAttributes::Keep, CustomAttributes::SuppressAll])),
        suppressed in prop::collection::vec(name(), 0..3),
        suppressed_scopes in prop::collection::vec(template(), 0..2),
        app_clients in prop::collection::vec(select(vec!["app".to_owned(), "web".to_owned(), "a b".to_owned()]), 0..2),
        roles in prop::option::of(0_u16..600),
        reference_claim in prop::option::of(name()),
    ) -> ClaimPolicy {
        ClaimPolicy {
            event_version: None,
            claims,
            scopes,
            groups: Groups { mode, template: group },
            suppress: Suppress { user_admin_scope, custom_attributes, claims: suppressed, scopes: suppressed_scopes },
            app_clients,
            budget: Budget { claims: None, roles, reference_claim },
        }
    }
}

#[derive(Clone, Debug)]
struct Known {
    slug: String,
    external_id: Option<String>,
    tier: String,
    roles: Vec<String>,
    claims: usize,
    scopes: Vec<String>,
    groups: Vec<String>,
    custom: Vec<String>,
    version: EventVersion,
    is_client: bool,
    home: Home<'static>,
}

prop_compose! {
    fn any_known()(
        slug in "[a-z][a-z0-9-]{0,8}[a-z0-9]",
        external_id in prop::option::of("\\PC{1,12}"),
        tier in "\\PC{0,8}",
        roles in prop::collection::btree_set("[a-z0-9._:-]{1,6}", 0..200),
        claims in prop_oneof![0_usize..100, 4_900_usize..5_010],
        scopes in prop::collection::vec(template(), 0..4),
        groups in prop::collection::vec("[a-z:]{1,8}", 0..4),
        custom in prop::collection::vec(name().prop_map(|name| format!("custom:{name}")), 0..4),
        version in select(vec![EventVersion::V1, EventVersion::V2, EventVersion::V3]),
        is_client in any::<bool>(),
        home in select(vec![Home::SharedPool, Home::Group("acme"), Home::OwnPool, Home::AppClient("app")]),
    ) -> Known {
        let roles = roles.into_iter().collect();
        Known { slug, external_id, tier, roles, claims, scopes, groups, custom, version, is_client, home }
    }
}

fn strs(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn check(effective: &Effective, facts: &Facts<'_>) -> Result<(), TestCaseError> {
    let Ok(grants) = effective.evaluate(facts) else { return Ok(()) };
    prop_assert!(grants.claims <= CLAIMS_CEILING, "{} claims", grants.claims);
    for (token, made, suppressed) in [
        (Token::Id, &grants.id_claims, &grants.id_suppressed),
        (Token::Access, &grants.access_claims, &grants.access_suppressed),
    ] {
        prop_assert!(made.is_sorted_by(|a, b| a.name < b.name), "each once, in order");
        for claim in made {
            let is_audience = claim.name == "aud" && claim.value.to_json() == facts.app_client_id;
            prop_assert!(!is_reserved_claim(token, claim.name) || token == Token::Access && is_audience);
            prop_assert!(!suppressed.iter().any(|name| name == claim.name), "{} is made and suppressed", claim.name);
            prop_assert!(facts.event_version != EventVersion::V1 || claim.value.to_json().is_string());
        }
        for name in suppressed {
            prop_assert!(!is_reserved_claim(token, name) && name != "org_id", "{name} is suppressed");
        }
    }
    if facts.person.is_some() {
        prop_assert_eq!(&claims(&grants.id_claims)["org_id"], ORGANIZATION);
    } else {
        prop_assert!(grants.id_claims.is_empty() && grants.groups == GroupOverride::Keep);
    }
    if facts.event_version == EventVersion::V1 {
        prop_assert!(
            grants.access_claims.is_empty() && grants.scopes.is_empty() && grants.scopes_suppressed.is_empty()
        );
    } else {
        prop_assert_eq!(&claims(&grants.access_claims)["org_id"], ORGANIZATION);
    }
    for scope in texts(&grants.scopes) {
        prop_assert!(scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'), "{scope:?}");
        prop_assert!(!scope.to_lowercase().starts_with("aws.cognito."), "{scope:?}");
        prop_assert!(!grants.scopes_suppressed.iter().any(|suppressed| suppressed == scope));
    }
    if let GroupOverride::Set { groups, .. } = &grants.groups {
        for (group, level) in groups {
            let kept = facts.existing.groups.contains(&group.as_ref());
            prop_assert!(kept || *level == Level::Default || !group.chars().any(char::is_whitespace), "{group:?}");
        }
    }
    prop_assert_eq!(effective.evaluate(facts).unwrap(), grants, "the same to the same");
    Ok(())
}

proptest! {
    #[test]
    fn no_policy_and_no_fact_makes_a_token_that_cognito_would_not_take(
        pool in any_policy(),
        organization in any_policy(),
        app_client in any_policy(),
        known in any_known(),
    ) {
        let levels = [(Level::UserPool, &pool), (Level::Organization, &organization), (Level::AppClient, &app_client)];
        let effective = Effective::of(levels);
        let (roles, scopes) = (strs(&known.roles), strs(&known.scopes));
        let (groups, custom_attributes) = (strs(&known.groups), strs(&known.custom));
        let facts = Facts {
            organization: OrganizationFacts {
                id: ORGANIZATION,
                slug: &known.slug,
                external_id: known.external_id.as_deref(),
                display_name: "Acme",
                tier: &known.tier,
                region: "eu-west-1",
                home: known.home,
            },
            person: (!known.is_client).then_some(PersonFacts { id: PERSON, roles: &roles, connection: None }),
            app_client_id: "app",
            event_version: known.version,
            existing: Existing {
                claims: known.claims,
                scopes: &scopes,
                groups: &groups,
                custom_attributes: &custom_attributes,
            },
        };
        check(&effective, &facts)?;
    }

    #[test]
    fn what_is_saved_without_a_problem_is_in_force_and_comes_back_the_same(policy in any_policy()) {
        let (effective, problems) = Effective::default().with(Level::UserPool, &policy);
        let stored = serde_json::to_string(&policy).unwrap();
        let read: ClaimPolicy = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(&read, &policy);
        let (again, same) = Effective::default().with(Level::UserPool, &read);
        prop_assert_eq!((again, same), (effective, problems));
    }

    #[test]
    fn no_two_organizations_share_what_a_pool_makes_of_their_ids_and_slugs(
        template in template(),
        slugs in ("[a-z][a-z0-9-]{0,6}[a-z0-9]", "[a-z][a-z0-9-]{0,6}[a-z0-9]"),
        roles in ("[a-z0-9._:-]{1,6}", "[a-z0-9._:-]{1,6}"),
    ) {
        prop_assume!(slugs.0 != slugs.1);
        let policy = ClaimPolicy {
            scopes: vec![format!("t/{template}")],
            groups: Groups { mode: None, template: Some(template.clone()) },
            ..ClaimPolicy::default()
        };
        let effective = Effective::of([(Level::Organization, &policy)]);
        let mut made: Vec<Vec<String>> = Vec::new();
        for (id, slug, role) in [(ORGANIZATION, &slugs.0, &roles.0), (OTHER_ORGANIZATION, &slugs.1, &roles.1)] {
            let roles = [role.as_str()];
            let facts = super::facts(&roles);
            let facts = Facts { organization: OrganizationFacts { id, slug, ..facts.organization }, ..facts };
            let grants = effective.evaluate(&facts).unwrap();
            let groups = super::groups(&grants).unwrap_or_default();
            made.push(texts(&grants.scopes).into_iter().chain(groups).map(str::to_owned).collect());
        }
        let names_organization = template.contains("{organization.id}") || template.contains("{organization.slug}");
        let shared = made[0].iter().any(|text| made[1].contains(text));
        prop_assert!(!(names_organization && shared), "{template}: {made:?}");
    }
}
