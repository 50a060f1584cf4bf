use std::time::UNIX_EPOCH;

use tonic::{Request, Response, Status};
use vestibule_cognito::TriggerEvent;
use vestibule_cognito_verifier::VerifiedToken;
use vestibule_kernel::{Explain as _, Timestamp};
use vestibule_rpc::{
    enrichment::v1::{
        HandleTriggerRequest, HandleTriggerResponse, PreviewClaimsRequest, PreviewClaimsResponse, TokenUse,
        VerifyTokenRequest, VerifyTokenResponse, enrichment_service_server::EnrichmentService,
    },
    proto_timestamp, to_status,
};

use crate::{
    enrichment::{Answer, Enrichment},
    verify,
};

/// The domain of the errors' reasons.
const ERROR_DOMAIN: &str = "enrichment.vestibule";

/// The service as the wire sees it.
pub(crate) struct EnrichmentApi(pub(crate) Enrichment);

#[tonic::async_trait]
impl EnrichmentService for EnrichmentApi {
    #[tracing::instrument(name = "enrichment.handle_trigger", skip_all, fields(trigger, outcome))]
    async fn handle_trigger(
        &self,
        request: Request<HandleTriggerRequest>,
    ) -> Result<Response<HandleTriggerResponse>, Status> {
        let event = TriggerEvent::parse(&request.get_ref().event_json);
        let trigger = event.as_ref().map_or("", |event| event.trigger().name());
        let answered = match event {
            Ok(event) => self.0.answer(event).await,
            Err(error) => Err(error.into()),
        };
        let outcome = match &answered {
            Ok(Answer::Enriched(_)) => "ENRICHED",
            Ok(Answer::Passed(_)) => "PASSED",
            Ok(Answer::Unchanged(_)) => "UNCHANGED",
            Ok(Answer::Challenged(_)) => "CHALLENGED",
            Err(error) => error.explain().reason,
        };
        tracing::Span::current().record("trigger", trigger).record("outcome", outcome);
        tracing::debug!(monotonic_counter.vestibule_enrichment_triggers = 1_u64, trigger, outcome);
        match answered {
            Ok(
                Answer::Enriched(event_json)
                | Answer::Passed(event_json)
                | Answer::Unchanged(event_json)
                | Answer::Challenged(event_json),
            ) => Ok(Response::new(HandleTriggerResponse { event_json })),
            Err(error) => {
                tracing::debug!(monotonic_counter.vestibule_enrichment_refusals = 1_u64, trigger, reason = outcome);
                Err(to_status(ERROR_DOMAIN, &error))
            }
        }
    }

    #[tracing::instrument(name = "enrichment.preview_claims", skip_all)]
    async fn preview_claims(
        &self,
        request: Request<PreviewClaimsRequest>,
    ) -> Result<Response<PreviewClaimsResponse>, Status> {
        let previewed = self.0.preview_claims(request.get_ref()).await;
        previewed.map(Response::new).map_err(|error| to_status(ERROR_DOMAIN, &error))
    }

    #[tracing::instrument(name = "enrichment.verify_token", skip_all, fields(outcome))]
    async fn verify_token(
        &self,
        request: Request<VerifyTokenRequest>,
    ) -> Result<Response<VerifyTokenResponse>, Status> {
        let verified = self.0.verify_token(request.get_ref()).await;
        let outcome = verified.as_ref().map_or_else(|error| error.explain().reason, |_| "VERIFIED");
        tracing::Span::current().record("outcome", outcome);
        tracing::debug!(monotonic_counter.vestibule_enrichment_tokens = 1_u64, outcome);
        let verified = verified.map_err(|error| to_status(ERROR_DOMAIN, &error))?;
        Ok(Response::new(answer(self.0.user_pool_name(&verified), &verified)))
    }
}

fn answer(user_pool: String, verified: &VerifiedToken) -> VerifyTokenResponse {
    let token_use = match verified.token_use() {
        vestibule_cognito_verifier::TokenUse::Id => TokenUse::Id,
        vestibule_cognito_verifier::TokenUse::Access => TokenUse::Access,
    };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let expires_after = verified.expires_at().and_then(|expiry| expiry.duration_since(UNIX_EPOCH).ok());
    VerifyTokenResponse {
        user_pool,
        token_use: token_use.into(),
        organization: verify::organization_name(verified),
        subject: text(verified.subject()),
        username: text(verified.username()),
        client_id: text(verified.client_id()),
        groups: verified.groups().map(str::to_owned).collect(),
        scopes: verified.scopes().map(str::to_owned).collect(),
        expire_time: expires_after.map(|after| proto_timestamp(Timestamp::EPOCH.plus(after))),
    }
}
