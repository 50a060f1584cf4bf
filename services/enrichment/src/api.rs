use tonic::{Request, Response, Status};
use vestibule_kernel::Explain as _;
use vestibule_rpc::{
    enrichment::v1::{HandleTriggerRequest, HandleTriggerResponse, enrichment_service_server::EnrichmentService},
    to_status,
};

use crate::enrichment::{Answer, Enrichment};

/// The domain of the errors' reasons.
const ERROR_DOMAIN: &str = "enrichment.vestibule";

/// The service as the wire sees it.
pub(crate) struct EnrichmentApi(pub(crate) Enrichment);

#[tonic::async_trait]
impl EnrichmentService for EnrichmentApi {
    #[tracing::instrument(name = "enrichment.handle_trigger", skip_all, fields(outcome))]
    async fn handle_trigger(
        &self,
        request: Request<HandleTriggerRequest>,
    ) -> Result<Response<HandleTriggerResponse>, Status> {
        let answered = self.0.answer(&request.get_ref().event_json).await;
        let outcome = match &answered {
            Ok(Answer::Enriched(_)) => "ENRICHED",
            Ok(Answer::Unchanged(_)) => "UNCHANGED",
            Err(error) => error.explain().reason,
        };
        tracing::Span::current().record("outcome", outcome);
        tracing::debug!(monotonic_counter.vestibule_enrichment_triggers = 1_u64, outcome);
        match answered {
            Ok(Answer::Enriched(event_json) | Answer::Unchanged(event_json)) => {
                Ok(Response::new(HandleTriggerResponse { event_json }))
            }
            Err(error) => Err(to_status(ERROR_DOMAIN, &error)),
        }
    }
}
