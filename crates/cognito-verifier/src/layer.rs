use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Fault, RemoteVerifier, Requirements, VerifiedToken, VerifyError};

/// How long a client waits before it tries again when keys cannot be had, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// A tower layer that lets only requests with a good token through (RFC 6750 section 2.1).
///
/// The service behind it finds the [`VerifiedToken`] in the request's extensions. Everybody else gets an empty answer:
///
/// | what | status | `WWW-Authenticate` |
/// |---|---|---|
/// | no bearer token | 401 | `Bearer` |
/// | several `Authorization` headers | 400 | `Bearer error="invalid_request"` |
/// | a token that is no good | 401 | `Bearer error="invalid_token"` |
/// | a scope is missing | 403 | `Bearer error="insufficient_scope", scope="…"` |
/// | another group or organization | 403 | |
/// | the keys cannot be had | 503 | |
#[derive(Clone, Debug)]
pub struct VerifyLayer {
    verifier: RemoteVerifier,
    requirements: Option<Arc<Requirements>>,
}

/// The service that [`VerifyLayer`] makes.
#[derive(Clone, Debug)]
pub struct Verifying<S> {
    inner: S,
    gate: VerifyLayer,
}

/// Why a request does not get through.
enum Refusal {
    NoToken,
    SeveralTokens,
    Token(VerifyError),
}

impl VerifyLayer {
    /// Asks for what the requirements of the token's pool ask for.
    #[must_use]
    pub const fn new(verifier: RemoteVerifier) -> Self {
        Self { verifier, requirements: None }
    }

    /// Asks for something of its own, such as the scope of one route.
    #[must_use]
    pub fn requiring(verifier: RemoteVerifier, requirements: Requirements) -> Self {
        Self { verifier, requirements: Some(Arc::new(requirements)) }
    }

    async fn admit(&self, headers: &HeaderMap) -> Result<VerifiedToken, Refusal> {
        let token = bearer(headers)?;
        let verified = match &self.requirements {
            Some(requirements) => self.verifier.verify_against(token, requirements).await,
            None => self.verifier.verify(token).await,
        };
        verified.map_err(Refusal::Token)
    }

    fn answer<B: Default>(&self, refusal: &Refusal) -> Response<B> {
        let (status, challenge) = match refusal {
            Refusal::NoToken => (StatusCode::UNAUTHORIZED, Some(HeaderValue::from_static("Bearer"))),
            Refusal::SeveralTokens => {
                (StatusCode::BAD_REQUEST, Some(HeaderValue::from_static("Bearer error=\"invalid_request\"")))
            }
            Refusal::Token(error) => match error.fault() {
                Fault::Token => {
                    (StatusCode::UNAUTHORIZED, Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")))
                }
                Fault::Permission => (StatusCode::FORBIDDEN, self.missing_scope(error)),
                Fault::Availability => (StatusCode::SERVICE_UNAVAILABLE, None),
            },
        };
        let mut response = Response::new(B::default());
        *response.status_mut() = status;
        if let Some(challenge) = challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }

    fn missing_scope(&self, error: &VerifyError) -> Option<HeaderValue> {
        let VerifyError::ScopeMissing = error else { return None };
        let plain = "Bearer error=\"insufficient_scope\"";
        let scopes = self.requirements.as_ref().and_then(|requirements| requirements.scopes.as_ref());
        // A scope has neither quotes nor backslashes (RFC 6749 section 3.3); one that has is not told.
        let told = scopes.map(|scopes| scopes.join(" ")).filter(|scopes| !scopes.contains(['"', '\\']));
        let challenge = told.and_then(|scopes| HeaderValue::try_from(format!("{plain}, scope=\"{scopes}\"")).ok());
        Some(challenge.unwrap_or(const { HeaderValue::from_static("Bearer error=\"insufficient_scope\"") }))
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verifying<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Verifying { inner, gate: self.clone() }
    }
}

impl<S, B, R> Service<Request<B>> for Verifying<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready goes into the future; its clone stays and becomes ready when it is asked.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let gate = self.gate.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match gate.admit(&parts.headers).await {
                Ok(verified) => {
                    parts.extensions.insert(verified);
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err(refusal) => Ok(gate.answer(&refusal)),
            }
        })
    }
}

/// The token of the one `Authorization` header. The name of the scheme is compared without case (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::NoToken)?;
    if values.next().is_some() {
        return Err(Refusal::SeveralTokens);
    }
    let value = value.to_str().map_err(|_| Refusal::NoToken)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refusal::NoToken)?;
    if scheme.eq_ignore_ascii_case("Bearer") { Ok(token) } else { Err(Refusal::NoToken) }
}
