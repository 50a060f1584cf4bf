use std::{
    error::Error,
    fs,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{
    Certificate, Client, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
        LOCATION,
    },
    redirect::Policy as Redirects,
};
use tokio::time::timeout;

use crate::{
    Address, Document, FetchError, Fetched, Policy, Resolver, SystemResolver, Validators, limit, resolver::Gate,
};

/// What is asked for: the media type of SAML metadata (SAML metadata appendix A), or XML under any other name.
const ACCEPTED: &str = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1";

/// How documents are fetched.
pub struct Settings {
    /// Which addresses may be spoken to.
    pub policy: Policy,
    /// Certificates of authorities that are trusted beside the machine's, PEM.
    pub authority_file: Option<PathBuf>,
    /// Who tells the addresses of names.
    pub resolver: Arc<dyn Resolver>,
    /// How long everything may take.
    pub timeouts: Timeouts,
}

/// How long parts of a fetch may take, and all of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timeouts {
    /// A TCP connection and its TLS.
    pub connect: Duration,
    /// The other side sends nothing.
    pub idle: Duration,
    /// Names, redirects and every byte.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: limit::CONNECT_TIMEOUT, idle: limit::IDLE_TIMEOUT, total: limit::TOTAL_TIMEOUT }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            authority_file: None,
            resolver: Arc::new(SystemResolver),
            timeouts: Timeouts::default(),
        }
    }
}

/// Fetches documents, each over a connection of its own.
///
/// It speaks TLS through the process-wide provider of rustls, and installs aws-lc as that where there is none.
pub struct Fetcher {
    settings: Settings,
    client: OnceLock<Client>,
}

impl Fetcher {
    /// One that is ready. Certificate authorities are read when it is first used.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings, client: OnceLock::new() }
    }

    /// Reads an address.
    ///
    /// # Errors
    /// It is no URL, plain http where that is not allowed, or a literal address that is refused.
    pub fn address(&self, text: &str) -> Result<Address, FetchError> {
        Address::parse(text, &self.settings.policy)
    }

    /// Fetches what lies at the address, at most `bytes_max` bytes of it. `known` are the validators of the last answer.
    ///
    /// # Errors
    /// [`FetchError`]. Dropping the future ends the connection.
    pub async fn fetch(&self, address: &Address, known: &Validators, bytes_max: usize) -> Result<Fetched, FetchError> {
        let fetching = self.follow(address, known, bytes_max);
        timeout(self.settings.timeouts.total, fetching).await.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn follow(&self, address: &Address, known: &Validators, bytes_max: usize) -> Result<Fetched, FetchError> {
        let mut address = address.clone();
        for _ in 0..=limit::REDIRECTS_MAX {
            let response = self.ask(&address, known).await?;
            match response.status() {
                StatusCode::OK => return Ok(Fetched::Document(read(response, bytes_max).await?)),
                StatusCode::NOT_MODIFIED if !known.is_empty() => return Ok(Fetched::NotModified),
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    let location = text(&response, &LOCATION).ok_or(FetchError::Status(response.status().as_u16()))?;
                    address = address.redirected(&location, &self.settings.policy)?;
                }
                status => return Err(FetchError::Status(status.as_u16())),
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    async fn ask(&self, address: &Address, known: &Validators) -> Result<Response, FetchError> {
        let mut request = self.client()?.get(address.url().clone());
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let response = request.send().await.map_err(cause)?;
        // The gate has let nothing else through; that is looked at once more where the connection is known.
        if let Some(peer) = response.remote_addr() {
            self.settings.policy.check(peer.ip())?;
        }
        Ok(response)
    }

    /// The client is made when it is first needed: reading the machine's certificates may fail, and not the next time.
    fn client(&self) -> Result<&Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.build().map_err(FetchError::Client)?;
        Ok(self.client.get_or_init(|| client))
    }

    fn build(&self) -> Result<Client, Box<dyn Error + Send + Sync>> {
        // An error says that there is one already, which is just as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let authorities = match &self.settings.authority_file {
            Some(path) => Certificate::from_pem_bundle(&fs::read(path)?)?,
            None => Vec::new(),
        };
        let gate = Gate { resolver: Arc::clone(&self.settings.resolver), policy: self.settings.policy.clone() };
        let headers = [(ACCEPT, ACCEPTED), (ACCEPT_ENCODING, "identity")];
        let headers = headers.into_iter().map(|(name, value)| (name, reqwest::header::HeaderValue::from_static(value)));
        let timeouts = self.settings.timeouts;
        let client = Client::builder()
            .user_agent("vestibule")
            .default_headers(headers.collect())
            .dns_resolver(Arc::new(gate))
            // A proxy would resolve names itself, out of the gate's sight.
            .no_proxy()
            .redirect(Redirects::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .http1_only()
            .http1_max_headers(limit::HEADERS_MAX)
            // What was looked at an hour ago is not looked at: no connection is kept.
            .pool_max_idle_per_host(0)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .timeout(timeouts.total)
            .tls_certs_merge(authorities)
            .build()?;
        Ok(client)
    }
}

async fn read(mut response: Response, bytes_max: usize) -> Result<Document, FetchError> {
    let too_large = || FetchError::TooLarge { bytes_max };
    let is_plain = |encoding: &str| encoding.trim().eq_ignore_ascii_case("identity");
    if response.headers().get_all(CONTENT_ENCODING).iter().any(|value| !value.to_str().is_ok_and(is_plain)) {
        return Err(FetchError::Encoded);
    }
    if response.content_length().is_some_and(|announced| announced > bytes_max as u64) {
        return Err(too_large());
    }
    let validator = |name| text(&response, &name).filter(|value| value.len() <= limit::VALIDATOR_BYTES_MAX);
    let validators = Validators { etag: validator(ETAG), last_modified: validator(LAST_MODIFIED) };
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(cause)? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Document { bytes, validators })
}

fn text(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// What the gate said, where it was the gate that let nothing through.
fn cause(error: reqwest::Error) -> FetchError {
    if error.is_timeout() && !error.is_connect() {
        return FetchError::TooSlow;
    }
    let mut source = error.source();
    while let Some(inner) = source {
        match inner.downcast_ref::<FetchError>() {
            Some(FetchError::AddressRefused(refused)) => return FetchError::AddressRefused(*refused),
            Some(FetchError::NameUnresolved(unresolved)) => {
                return FetchError::NameUnresolved(std::io::Error::from(unresolved.kind()));
            }
            _ => source = inner.source(),
        }
    }
    FetchError::Transport(error)
}
