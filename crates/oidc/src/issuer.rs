use std::fmt;

use url::{Host, Url};

/// The provider's name and base address, for example `https://login.vestibule.test`.
///
/// Cognito takes it without a trailing slash and compares it with the `iss` of every ID token, so exactly one text
/// exists for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer(String);

/// The text cannot be an issuer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidIssuer {
    /// Not an absolute URL in normal form.
    #[error("the issuer is not an absolute URL in its normal form")]
    NotAUrl,
    /// Neither https nor http on a loopback address.
    #[error("the issuer is neither https nor http on a loopback address")]
    NotHttps,
    /// A trailing slash, which Cognito refuses.
    #[error("the issuer ends in a slash")]
    TrailingSlash,
    /// Credentials, a query or a fragment (OpenID Connect Discovery 1.0 section 3).
    #[error("the issuer has credentials, a query or a fragment")]
    Decorated,
}

impl Issuer {
    /// Reads an issuer: https, or http on a loopback address for a sandbox; no trailing slash, query or fragment.
    ///
    /// # Errors
    /// [`InvalidIssuer`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer::NotAUrl)?;
        if text.ends_with('/') {
            return Err(InvalidIssuer::TrailingSlash);
        }
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(InvalidIssuer::NotHttps);
        }
        let plain = url.username().is_empty() && url.password().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidIssuer::Decorated);
        }
        // One issuer, one text: relying parties compare it byte by byte.
        if url.as_str().trim_end_matches('/') != text {
            return Err(InvalidIssuer::NotAUrl);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as it stands in `iss`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of `path` below the issuer; `path` begins with a slash.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether browsers reach the provider over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
