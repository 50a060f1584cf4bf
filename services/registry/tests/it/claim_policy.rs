use prost_types::value::Kind;
use tonic::{Code, Status};
use vestibule_rpc::registry::v1::{
    ClaimBudget, ClaimGroups, ClaimPolicy, ClaimPolicyNotice, ClaimRule, ClaimSuppression, ClearClaimPolicyRequest,
    GetClaimPolicyRequest, ReplaceClaimPolicyRequest, claim_groups, claim_policy,
    claim_policy_service_client::ClaimPolicyServiceClient, claim_rule, claim_suppression,
};
use vestibule_rpc::{Channel, field_violations};

use crate::registry::{Registry, assert_field, assert_refused};

impl Registry {
    fn claim_policies(&self) -> ClaimPolicyServiceClient<Channel> {
        ClaimPolicyServiceClient::new(self.channel.clone())
    }

    async fn replace(&self, claim_policy: ClaimPolicy, validate_only: bool) -> Result<ClaimPolicy, Status> {
        let request = ReplaceClaimPolicyRequest { claim_policy: Some(claim_policy), validate_only };
        Ok(self.claim_policies().replace_claim_policy(request).await?.into_inner().claim_policy.unwrap())
    }

    async fn policy(&self, name: &str) -> Result<(ClaimPolicy, Vec<ClaimPolicyNotice>), Status> {
        let request = GetClaimPolicyRequest { name: name.to_owned() };
        let answer = self.claim_policies().get_claim_policy(request).await?.into_inner();
        Ok((answer.claim_policy.unwrap(), answer.notices))
    }

    async fn clear(&self, name: &str, etag: &str) -> Result<ClaimPolicy, Status> {
        let request = ClearClaimPolicyRequest { name: name.to_owned(), etag: etag.to_owned() };
        Ok(self.claim_policies().clear_claim_policy(request).await?.into_inner().claim_policy.unwrap())
    }
}

fn from(source: &str) -> ClaimRule {
    ClaimRule { source: Some(claim_rule::Source::From(source.to_owned())), tokens: 0 }
}

fn constant(kind: Kind) -> ClaimRule {
    let value = prost_types::Value { kind: Some(kind) };
    ClaimRule { source: Some(claim_rule::Source::Constant(value)), tokens: claim_rule::Tokens::Access.into() }
}

fn claim(name: &str, claim: &str, rule: ClaimRule) -> ClaimPolicy {
    ClaimPolicy { name: name.to_owned(), claims: [(claim.to_owned(), rule)].into(), ..ClaimPolicy::default() }
}

/// A policy that says something of everything.
fn everything(name: &str) -> ClaimPolicy {
    ClaimPolicy {
        name: name.to_owned(),
        event_version: claim_policy::EventVersion::V30.into(),
        claims: [
            ("tenant_id".to_owned(), from("organization.id")),
            ("seats".to_owned(), constant(Kind::NumberValue(5.0))),
            ("plan".to_owned(), constant(Kind::StringValue("gold".to_owned()))),
        ]
        .into(),
        scopes: vec!["tenant/{organization.id}".to_owned()],
        groups: Some(ClaimGroups {
            mode: claim_groups::Mode::Replace.into(),
            template: "{organization.slug}:{role}".to_owned(),
        }),
        suppress: Some(ClaimSuppression {
            user_admin_scope: Some(false),
            custom_attributes: claim_suppression::CustomAttributes::SuppressAll.into(),
            claims: vec!["phone_number".to_owned()],
            scopes: vec!["legacy/all".to_owned()],
        }),
        app_clients: vec!["app".to_owned()],
        budget: Some(ClaimBudget { claims: Some(50), roles: Some(20), reference_claim: "groups_ref".to_owned() }),
        ..ClaimPolicy::default()
    }
}

#[tokio::test]
async fn a_policy_is_there_before_it_says_anything() {
    let registry = Registry::start().await;
    let organization = registry.create_organization("acme").await;
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    for name in [
        format!("{}/claimPolicy", pool.name),
        format!("{}/claimPolicy", organization.name),
        format!("{}/appClients/app/claimPolicy", pool.name),
    ] {
        let (policy, notices) = registry.policy(&name).await.unwrap();
        assert_eq!(policy, ClaimPolicy { name, etag: "0".to_owned(), ..ClaimPolicy::default() });
        assert_eq!(notices, []);
    }
}

