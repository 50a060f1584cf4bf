//! What a policy may not say. The same things are left out where the policy is used.

use serde_json::{Value, json};
use vestibule_tenancy::claim_policy::{
    APP_CLIENTS_MAX, CLAIM_NAME_BYTES_MAX, CLAIMS_MAX, CONSTANT_DEPTH_MAX, CONSTANT_JSON_BYTES_MAX, Effective,
    EventVersion, Level, Problem, ROLES_SPELLED_OUT_MAX, SCOPES_MAX, SUPPRESSED_MAX,
};

use super::{facts, of_pool, policy, problems};

const RESERVED: [&str; 24] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "cognito:groups",
    "cognito:username",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];

fn claim(name: &str, rule: impl Into<Value>) -> Value {
    json!({ "claims": { name: rule.into() } })
}

/// A single problem, and nothing of the policy in force.
fn refused(level: Level, json: &Value, reason: &str, field: &str) {
    let found = problems(&Effective::default(), level, json.clone());
    assert_eq!(found, [(reason, field.to_owned())].map(|(r, f)| (leak(r), f)), "{json}");
    let (effective, _) = Effective::default().with(level, &policy(json.clone()));
    let facts = facts(&["admin"]);
    assert_eq!(effective.evaluate(&facts), Effective::default().evaluate(&facts), "{json}");
}

fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

#[test]
fn claims_of_cognito_are_neither_made_nor_suppressed() {
    for name in RESERVED {
        for spelled in [name.to_owned(), name.to_uppercase()] {
            for tokens in ["both", "id", "access"] {
                let rule = json!({ "source": { "constant": "x" }, "tokens": tokens });
                refused(Level::UserPool, &claim(&spelled, rule), "CLAIM_RESERVED", &format!("claims[{spelled}]"));
            }
            let suppress = json!({ "suppress": { "claims": [spelled] } });
            refused(Level::UserPool, &suppress, "CLAIM_RESERVED", "suppress.claims[0]");
            let reference = json!({ "budget": { "reference_claim": spelled } });
            refused(Level::UserPool, &reference, "CLAIM_RESERVED", "budget.reference_claim");
        }
    }
}

#[test]
fn the_audience_is_the_app_client_in_the_access_token_or_nothing() {
    let of = |source: Value, tokens: &str| claim("aud", json!({ "source": source, "tokens": tokens }));
    let client = json!({ "from": "app_client.id" });
    assert_eq!(problems(&Effective::default(), Level::UserPool, of(client.clone(), "access")), []);
    for wrong in [
        of(client.clone(), "both"),
        of(client, "id"),
        of(json!({ "constant": "app" }), "access"),
        of(json!({ "from": "organization.id" }), "access"),
    ] {
        refused(Level::UserPool, &wrong, "CLAIM_RESERVED", "claims[aud]");
    }
    // Nor may another level move it into the ID token.
    let above = of_pool(of(json!({ "from": "app_client.id" }), "access"));
    let moved = problems(&above, Level::Organization, claim("aud", json!({ "tokens": "both" })));
    assert_eq!(moved, [("CLAIM_RESERVED", "claims[aud]".to_owned())]);
}

#[test]
fn who_the_person_is_and_which_organization_is_not_for_policies_to_say() {
    for name in ["email", "email_verified", "phone_number", "phone_number_verified", "Email_Verified"] {
        let rule = json!({ "source": { "constant": true } });
        refused(Level::UserPool, &claim(name, rule), "CLAIM_PROTECTED", &format!("claims[{name}]"));
    }
    for name in ["org_id", "ORG_ID"] {
        let rule = json!({ "source": { "constant": "another" } });
        refused(Level::UserPool, &claim(name, rule), "CLAIM_FIXED", &format!("claims[{name}]"));
        let suppress = json!({ "suppress": { "claims": [name] } });
        refused(Level::Organization, &suppress, "CLAIM_FIXED", "suppress.claims[0]");
    }
    refused(Level::Organization, &claim("org_id", json!({ "tokens": "neither" })), "CLAIM_FIXED", "claims[org_id]");
    let developers = claim("dev:tenant", json!({ "source": { "constant": "x" } }));
    refused(Level::UserPool, &developers, "CLAIM_RESERVED", "claims[dev:tenant]");
    let suppressible = json!({ "suppress": { "claims": ["email", "dev:tenant", "custom:tenant", "address"] } });
    assert_eq!(problems(&Effective::default(), Level::UserPool, suppressible), []);
}

