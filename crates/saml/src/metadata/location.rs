use url::{Host, Url};

use super::MetadataError;
use crate::limit;

/// The address of an endpoint: https, or http to this very machine, where the sandbox lives.
pub(super) fn parse(text: &str) -> Result<Url, MetadataError> {
    let text = text.trim_ascii();
    if text.chars().count() > limit::URL_CHARS_MAX {
        return Err(MetadataError::LocationInvalid);
    }
    let url = Url::parse(text).map_err(|_| MetadataError::LocationInvalid)?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if secure && plain { Ok(url) } else { Err(MetadataError::LocationInvalid) }
}

/// Loopback addresses, and the names that mean them (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