#[tokio::test]
async fn a_policy_is_replaced_read_and_cleared_as_a_whole() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let name = format!("{}/claimPolicy", pool.name);
    let first = registry.replace(ClaimPolicy { etag: "0".to_owned(), ..everything(&name) }, false).await.unwrap();
    assert_eq!(first.etag, "1");
    let said = ClaimPolicy { etag: first.etag.clone(), update_time: first.update_time, ..everything(&name) };
    assert_eq!(first, said, "what comes back is what was said");
    assert_eq!(registry.policy(&name).await.unwrap(), (first.clone(), vec![]));

    let second = registry.replace(claim(&name, "tier", from("organization.tier")), false).await.unwrap();
    assert_eq!((second.etag.as_str(), second.claims.len(), second.scopes.len()), ("2", 1, 0));
    let again = registry.replace(claim(&name, "tier", from("organization.tier")), false).await.unwrap();
    assert_eq!(again, second, "repeating it is not a change");

    let cleared = registry.clear(&name, "2").await.unwrap();
    assert_eq!((cleared.etag.as_str(), cleared.claims.len()), ("3", 0));
    assert_eq!(registry.clear(&name, "").await.unwrap(), cleared);
    let names: Vec<String> = registry.events().await.into_iter().skip(2).map(|event| event.name).collect();
    assert_eq!(names, ["claim_policy.replaced", "claim_policy.replaced", "claim_policy.cleared"]);
}

#[tokio::test]
async fn a_stale_change_is_refused() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let name = format!("{}/claimPolicy", pool.name);
    let with = |etag: &str| ClaimPolicy { etag: etag.to_owned(), ..claim(&name, "tier", from("organization.tier")) };
    assert_refused(registry.replace(with("1"), false).await, Code::Aborted, "ETAG_MISMATCH");
    assert_refused(registry.clear(&name, "1").await, Code::Aborted, "ETAG_MISMATCH");
    registry.replace(with("0"), false).await.unwrap();
    for validate_only in [false, true] {
        let changed = ClaimPolicy { scopes: vec!["a/b".to_owned()], ..with("0") };
        assert_refused(registry.replace(changed, validate_only).await, Code::Aborted, "ETAG_MISMATCH");
    }
    assert_field(registry.replace(with("x"), false).await, "ETAG_INVALID", "claim_policy.etag");
    assert_field(registry.clear(&name, "x").await, "ETAG_INVALID", "etag");
}

#[tokio::test]
async fn validating_changes_nothing() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let name = format!("{}/claimPolicy", pool.name);
    let shown = registry.replace(everything(&name), true).await.unwrap();
    assert_eq!(shown, ClaimPolicy { etag: "0".to_owned(), ..everything(&name) });
    assert_field(
        registry.replace(claim(&name, "sub", from("person.id")), true).await,
        "CLAIM_RESERVED",
        "claim_policy.claims[sub]",
    );
    assert_eq!(registry.policy(&name).await.unwrap().0.claims.len(), 0);
    assert_eq!(registry.events().await.len(), 2, "the pool and its secret");
}

#[tokio::test]
async fn reserved_claims_are_refused_each_with_its_field() {
    let registry = Registry::start().await;
    let organization = registry.create_organization("acme").await;
    let name = format!("{}/claimPolicy", organization.name);
    let before = registry.events().await.len();
    for reserved in ["sub", "iss", "aud", "cognito:groups", "token_use", "scope", "exp"] {
        let refused = registry.replace(claim(&name, reserved, from("person.id")), false).await;
        assert_field(refused, "CLAIM_RESERVED", &format!("claim_policy.claims[{reserved}]"));
    }
    let mut many = everything(&name);
    many.event_version = 0;
    many.suppress = None;
    many.claims.insert("sub".to_owned(), from("person.id"));
    many.claims.insert("email_verified".to_owned(), constant(Kind::BoolValue(true)));
    many.claims.insert("nick".to_owned(), from("person.nick"));
    many.scopes.push("tenant/{nobody}".to_owned());
    let status = registry.replace(many, false).await.unwrap_err();
    // What cannot be read at all is told first.
    let fields: Vec<String> = field_violations(&status).into_iter().map(|violation| violation.0).collect();
    assert_eq!(fields, ["claim_policy.claims[nick].from"]);
    let mut many = everything(&name);
    many.claims.insert("sub".to_owned(), from("person.id"));
    many.claims.insert("email_verified".to_owned(), constant(Kind::BoolValue(true)));
    many.scopes.push("tenant/{nobody}".to_owned());
    let status = registry.replace(many, false).await.unwrap_err();
    let fields: Vec<String> = field_violations(&status).into_iter().map(|violation| violation.0).collect();
    assert_eq!(
        fields,
        [
            "claim_policy.event_version",
            "claim_policy.suppress.user_admin_scope",
            "claim_policy.claims[email_verified]",
            "claim_policy.claims[sub]",
            "claim_policy.scopes[1]",
        ]
    );
    assert_eq!(registry.events().await.len(), before, "nothing is saved");
}

