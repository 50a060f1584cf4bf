//! The policies of a deployment, folded from the log.

use serde_json::json;
use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_tenancy::claim_policy::{ClaimPolicy, Cleared, Effective, Level, Policies, Replaced, Target};

use super::{OTHER_ORGANIZATION, effective, policy};
use crate::sample::{organization_id, pool_id};

fn constant(name: &str) -> ClaimPolicy {
    policy(json!({ "claims": { name: { "source": { "constant": name } } } }))
}

fn replace(policies: &mut Policies, target: Target, policy: ClaimPolicy) {
    policies.apply(Replaced { target, policy }.into());
}

#[test]
fn each_combination_gets_its_own_policies_and_no_other() {
    let (pool, organization) = (pool_id(), organization_id());
    let other: OrganizationId = OTHER_ORGANIZATION.parse().unwrap();
    let other_pool: UserPoolId = OTHER_ORGANIZATION.parse().unwrap();
    let mut policies = Policies::default();
    assert_eq!(*policies.effective(pool, organization, "app"), Effective::default());

    let of_app = Target::AppClient { user_pool: pool, app_client_id: "app".to_owned() };
    let (a, b, c) = (constant("a"), constant("b"), constant("c"));
    replace(&mut policies, Target::UserPool { user_pool: pool }, a.clone());
    replace(&mut policies, Target::Organization { organization }, b.clone());
    replace(&mut policies, of_app.clone(), c.clone());
    let (of_pool, of_organization, of_client) =
        ((Level::UserPool, &a), (Level::Organization, &b), (Level::AppClient, &c));
    for _ in 0..2 {
        let all = effective(&[of_pool, of_organization, of_client]);
        assert_eq!(*policies.effective(pool, organization, "app"), all);
        assert_eq!(*policies.effective(pool, organization, "web"), effective(&[of_pool, of_organization]));
        assert_eq!(*policies.effective(pool, other, "app"), effective(&[of_pool, of_client]));
        assert_eq!(*policies.effective(pool, other, ""), effective(&[of_pool]));
        assert_eq!(*policies.effective(other_pool, organization, "app"), effective(&[of_organization]));
        assert_eq!(*policies.effective(other_pool, other, "app"), Effective::default());
    }
    assert_eq!(policies.of(&of_app), Some(&c));
    assert_eq!(policies.of(&Target::AppClient { user_pool: pool, app_client_id: "web".to_owned() }), None);

    policies.apply(Cleared { target: of_app.clone() }.into());
    assert_eq!(policies.of(&of_app), None);
    assert_eq!(*policies.effective(pool, organization, "app"), effective(&[of_pool, of_organization]));
    replace(&mut policies, Target::Organization { organization }, c.clone());
    let changed = effective(&[of_pool, (Level::Organization, &c)]);
    assert_eq!(*policies.effective(pool, organization, "app"), changed, "what was ready is forgotten");
    policies.apply(Cleared { target: Target::Organization { organization } }.into());
    policies.apply(Cleared { target: Target::UserPool { user_pool: pool } }.into());
    assert_eq!(*policies.effective(pool, organization, "app"), Effective::default());
}