#[test]
fn names_are_plain_and_once() {
    for bad in ["", " tier", "ti er", "tier\n", "rôle", "a\"b", "a\\b", "1st", "\u{202E}reit", &"x".repeat(129)] {
        let rule = json!({ "source": { "constant": "x" } });
        let field = Problem::claim_field(bad);
        assert!(field.len() < 300 && field.chars().all(|character| !character.is_control()), "{field:?}");
        refused(Level::UserPool, &claim(bad, rule), "CLAIM_NAME_INVALID", &field);
        let suppress = json!({ "suppress": { "claims": [bad] } });
        refused(Level::UserPool, &suppress, "CLAIM_NAME_INVALID", "suppress.claims[0]");
    }
    let good = json!({ "claims": {
        "https://acme.example/tenant": { "source": { "constant": "x" } },
        "custom:tenant_id": { "source": { "from": "organization.id" } },
        "_private": { "source": { "constant": "x" } },
        "x".repeat(CLAIM_NAME_BYTES_MAX): { "source": { "constant": "x" } },
    } });
    assert_eq!(problems(&Effective::default(), Level::UserPool, good), []);
    let twice = json!({ "claims": {
        "Tier": { "source": { "constant": "x" } },
        "tier": { "source": { "from": "organization.tier" } },
    } });
    let found = problems(&Effective::default(), Level::UserPool, twice);
    assert_eq!(found, [("CLAIM_NAME_TWICE", "claims[tier]".to_owned())]);
    for reference in ["roles_ref", "Roles_Ref"] {
        let rule = json!({ "source": { "constant": "x" } });
        let field = format!("claims[{reference}]");
        refused(Level::UserPool, &claim(reference, rule), "CLAIM_NAME_TWICE", &field);
    }
    let above = of_pool(claim("groups_ref", json!({ "source": { "constant": "x" } })));
    let taken = problems(&above, Level::Organization, json!({ "budget": { "reference_claim": "GROUPS_REF" } }));
    assert_eq!(taken, [("CLAIM_NAME_TWICE", "budget.reference_claim".to_owned())]);
    let renamed = json!({ "budget": { "reference_claim": "groups_ref" } });
    let above = of_pool(renamed.clone());
    assert_eq!(problems(&above, Level::Organization, renamed), [], "saying it again is no second one");
    let freed = claim("roles_ref", json!({ "source": { "constant": "x" } }));
    assert_eq!(problems(&above, Level::Organization, freed), []);
}

#[test]
fn an_attribute_and_a_claim_of_one_name_say_the_same() {
    let both = |bare: Value, custom: Value| {
        json!({ "claims": {
        "tier": { "source": bare }, "custom:tier": { "source": custom },
    } })
    };
    let (tier, constant) = (json!({ "from": "organization.tier" }), json!({ "constant": "gold" }));
    for good in [both(tier.clone(), tier.clone()), both(constant.clone(), json!({ "constant": "silver" }))] {
        assert_eq!(problems(&Effective::default(), Level::UserPool, good), []);
    }
    for bad in [both(tier.clone(), constant.clone()), both(constant.clone(), tier.clone())] {
        let found = problems(&Effective::default(), Level::UserPool, bad);
        assert_eq!(found, [("CLAIM_NAME_TWICE", "claims[tier]".to_owned())]);
    }
    // What the organization is, is not said otherwise by an attribute's name either.
    for name in ["custom:org_id", "custom:ORG_ID", "Custom:org_id"] {
        let forged = claim(name, json!({ "source": { "constant": "globex" } }));
        refused(Level::Organization, &forged, "CLAIM_NAME_TWICE", &format!("claims[{name}]"));
        let honest = claim(name, json!({ "source": { "from": "organization.id" } }));
        assert_eq!(problems(&Effective::default(), Level::Organization, honest), []);
    }
    for name in ["custom:org_id", "Custom:ORG_ID"] {
        let reference = json!({ "budget": { "reference_claim": name } });
        refused(Level::Organization, &reference, "CLAIM_NAME_TWICE", "budget.reference_claim");
    }
    let above = of_pool(claim("tier", json!({ "source": tier })));
    let found = problems(&above, Level::Organization, claim("custom:Tier", json!({ "source": constant })));
    assert_eq!(found, [("CLAIM_NAME_TWICE", "claims[custom:Tier]".to_owned())]);
}