#[tokio::test]
async fn what_the_pool_decides_an_organization_cannot_undo() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let pool = pool.name;
    let organization = registry.create_organization_in(&pool, "acme").await.unwrap();
    let (of_pool, of_organization) = (format!("{pool}/claimPolicy"), format!("{}/claimPolicy", organization.name));
    let of_app = format!("{pool}/appClients/app/claimPolicy");
    let forged = |name: &str| claim(name, "tenant_id", constant(Kind::StringValue("globex".to_owned())));
    // As long as the pool says nothing about the claim, it is the organization's own.
    registry.replace(forged(&of_organization), false).await.unwrap();
    registry.replace(claim(&of_pool, "tenant_id", from("organization.id")), false).await.unwrap();
    for name in [&of_organization, &of_app] {
        let refused = registry.replace(ClaimPolicy { scopes: vec!["a/b".to_owned()], ..forged(name) }, false).await;
        assert_field(refused, "CLAIM_FIXED_ABOVE", "claim_policy.claims[tenant_id].source");
    }
    // What was saved before is told to be without effect.
    let (_, notices) = registry.policy(&of_organization).await.unwrap();
    let told: Vec<(&str, &str)> =
        notices.iter().map(|notice| (notice.reason.as_str(), notice.field.as_str())).collect();
    assert_eq!(told, [("CLAIM_FIXED_ABOVE", "claims[tenant_id].source")]);
    let suppress = Some(ClaimSuppression { user_admin_scope: Some(false), ..ClaimSuppression::default() });
    let reopened = ClaimPolicy { name: of_organization, suppress, ..ClaimPolicy::default() };
    let field = "claim_policy.suppress.user_admin_scope";
    assert_field(registry.replace(reopened, false).await, "SUPPRESSED_ABOVE", field);
}

#[tokio::test]
async fn a_pool_on_version_1_is_told_what_it_cannot_carry() {
    let registry = Registry::start().await;
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let name = format!("{}/claimPolicy", pool.name);
    let first = ClaimPolicy { event_version: claim_policy::EventVersion::V10.into(), ..everything(&name) };
    let request = ReplaceClaimPolicyRequest { claim_policy: Some(first), validate_only: false };
    let answer = registry.claim_policies().replace_claim_policy(request).await.unwrap().into_inner();
    let fields: Vec<&str> = answer.notices.iter().map(|notice| notice.field.as_str()).collect();
    assert_eq!(fields, ["claims[plan].tokens", "claims[seats].tokens", "scopes", "suppress.scopes"]);
    assert!(answer.notices.iter().all(|notice| notice.reason == "NOT_IN_V1_0"));
}

#[tokio::test]
async fn a_policy_of_nothing_is_refused() {
    let registry = Registry::start().await;
    let pool = "userPools/01890a5d-ac96-774b-bcce-b302099a8057";
    for (name, reason) in [
        (format!("{pool}/claimPolicy"), "USER_POOL_NOT_FOUND"),
        (format!("{pool}/appClients/app/claimPolicy"), "USER_POOL_NOT_FOUND"),
        ("organizations/01890a5d-ac96-774b-bcce-b302099a8057/claimPolicy".to_owned(), "ORGANIZATION_NOT_FOUND"),
    ] {
        assert_refused(registry.policy(&name).await, Code::NotFound, reason);
        assert_refused(registry.replace(everything(&name), false).await, Code::NotFound, reason);
        assert_refused(registry.clear(&name, "").await, Code::NotFound, reason);
    }
    assert_field(registry.policy("claimPolicy").await, "RESOURCE_NAME_INVALID", "name");
    assert_field(registry.replace(everything(pool), false).await, "RESOURCE_NAME_INVALID", "claim_policy.name");
    let nothing = registry.claim_policies().replace_claim_policy(ReplaceClaimPolicyRequest::default()).await;
    assert_field(nothing, "FIELD_REQUIRED", "claim_policy");
    let (pool, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let mut unknown = everything(&format!("{}/claimPolicy", pool.name));
    unknown.event_version = 99;
    assert_field(registry.replace(unknown, false).await, "ENUM_VALUE_UNKNOWN", "claim_policy.event_version");
}
