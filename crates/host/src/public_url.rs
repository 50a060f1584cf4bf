use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The address under which browsers, identity providers and Cognito reach the gateway; also the OpenID Connect issuer.
///
/// `https://host` without a path and without a trailing slash, as Cognito wants its issuers. Plain `http` is accepted on
/// loopback only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address as text, such as `https://login.example`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of a path that begins with `/`.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether browsers reach it over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an address that Cognito, identity providers and browsers could all use.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParsePublicUrlError {
    /// Not a URL at all, or one without a host.
    #[error("`{0}` is not a URL such as https://login.example")]
    NotAUrl(String),
    /// Plain http beyond loopback.
    #[error("`{0}` must begin with https:// (plain http only on localhost)")]
    NotHttps(String),
    /// Path, query, fragment, user name or trailing slash.
    #[error("`{0}` must be scheme and host only, without a path or a trailing slash, such as https://login.example")]
    NotAnOrigin(String),
}

impl FromStr for PublicUrl {
    type Err = ParsePublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| ParsePublicUrlError::NotAUrl(text.to_owned()))?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(ParsePublicUrlError::NotAUrl(text.to_owned())),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(ParsePublicUrlError::NotHttps(text.to_owned())),
        }
        if url.origin().ascii_serialization() == text {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParsePublicUrlError::NotAnOrigin(text.to_owned()))
        }
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = ParsePublicUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}
