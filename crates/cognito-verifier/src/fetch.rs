use std::{future::Future, pin::Pin, sync::OnceLock, time::Duration};

use reqwest::{Client, redirect::Policy};
use url::Url;

use crate::KEY_SET_BYTES_MAX;

/// How long a connection may be idle while a key set is fetched, and how long connecting may take.
pub const IDLE_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long fetching a key set may take altogether.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);

/// A key set could not be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No connection, no answer in time, or a broken one.
    #[error("the address of the key set does not answer")]
    Transport(#[source] reqwest::Error),
    /// Another status than 200.
    #[error("the address of the key set answered with status {0}")]
    Status(u16),
    /// More than [`KEY_SET_BYTES_MAX`].
    #[error("the key set is larger than {KEY_SET_BYTES_MAX} bytes")]
    TooLarge,
    /// The address is not a URL.
    #[error("the address of the key set is not a URL")]
    Address,
}

/// What [`FetchKeys::fetch`] answers.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Fetches key sets.
pub trait FetchKeys: Send + Sync + 'static {
    /// Fetches the document at `url`; bounded in time and size.
    fn fetch<'a>(&'a self, url: &'a str) -> Fetched<'a>;
}

/// Fetches key sets over HTTPS, bounded by [`IDLE_TIMEOUT`], [`RESPONSE_TIMEOUT`] and [`KEY_SET_BYTES_MAX`]; follows no
/// redirect. Plain HTTP is for emulators on the loopback interface, which are reached without a proxy.
///
/// It speaks TLS through the process-wide provider of rustls, and installs aws-lc as that where there is none.
#[derive(Debug, Default)]
pub struct HttpFetcher {
    outward: OnceLock<Client>,
    loopback: OnceLock<Client>,
}

impl HttpFetcher {
    /// One that is ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A client is made when it is first needed: reading the machine's certificates may fail, and then may not the next time.
    fn client(&self, url: &Url) -> Result<&Client, FetchError> {
        let (place, is_loopback) =
            if url.scheme() == "https" { (&self.outward, false) } else { (&self.loopback, true) };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        // An error says that there is one already, which is just as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(IDLE_TIMEOUT)
            .read_timeout(IDLE_TIMEOUT)
            .timeout(RESPONSE_TIMEOUT);
        let builder = if is_loopback { builder.no_proxy().tls_certs_only([]) } else { builder };
        let client = builder.build().map_err(FetchError::Transport)?;
        Ok(place.get_or_init(|| client))
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Address)?;
        let mut response = self.client(&url)?.get(url).send().await.map_err(FetchError::Transport)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(FetchError::Transport)? {
            if document.len() + chunk.len() > KEY_SET_BYTES_MAX {
                return Err(FetchError::TooLarge);
            }
            document.extend_from_slice(&chunk);
        }
        Ok(document)
    }
}

impl FetchKeys for HttpFetcher {
    fn fetch<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        Box::pin(self.get(url))
    }
}
