use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use vestibule_rpc::{
    Channel,
    enrichment::v1::{HandleTriggerRequest, enrichment_service_client::EnrichmentServiceClient},
};

/// Cognito waits no longer for a trigger, and this cannot be configured.
pub(super) const TRIGGER_TIMEOUT: Duration = Duration::from_secs(5);

/// The Lambda function behind the pool's triggers.
#[async_trait]
pub trait Trigger: Send + Sync {
    /// Answers the whole event with `response` filled.
    ///
    /// # Errors
    /// When the function fails: the sign-in fails, and the application is told the message.
    async fn invoke(&self, event: Value) -> Result<Value, TriggerError>;
}

/// The function failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TriggerError {
    /// It said no, or is out of order; its message is shown.
    #[error("{message}")]
    Refused {
        /// What the function says.
        message: Box<str>,
    },
    /// It did not answer within five seconds.
    #[error("the function did not answer within 5 seconds")]
    Timeout,
    /// What it answered is not JSON.
    #[error("the function's answer is not JSON")]
    NotJson(#[source] serde_json::Error),
}

/// The trigger as Vestibule is meant to be used: the event goes to the enrichment service over gRPC, as the Lambda
/// shim would send it: without the tokens of the identity provider.
pub struct EnrichmentTrigger(EnrichmentServiceClient<Channel>);

impl EnrichmentTrigger {
    /// A trigger that asks the enrichment service behind `channel`.
    #[must_use]
    pub fn new(channel: Channel) -> Self {
        Self(EnrichmentServiceClient::new(channel))
    }
}

#[async_trait]
impl Trigger for EnrichmentTrigger {
    async fn invoke(&self, mut event: Value) -> Result<Value, TriggerError> {
        if let Some(attributes) = event.pointer_mut("/request/attributes").and_then(Value::as_object_mut) {
            attributes.remove("tokenResponse");
        }
        let request = HandleTriggerRequest { event_json: event.to_string() };
        let answer = self.0.clone().handle_trigger(request).await;
        let answer = answer.map_err(|status| TriggerError::Refused { message: status.message().into() })?;
        serde_json::from_str(&answer.into_inner().event_json).map_err(TriggerError::NotJson)
    }
}
