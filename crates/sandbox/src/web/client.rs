use std::time::Duration;

/// How long one call may take. The real Cognito gives up on a slow provider as well.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be made")]
pub struct ClientError(#[source] reqwest::Error);

/// An HTTP client for the loopback interface that follows no redirect, uses no proxy and calls itself `user_agent`.
///
/// # Errors
/// When the TLS library cannot be set up.
pub(crate) fn http_client(user_agent: &str) -> Result<reqwest::Client, ClientError> {
    // Somebody else may have installed it already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Only the loopback interface is called, without TLS: no certificate store is needed.
        .tls_certs_only([])
        .timeout(CALL_TIMEOUT)
        .build()
        .map_err(ClientError)
}
