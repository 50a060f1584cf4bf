use tonic::{Request, Response, Status};
use vestibule_claims::target;
use vestibule_rpc::registry::v1::{
    ClearClaimPolicyRequest, ClearClaimPolicyResponse, GetClaimPolicyRequest, GetClaimPolicyResponse,
    ReplaceClaimPolicyRequest, ReplaceClaimPolicyResponse, claim_policy_service_server::ClaimPolicyService,
};

use super::{Api, refused};
use crate::{
    app::Change,
    convert::{
        claim_policy::{etag, message, notices, read},
        organization::missing,
    },
};

#[tonic::async_trait]
impl ClaimPolicyService for Api {
    #[tracing::instrument(name = "registry.get_claim_policy", skip_all)]
    async fn get_claim_policy(
        &self,
        request: Request<GetClaimPolicyRequest>,
    ) -> Result<Response<GetClaimPolicyResponse>, Status> {
        let target = target("name", &request.get_ref().name).map_err(refused)?;
        let saved = self.registry.claim_policy(target).await.map_err(refused)?;
        let (claim_policy, notices) = (Some(message(&saved)), notices(&saved));
        Ok(Response::new(GetClaimPolicyResponse { claim_policy, notices }))
    }

    #[tracing::instrument(name = "registry.replace_claim_policy", skip_all)]
    async fn replace_claim_policy(
        &self,
        request: Request<ReplaceClaimPolicyRequest>,
    ) -> Result<Response<ReplaceClaimPolicyResponse>, Status> {
        let wanted = request.get_ref().claim_policy.as_ref().ok_or_else(|| refused(missing("claim_policy")))?;
        let target = target("claim_policy.name", &wanted.name).map_err(refused)?;
        let etag = etag("claim_policy.etag", &wanted.etag).map_err(refused)?;
        let policy = read(wanted).map_err(refused)?;
        let change = Change { etag, metadata: vestibule_host::metadata(&request) };
        let validate_only = request.get_ref().validate_only;
        let saved = self.registry.replace_claim_policy(target, change, policy, validate_only).await.map_err(refused)?;
        let (claim_policy, notices) = (Some(message(&saved)), notices(&saved));
        Ok(Response::new(ReplaceClaimPolicyResponse { claim_policy, notices }))
    }

    #[tracing::instrument(name = "registry.clear_claim_policy", skip_all)]
    async fn clear_claim_policy(
        &self,
        request: Request<ClearClaimPolicyRequest>,
    ) -> Result<Response<ClearClaimPolicyResponse>, Status> {
        let ClearClaimPolicyRequest { name, etag: version } = request.get_ref();
        let target = target("name", name).map_err(refused)?;
        let etag = etag("etag", version).map_err(refused)?;
        let change = Change { etag, metadata: vestibule_host::metadata(&request) };
        let saved = self.registry.clear_claim_policy(target, change).await.map_err(refused)?;
        Ok(Response::new(ClearClaimPolicyResponse { claim_policy: Some(message(&saved)) }))
    }
}
