use std::{fmt, net::IpAddr};

use url::{Host, Url};

use crate::{FetchError, Policy, limit};

/// Where a document is fetched: an http or https URL without credentials and fragment, whose host is not an address that
/// is refused. What a name resolves to is looked at whenever it is fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address(Url);

impl Address {
    pub(crate) fn parse(text: &str, policy: &Policy) -> Result<Self, FetchError> {
        if text.chars().count() > limit::ADDRESS_CHARS_MAX {
            return Err(FetchError::AddressMalformed);
        }
        Self::of(Url::parse(text).map_err(|_| FetchError::AddressMalformed)?, policy)
    }

    fn of(url: Url, policy: &Policy) -> Result<Self, FetchError> {
        match url.scheme() {
            "https" => {}
            "http" if policy.plain_http => {}
            "http" => return Err(FetchError::PlainHttp),
            _ => return Err(FetchError::AddressMalformed),
        }
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !is_plain {
            return Err(FetchError::AddressMalformed);
        }
        // The client resolves no literal, so nobody else would look at it.
        let literal = match url.host().ok_or(FetchError::AddressMalformed)? {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        literal.map_or(Ok(()), |address| policy.check(address))?;
        Ok(Self(url))
    }

    /// Where a redirect leads, when that is the very same origin (RFC 6454): another port may be another program, another
    /// name another owner.
    pub(crate) fn redirected(&self, location: &str, policy: &Policy) -> Result<Self, FetchError> {
        let elsewhere = || {
            let shown = location.chars().filter(|each| !each.is_control()).take(limit::VALIDATOR_BYTES_MAX);
            FetchError::RedirectedElsewhere(shown.collect::<String>().into_boxed_str())
        };
        if location.chars().count() > limit::ADDRESS_CHARS_MAX {
            return Err(elsewhere());
        }
        let mut url = self.0.join(location).map_err(|_| elsewhere())?;
        if url.origin() != self.0.origin() {
            return Err(elsewhere());
        }
        url.set_fragment(None);
        Self::of(url, policy).map_err(|_| elsewhere())
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.0
    }

    /// The URL as it is fetched.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host's name or address, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