#[test]
fn constants_are_of_the_kinds_that_cognito_takes_and_small() {
    let constant = |value: Value| claim("plan", json!({ "source": { "constant": value } }));
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
    for good in [
        json!("gold"),
        json!(""),
        json!(5),
        json!(2.5),
        json!(true),
        json!(["a", 1, false]),
        json!([]),
        json!({ "seats": 5, "of": ["a"] }),
        deep(CONSTANT_DEPTH_MAX - 1),
        json!("x".repeat(CONSTANT_JSON_BYTES_MAX - 2)),
    ] {
        assert_eq!(problems(&Effective::default(), Level::UserPool, constant(good.clone())), [], "{good}");
    }
    for bad in [
        json!(null),
        json!([null]),
        json!([["a"]]),
        json!([{ "a": 1 }]),
        json!("line\nbreak"),
        json!({ "a\u{0}": 1 }),
        deep(CONSTANT_DEPTH_MAX + 1),
        json!("x".repeat(CONSTANT_JSON_BYTES_MAX)),
    ] {
        refused(Level::UserPool, &constant(bad), "CONSTANT_INVALID", "claims[plan].constant");
    }
    for name in ["address", "updated_at"] {
        for source in [json!({ "constant": { "a": 1 } }), json!({ "constant": [1] }), json!({ "from": "person.roles" })]
        {
            let complex = claim(name, json!({ "source": source }));
            refused(Level::UserPool, &complex, "CLAIM_NOT_PLAIN", &format!("claims[{name}]"));
            let access = claim(name, json!({ "source": source, "tokens": "access" }));
            assert_eq!(problems(&Effective::default(), Level::UserPool, access), []);
        }
    }
    refused(Level::UserPool, &claim("tier", json!({ "tokens": "id" })), "CLAIM_SOURCE_REQUIRED", "claims[tier].source");
}

#[test]
fn templates_have_documented_placeholders_and_the_characters_of_a_scope() {
    for bad in [
        "",
        "tenant/{organization.id",
        "tenant/organization.id}",
        "tenant/{organization}",
        "tenant/{person.email}",
        "tenant/{}",
        "tenant/{{organization.id}}",
        "tenant/{Organization.id}",
        "tenant /x",
        "tenant/\u{e9}",
        "a\"b",
        "a\\b",
        "{organization.id}",
        "{role}",
        "openid",
        "email",
        "Profile",
        "aws.cognito.signin.user.admin",
        "AWS.Cognito.signin.user.admin",
        &"x".repeat(257),
    ] {
        refused(Level::UserPool, &json!({ "scopes": [bad] }), "TEMPLATE_INVALID", "scopes[0]");
    }
    for good in [
        "api/read",
        "tenant/{organization.id}",
        "tenant/{organization.id}/{role}",
        "tenant/{organization.id}-{role}",
        "tenant/{organization.slug}/{role}",
        "crm/{organization.external_id}",
        "region/{organization.region}",
        "app/{role}",
    ] {
        assert_eq!(problems(&Effective::default(), Level::UserPool, json!({ "scopes": [good] })), [], "{good}");
    }
    for bad in ["", "a b", "a\tb", "tenant {organization.id}", "{organization.name}"] {
        let groups = json!({ "groups": { "template": bad } });
        refused(Level::UserPool, &groups, "TEMPLATE_INVALID", "groups.template");
    }
    let scopes = json!({ "suppress": { "scopes": ["a b"] } });
    refused(Level::UserPool, &scopes, "SCOPE_INVALID", "suppress.scopes[0]");
}

