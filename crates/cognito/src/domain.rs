/// The path behind a pool's domain at which Cognito takes the answer of an OpenID provider.
const RESPONSE_PATH: &str = "/oauth2/idpresponse";

/// The URL of a pool's domain, without a trailing slash: `https`, except on loopback hosts (`localhost:8820`,
/// `127.0.0.1:8820`), where the sandbox speaks `http`.
///
/// `domain` is a host name already: a URL made of anything else is not a pool's.
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

fn is_loopback(domain: &str) -> bool {
    let (host, port) = domain.split_once(':').map_or((domain, None), |(host, port)| (host, Some(port)));
    let port_fits = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    matches!(host, "localhost" | "127.0.0.1") && port_fits
}
