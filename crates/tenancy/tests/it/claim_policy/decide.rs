use serde_json::json;
use vestibule_decider::Scenario;
use vestibule_tenancy::claim_policy::{
    ClaimPolicy, Cleared, Command, Effective, Event, Problem, Rejection, Replace, Replaced, State, Target,
};

use super::policy;
use crate::sample::{claim_policy_cleared, organization_id, pool_id};

fn target() -> Target {
    Target::UserPool { user_pool: pool_id() }
}

fn replace(policy: ClaimPolicy) -> Command {
    Command::Replace(Replace::new(target(), policy, &Effective::default()).unwrap())
}

fn tier() -> ClaimPolicy {
    policy(json!({ "claims": { "tier": { "source": { "from": "organization.tier" } } } }))
}

fn replaced(policy: ClaimPolicy) -> Event {
    Replaced { target: target(), policy }.into()
}

#[test]
fn a_policy_is_replaced_as_a_whole() {
    let scopes = policy(json!({ "scopes": ["tenant/{organization.id}"] }));
    Scenario::<State>::given_nothing().when(&replace(tier())).then([replaced(tier())]);
    Scenario::<State>::given([replaced(tier())]).when(&replace(scopes.clone())).then([replaced(scopes)]);
    Scenario::<State>::given([replaced(tier())]).when(&replace(tier())).then_nothing();
}

#[test]
fn an_empty_policy_is_none() {
    let clear = Command::Clear { target: target() };
    let cleared = Event::from(Cleared { target: target() });
    for none in [replace(ClaimPolicy::default()), clear] {
        Scenario::<State>::given_nothing().when(&none).then_nothing();
        Scenario::<State>::given([replaced(tier())]).when(&none).then([cleared.clone()]);
        Scenario::<State>::given([replaced(tier()), cleared.clone()]).when(&none).then_nothing();
    }
    Scenario::<State>::given([replaced(tier()), claim_policy_cleared().into()])
        .when(&replace(tier()))
        .then([replaced(tier())]);
}

#[test]
fn the_stream_of_one_target_takes_no_policy_of_another() {
    let other = Target::Organization { organization: organization_id() };
    let command = Command::Replace(Replace::new(other.clone(), tier(), &Effective::default()).unwrap());
    Scenario::<State>::given([replaced(tier())]).when(&command).then_rejected(&Rejection::OtherTarget);
    let command = Command::Clear { target: other };
    Scenario::<State>::given([replaced(tier())]).when(&command).then_rejected(&Rejection::OtherTarget);
}

#[test]
fn a_policy_that_says_what_it_may_not_is_no_command() {
    let wrong = policy(json!({ "claims": { "sub": { "source": { "constant": "somebody else" } } } }));
    let Err(problems) = Replace::new(target(), wrong, &Effective::default()) else { panic!("it was taken") };
    let [Problem { reason, field, .. }] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((*reason, field.as_str()), ("CLAIM_RESERVED", "claims[sub]"));
}

#[test]
fn a_target_is_called_as_its_resource_is() {
    let app_client = Target::AppClient { user_pool: pool_id(), app_client_id: "app".to_owned() };
    for (target, name, stored) in [
        (
            target(),
            format!("userPools/{}", pool_id()),
            json!({ "kind": "user_pool", "user_pool": pool_id().to_string() }),
        ),
        (
            app_client,
            format!("userPools/{}/appClients/app", pool_id()),
            json!({ "kind": "app_client", "user_pool": pool_id().to_string(), "app_client_id": "app" }),
        ),
    ] {
        assert_eq!(target.to_string(), name);
        assert_eq!(serde_json::to_value(&target).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Target>(stored).unwrap(), target);
    }
}