#[test]
fn lists_and_budgets_have_limits() {
    let many = |count: usize, make: &dyn Fn(usize) -> String| (0..count).map(make).collect::<Vec<_>>();
    let claims = |count| {
        let claims = (0..count).map(|index| (format!("c{index}"), json!({ "source": { "constant": index } })));
        json!({ "claims": claims.collect::<serde_json::Map<_, _>>() })
    };
    let scopes = |count| json!({ "scopes": many(count, &|index| format!("s/{index}")) });
    let clients = |count| json!({ "app_clients": many(count, &|index| format!("client{index}")) });
    let suppressed = |count| json!({ "suppress": { "claims": many(count, &|index| format!("c{index}")) } });
    let suppressed_scopes = |count| json!({ "suppress": { "scopes": many(count, &|index| format!("s/{index}")) } });
    for (most, too_many, field) in [
        (claims(CLAIMS_MAX), claims(CLAIMS_MAX + 1), "claims"),
        (scopes(SCOPES_MAX), scopes(SCOPES_MAX + 1), "scopes"),
        (clients(APP_CLIENTS_MAX), clients(APP_CLIENTS_MAX + 1), "app_clients"),
        (suppressed(SUPPRESSED_MAX), suppressed(SUPPRESSED_MAX + 1), "suppress.claims"),
        (suppressed_scopes(SUPPRESSED_MAX), suppressed_scopes(SUPPRESSED_MAX + 1), "suppress.scopes"),
    ] {
        assert_eq!(problems(&Effective::default(), Level::UserPool, most), []);
        let found = problems(&Effective::default(), Level::UserPool, too_many);
        assert_eq!(found, [("LIST_TOO_LONG", field.to_owned())]);
    }
    let roles = json!({ "budget": { "roles": ROLES_SPELLED_OUT_MAX + 1 } });
    refused(Level::UserPool, &roles, "BUDGET_TOO_LARGE", "budget.roles");
    let client = problems(&Effective::default(), Level::UserPool, json!({ "app_clients": ["a-b"] }));
    assert_eq!(client, [("APP_CLIENT_ID_INVALID", "app_clients[0]".to_owned())]);
}

#[test]
fn some_things_are_said_by_some_levels_only() {
    for level in [Level::Organization, Level::AppClient] {
        refused(level, &json!({ "event_version": "v1_0" }), "NOT_AT_THIS_LEVEL", "event_version");
        let reopened = json!({ "suppress": { "user_admin_scope": false } });
        refused(level, &reopened, "SUPPRESSED_ABOVE", "suppress.user_admin_scope");
        let reopened = json!({ "suppress": { "custom_attributes": "keep" } });
        refused(level, &reopened, "SUPPRESSED_ABOVE", "suppress.custom_attributes");
        refused(level, &json!({ "scopes": ["app/{role}"] }), "TEMPLATE_NOT_OF_THE_ORGANIZATION", "scopes[0]");
        let groups = json!({ "groups": { "template": "{role}" } });
        refused(level, &groups, "TEMPLATE_NOT_OF_THE_ORGANIZATION", "groups.template");
    }
    refused(Level::AppClient, &json!({ "app_clients": ["app"] }), "NOT_AT_THIS_LEVEL", "app_clients");
}

#[test]
fn what_an_event_of_version_1_cannot_carry_is_told() {
    let effective = of_pool(json!({
        "event_version": "v1_0",
        "claims": {
            "tier": { "source": { "from": "organization.tier" }, "tokens": "access" },
            "plan": { "source": { "constant": ["gold"] } },
            "seats": { "source": { "constant": 5 } },
        },
        "scopes": ["tenant/{organization.id}"],
        "suppress": { "scopes": ["legacy/all"] },
    }));
    assert_eq!(effective.event_version(), Some(EventVersion::V1));
    let told = effective.not_carried_by(EventVersion::V1, Level::UserPool);
    let fields: Vec<&str> = told.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        ["claims[plan].constant", "claims[tier].tokens", "scopes", "suppress.scopes", "suppress.user_admin_scope"]
    );
    assert!(told.iter().all(|problem| problem.reason == "NOT_IN_V1_0"));
    for version in [EventVersion::V2, EventVersion::V3] {
        assert_eq!(effective.not_carried_by(version, Level::UserPool), []);
    }
}

#[test]
fn a_member_that_is_not_known_is_no_policy() {
    for wrong in [json!({ "claim": {} }), json!({ "groups": { "mode": "none" } }), json!({ "scopes": "a" })] {
        assert!(serde_json::from_value::<vestibule_tenancy::claim_policy::ClaimPolicy>(wrong).is_err());
    }
}
