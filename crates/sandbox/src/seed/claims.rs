use vestibule_rpc::{
    Channel,
    registry::v1::{
        ClaimPolicy, ClaimRule, GetClaimPolicyRequest, ReplaceClaimPolicyRequest,
        claim_policy_service_client::ClaimPolicyServiceClient, claim_rule,
    },
};

use super::SeedError;

/// The etag of a policy that nobody ever set.
const NEVER_SET: &str = "0";

/// Puts a little more than `org_id` into the tokens, so that there is something to see. Whoever has set a policy meanwhile
/// keeps it.
pub(super) async fn choose(registry: &Channel, user_pool: &str) -> Result<(), SeedError> {
    let mut client = ClaimPolicyServiceClient::new(registry.clone());
    let name = format!("{user_pool}/claimPolicy");
    let read = client.get_claim_policy(GetClaimPolicyRequest { name: name.clone() }).await;
    let known = read.map_err(SeedError::refused("read the claim policy"))?.into_inner().claim_policy;
    if known.is_none_or(|known| known.etag != NEVER_SET) {
        return Ok(());
    }
    let tier = claim_rule::Source::From("organization.tier".to_owned());
    let policy = ClaimPolicy {
        name,
        claims: [("tier".to_owned(), ClaimRule { source: Some(tier), tokens: 0 })].into(),
        scopes: vec!["tenant/{organization.id}".to_owned()],
        etag: NEVER_SET.to_owned(),
        ..ClaimPolicy::default()
    };
    let request = ReplaceClaimPolicyRequest { claim_policy: Some(policy), validate_only: false };
    let replaced = client.replace_claim_policy(request).await;
    replaced.map(drop).map_err(SeedError::refused("set the claim policy"))
}
