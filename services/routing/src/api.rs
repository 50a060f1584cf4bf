use std::time::Duration;

use tonic::{Request, Response, Status};
use vestibule_rpc::{
    proto_timestamp, resource,
    routing::v1::{
        CreateTicketRequest, CreateTicketResponse, ResolveSignInRequest, ResolveSignInResponse,
        routing_service_server::RoutingService,
    },
    to_status,
};

use crate::{
    error::RoutingError,
    routing::{Made, Routing, TICKET_LIFETIME, TICKET_LIFETIME_MAX},
};

/// The domain of the errors' reasons.
const ERROR_DOMAIN: &str = "routing.vestibule";

/// The service as the wire sees it.
pub(crate) struct RoutingApi(pub(crate) Routing);

#[tonic::async_trait]
impl RoutingService for RoutingApi {
    #[tracing::instrument(name = "routing.resolve_sign_in", skip_all, fields(decision, reason))]
    async fn resolve_sign_in(
        &self,
        request: Request<ResolveSignInRequest>,
    ) -> Result<Response<ResolveSignInResponse>, Status> {
        let request = request.into_inner();
        if request.fresh {
            self.0.look().await;
        }
        let resolved = self.0.resolve(request);
        let (response, resolution) = resolved.map_err(|error| to_status(ERROR_DOMAIN, &error))?;
        let (decision, reason) = (resolution.decision.as_str_name(), resolution.reason.as_str());
        tracing::Span::current().record("decision", decision).record("reason", reason);
        tracing::debug!(monotonic_counter.vestibule_routing_decisions = 1_u64, decision, reason);
        Ok(Response::new(response))
    }

    #[tracing::instrument(name = "routing.create_ticket", skip_all)]
    async fn create_ticket(
        &self,
        request: Request<CreateTicketRequest>,
    ) -> Result<Response<CreateTicketResponse>, Status> {
        let created = self.create(&request.into_inner()).map_err(|error| to_status(ERROR_DOMAIN, &error))?;
        Ok(Response::new(created))
    }
}

impl RoutingApi {
    fn create(&self, request: &CreateTicketRequest) -> Result<CreateTicketResponse, RoutingError> {
        let organization = resource::organization("organization", &request.organization)?;
        let connection = match request.connection.as_str() {
            "" => None,
            name => match resource::connection("connection", name)? {
                (owner, connection) if owner == organization => Some(connection),
                _ => return Err(RoutingError::ConnectionUnknown),
            },
        };
        let lifetime = lifetime(request.lifetime.as_ref())?;
        let Made { ticket, expires_at, initiate_login_url } = self.0.ticket(organization, connection, lifetime)?;
        Ok(CreateTicketResponse { ticket, expire_time: Some(proto_timestamp(expires_at)), initiate_login_url })
    }
}

fn lifetime(asked: Option<&prost_types::Duration>) -> Result<Duration, RoutingError> {
    let Some(asked) = asked else { return Ok(TICKET_LIFETIME) };
    let lifetime = Duration::try_from(*asked).map_err(|_| RoutingError::Lifetime)?;
    // A ticket counts in whole seconds.
    let allowed = Duration::from_secs(1)..=TICKET_LIFETIME_MAX;
    if allowed.contains(&lifetime) { Ok(lifetime) } else { Err(RoutingError::Lifetime) }
}
