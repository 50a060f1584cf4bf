use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use url::Url;
use vestibule_kernel::constant_time_eq;

use crate::{Algorithm, issuer::is_loopback, limit::REDIRECT_URI_BYTES_MAX};

/// A relying party: one Cognito user pool.
#[derive(Clone, Debug)]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    /// Where answers may go. A pool with a prefix domain and a custom domain has two.
    pub redirect_uris: Vec<RedirectUri>,
    /// The secrets that are valid now.
    pub secrets: ClientSecrets,
    /// How this client's ID tokens are signed.
    pub algorithm: Algorithm,
}

/// An address that answers may be sent to. It is compared byte by byte (OpenID Connect Core 1.0 section 3.1.2.1).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// The text cannot be a redirect URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidRedirectUri {
    /// Longer than [`crate::REDIRECT_URI_BYTES_MAX`].
    #[error("the redirect URI is too long")]
    TooLong,
    /// Not an absolute URL of printable ASCII.
    #[error("the redirect URI is not an absolute URL")]
    NotAUrl,
    /// Neither https nor http on a loopback address.
    #[error("the redirect URI is neither https nor http on a loopback address")]
    NotHttps,
    /// A fragment, which RFC 6749 section 3.1.2 forbids.
    #[error("the redirect URI has a fragment")]
    Fragment,
}

impl RedirectUri {
    /// Reads a redirect URI: https, or http on a loopback address for a sandbox; no fragment.
    ///
    /// # Errors
    /// [`InvalidRedirectUri`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        if text.len() > REDIRECT_URI_BYTES_MAX {
            return Err(InvalidRedirectUri::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidRedirectUri::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAUrl)?;
        if text.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            return Err(InvalidRedirectUri::NotHttps);
        }
        Ok(Self(text.to_owned()))
    }

    /// The URI as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a client secret. Our secrets are 256 random bits, so that a slow hash would add nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of `secret`.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
        Self(bytes)
    }

    /// A digest that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes, for storing.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The digests of a client's valid secrets: one, or two while a secret is being rotated, or none.
#[derive(Clone, Debug, Default)]
pub struct ClientSecrets(Vec<SecretDigest>);

/// More than two secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a client has at most two valid secrets")]
pub struct TooManySecrets;

const SECRETS_MAX: usize = 2;

impl ClientSecrets {
    /// The secrets with these digests.
    ///
    /// # Errors
    /// [`TooManySecrets`] beyond two.
    pub fn new(digests: Vec<SecretDigest>) -> Result<Self, TooManySecrets> {
        if digests.len() > SECRETS_MAX { Err(TooManySecrets) } else { Ok(Self(digests)) }
    }

    /// Whether `presented` is one of the secrets. Every digest is compared in full, so that the time taken tells
    /// neither which secret matched nor how much of it.
    #[must_use]
    pub fn accept(&self, presented: &str) -> bool {
        let presented = SecretDigest::of(presented);
        self.0.iter().fold(false, |accepted, digest| accepted | constant_time_eq(&digest.0, &presented.0))
    }
}
