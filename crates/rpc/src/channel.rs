use opentelemetry::propagation::Injector;
use secrecy::{ExposeSecret, SecretString};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A connection to a gRPC server that sends the caller's token and trace context with every call. Cheap to clone.
pub type Channel = InterceptedService<tonic::transport::Channel, Outgoing>;

/// What goes out with every call.
#[derive(Clone, Default)]
pub struct Outgoing {
    authorization: Option<MetadataValue<Ascii>>,
}

/// A token that cannot stand in an HTTP header.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the token has characters that cannot stand in an HTTP header")]
pub struct TokenNotPrintable;

impl Outgoing {
    /// Only the trace context: for servers that ask for no token.
    #[must_use]
    pub const fn anonymous() -> Self {
        Self { authorization: None }
    }

    /// The token as `Authorization: Bearer` (RFC 6750 section 2.1), and the trace context.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn with_token(token: &SecretString) -> Result<Self, TokenNotPrintable> {
        let text = format!("Bearer {}", token.expose_secret());
        let mut value: MetadataValue<Ascii> = text.parse().map_err(|_| TokenNotPrintable)?;
        value.set_sensitive(true);
        Ok(Self { authorization: Some(value) })
    }

    /// Wraps a plain channel.
    #[must_use]
    pub fn over(self, channel: tonic::transport::Channel) -> Channel {
        InterceptedService::new(channel, self)
    }
}

impl Interceptor for Outgoing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        let context = tracing::Span::current().context();
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut Headers(request.metadata_mut()));
        });
        Ok(request)
    }
}

struct Headers<'a>(&'a mut MetadataMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (key.parse::<MetadataKey<Ascii>>(), value.parse()) {
            self.0.insert(key, value);
        }
    }
}
