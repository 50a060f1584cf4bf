//! What the claim policies cost for one token. Run `cargo bench -p vestibule-tenancy`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to report")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_tenancy::claim_policy::{
    EventVersion, Existing, Facts, Home, OrganizationFacts, PersonFacts, Policies, Replaced, Target,
};

const ORGANIZATION: &str = "01890a5d-ac96-774b-bcce-b302099a8051";
const POOL: &str = "01890a5d-ac96-774b-bcce-b302099a8055";

fn policies(of_pool: Value) -> Policies {
    let mut policies = Policies::default();
    let user_pool: UserPoolId = POOL.parse().unwrap();
    let policy = serde_json::from_value(of_pool).unwrap();
    policies.apply(Replaced { target: Target::UserPool { user_pool }, policy }.into());
    // Others have policies, too.
    for index in 0..1_000 {
        let app_client_id = format!("client{index}");
        let policy = serde_json::from_value(json!({ "suppress": { "claims": ["phone_number"] } })).unwrap();
        policies.apply(Replaced { target: Target::AppClient { user_pool, app_client_id }, policy }.into());
    }
    policies
}

fn facts<'a>(roles: &'a [&'a str], groups: &'a [&'a str]) -> Facts<'a> {
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
        person: Some(PersonFacts { id: "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7b", roles, connection: None }),
        app_client_id: "app",
        event_version: EventVersion::V2,
        existing: Existing {
            claims: 40,
            scopes: &["openid", "email", "aws.cognito.signin.user.admin"],
            groups,
            custom_attributes: &["custom:org_id", "custom:department"],
        },
    }
}

fn evaluate(criterion: &mut Criterion) {
    let from = |attribute: &str| json!({ "source": { "from": attribute } });
    let rich = json!({
        "claims": {
            "tenant_id": from("organization.id"), "slug": from("organization.slug"), "tier": from("organization.tier"),
            "region": from("organization.region"), "roles": from("person.roles"), "name": from("organization.display_name"),
            "seats": { "source": { "constant": 5 } }, "plan": { "source": { "constant": { "name": "gold" } } },
        },
        "scopes": ["tenant/{organization.id}", "app/{role}"],
        "groups": { "template": "{organization.slug}:{role}" },
    });
    let (user_pool, organization): (UserPoolId, OrganizationId) =
        (POOL.parse().unwrap(), ORGANIZATION.parse().unwrap());
    let roles = ["admin", "billing:read", "owner", "support", "viewer"];
    for (name, policy, roles, groups) in [
        ("the defaults", json!({}), &[] as &[&str], &[] as &[&str]),
        ("eight claims, scopes and groups of five roles", rich, &roles, &["eu-west-1_AbCd12345_Vestibule"]),
    ] {
        let policies = policies(policy);
        let facts = facts(roles, groups);
        criterion.bench_function(&format!("claim policy: {name}"), |bencher| {
            bencher.iter(|| {
                let effective = policies.effective(user_pool, organization, "app");
                let grants = effective.evaluate(black_box(&facts)).unwrap();
                grants.claims
            });
        });
    }
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
