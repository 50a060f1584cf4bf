use std::{fmt, str::FromStr};

/// The path behind a pool's domain at which Cognito takes the answer of an OpenID provider.
const RESPONSE_PATH: &str = "/oauth2/idpresponse";

/// The URL of a pool's domain, without a trailing slash: `https`, except on loopback hosts (`localhost:8820`,
/// `127.0.0.1:8820`), where the sandbox speaks `http`.
#[must_use]
pub fn pool_url(domain: &str) -> String {
    let scheme = if is_loopback(domain) { "http" } else { "https" };
    format!("{scheme}://{domain}")
}

/// The redirect URI that the pool presents from this domain. A pool with a prefix domain and a custom domain may
/// present either.
#[must_use]
pub fn redirect_uri(domain: &str) -> String {
    pool_url(domain) + RESPONSE_PATH
}

/// The host name of a pool's hosted endpoints: `acme.auth.eu-west-1.amazoncognito.com`, a custom domain, or a loopback
/// host with a port. Lower case, so that URLs made of it can be compared byte for byte.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PoolDomain(String);

impl PoolDomain {
    /// The longest domain (RFC 1035 section 2.3.4, without the dot of the root).
    pub const BYTES_MAX: usize = 253;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// See [`pool_url`].
    #[must_use]
    pub fn url(&self) -> String {
        pool_url(&self.0)
    }

    /// See [`redirect_uri`].
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        redirect_uri(&self.0)
    }
}

impl fmt::Display for PoolDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a pool's domain.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidPoolDomain {
    /// Longer than a domain name can be.
    #[error("a domain has at most {} characters", PoolDomain::BYTES_MAX)]
    TooLong,
    /// Not a host name.
    #[error("expected a host name in lower case without scheme, path or trailing dot, such as login.acme.example")]
    NotAHostName,
    /// A port behind a host that is not loopback: Cognito's domains have none.
    #[error("only the loopback hosts localhost and 127.0.0.1 may have a port")]
    Port,
}

impl FromStr for PoolDomain {
    type Err = InvalidPoolDomain;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > Self::BYTES_MAX {
            return Err(InvalidPoolDomain::TooLong);
        }
        if is_loopback(text) {
            return Ok(Self(text.to_owned()));
        }
        if let Some((host, _)) = text.split_once(':') {
            return Err(if is_host_name(host) { InvalidPoolDomain::Port } else { InvalidPoolDomain::NotAHostName });
        }
        if is_host_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidPoolDomain::NotAHostName) }
    }
}

fn is_loopback(domain: &str) -> bool {
    let (host, port) = domain.split_once(':').map_or((domain, None), |(host, port)| (host, Some(port)));
    let port_fits = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    matches!(host, "localhost" | "127.0.0.1") && port_fits
}

/// At least two labels of letters, digits and inner hyphens; the last one is not a number, so that no IPv4 address passes.
fn is_host_name(text: &str) -> bool {
    let labels = text.split('.');
    let top = labels.clone().next_back().unwrap_or_default();
    text.contains('.') && labels.into_iter().all(is_label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(allowed) && !label.starts_with('-') && !label.ends_with('-')
}
