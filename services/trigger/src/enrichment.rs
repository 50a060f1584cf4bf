use std::{error::Error as _, time::Duration};

use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue, errors::InvalidMetadataValue},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use vestibule_kernel::ExposeSecret;
use vestibule_rpc::{
    enrichment::v1::{HandleTriggerRequest, enrichment_service_client::EnrichmentServiceClient},
    reason_of,
};

use crate::{config::Config, failure::Failure, invocation::Invocation};

/// How often the service is asked: once more than once.
const ATTEMPTS_MAX: u32 = 2;

/// How long the service is left alone after it said that it is unavailable; with no more time than that, it is not asked
/// again.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a connection may take to be made.
const CONNECT_TIME_MAX: Duration = Duration::from_millis(700);

/// While an answer is awaited and nothing comes, the connection is asked for a sign of life this often, and given up when
/// there is none. A function that was frozen for minutes wakes up on a connection that may be gone without a trace; this
/// leaves time for another one, and does not cut off a service that is only slow.
const PROBE_INTERVAL: Duration = Duration::from_millis(300);
const PROBE_TIME_MAX: Duration = Duration::from_millis(400);

/// The largest answer.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// The reasons of the service for a trigger that it does not answer, and for a version of its event that it does not know.
const UNSUPPORTED: [&str; 2] = ["TRIGGER_UNSUPPORTED", "TRIGGER_VERSION_UNSUPPORTED"];

/// The enrichment service is not reachable as configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    #[error("the address of the enrichment service cannot be used")]
    Address(#[source] tonic::transport::Error),
    #[error("TLS towards the enrichment service cannot be set up: check the certificate authority")]
    Tls(#[source] tonic::transport::Error),
    #[error("the service token has characters that cannot stand in an HTTP header")]
    Token(#[source] InvalidMetadataValue),
}

/// The enrichment service, over one connection for all invocations.
pub(crate) struct Enrichment {
    client: EnrichmentServiceClient<Channel>,
    authorization: Option<MetadataValue<Ascii>>,
}

/// What an invocation got, and how often it asked.
pub(crate) struct Asked {
    /// The answered event.
    pub(crate) outcome: Result<String, Failure>,
    pub(crate) attempts: u32,
}

impl Enrichment {
    /// Opens the connection; one that cannot be opened now is opened by the first invocation.
    pub(crate) async fn connect(config: &Config) -> Result<Self, SetupError> {
        let endpoint = endpoint(config)?;
        let channel = match timeout(CONNECT_TIME_MAX, endpoint.connect()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(_)) | Err(_) => endpoint.connect_lazy(),
        };
        // RFC 6750 section 2.1.
        let authorization = |token: &str| {
            let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().map_err(SetupError::Token)?;
            value.set_sensitive(true);
            Ok(value)
        };
        let authorization = config.token.as_ref().map(|token| authorization(token.expose_secret())).transpose()?;
        let client = EnrichmentServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
        Ok(Self { client, authorization })
    }

    /// Asks, and once more when the service or the way to it was not available.
    pub(crate) async fn handle_trigger(&self, event_json: String, invocation: &Invocation) -> Asked {
        let until = Instant::now() + invocation.time;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let request = self.request(event_json.clone(), invocation, until);
            let mut client = self.client.clone();
            let status = match timeout_at(until, client.handle_trigger(request)).await {
                Ok(Ok(response)) => return Asked { outcome: Ok(response.into_inner().event_json), attempts },
                Ok(Err(status)) => status,
                Err(_) => return Asked { outcome: Err(Failure::Unavailable), attempts },
            };
            let failure = failure(&status);
            let too_late = until.saturating_duration_since(Instant::now()) <= PAUSE;
            if failure != Failure::Unavailable || attempts == ATTEMPTS_MAX || too_late {
                return Asked { outcome: Err(failure), attempts };
            }
            // A broken connection is replaced at once; a service that says no itself needs a moment.
            if status.source().is_none() {
                sleep(PAUSE).await;
            }
        }
    }

    fn request(&self, event_json: String, invocation: &Invocation, until: Instant) -> Request<HandleTriggerRequest> {
        let mut request = Request::new(HandleTriggerRequest { event_json });
        // The service need not work for somebody who is gone.
        request.set_timeout(until.saturating_duration_since(Instant::now()));
        let metadata = request.metadata_mut();
        invocation.describe(metadata);
        if let Some(authorization) = &self.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        request
    }
}

fn endpoint(config: &Config) -> Result<Endpoint, SetupError> {
    let endpoint = Endpoint::from(config.enrichment.clone())
        .user_agent("vestibule-trigger")
        .map_err(SetupError::Address)?
        .connect_timeout(CONNECT_TIME_MAX)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PROBE_INTERVAL)
        .keep_alive_timeout(PROBE_TIME_MAX)
        .keep_alive_while_idle(false);
    if config.enrichment.scheme_str() != Some("https") {
        return Ok(endpoint);
    }
    let tls = match &config.authority {
        Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    endpoint.tls_config(tls).map_err(SetupError::Tls)
}

/// What a status means for the person. Only a server's own status has no source; everything else is the connection.
fn failure(status: &Status) -> Failure {
    if status.source().is_some() || matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded) {
        return Failure::Unavailable;
    }
    match reason_of(status) {
        Some(reason) if UNSUPPORTED.contains(&reason.as_str()) => Failure::Unsupported,
        Some(reason) => Failure::Refused { reason },
        None => Failure::Refused { reason: format!("{:?}", status.code()) },
    }
}
