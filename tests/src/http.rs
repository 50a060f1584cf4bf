use std::time::Duration;

use anyhow::Result;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP client that follows no redirect and keeps no cookie: a test sees every answer.
///
/// # Errors
/// When it cannot be made.
pub fn http_client() -> Result<reqwest::Client> {
    // The second client finds the provider installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT).no_proxy().build()?)
}
