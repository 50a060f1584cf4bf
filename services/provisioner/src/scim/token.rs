use std::path::{Path, PathBuf};

use reqwest::header::HeaderValue;
use tokio::io::AsyncReadExt as _;
use vestibule_kernel::{ExposeSecret as _, SecretString};

use super::ScimError;
use crate::limit::TOKEN_BYTES_MAX;

/// The file with the bearer token (RFC 6750), read for each request: a new token needs no restart.
#[derive(Debug)]
pub(super) struct TokenFile(PathBuf);

impl TokenFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The value of the `Authorization` header, marked as what must not be printed.
    pub(super) async fn authorization(&self) -> Result<HeaderValue, ScimError> {
        let unusable = || ScimError::Token(self.0.clone());
        let token = read(&self.0).await.map_err(|_| unusable())?;
        let token = token.expose_secret().trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable());
        }
        let header = SecretString::from(format!("Bearer {token}"));
        let mut value = HeaderValue::from_str(header.expose_secret()).map_err(|_| unusable())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

async fn read(path: &Path) -> std::io::Result<SecretString> {
    let mut text = String::new();
    tokio::fs::File::open(path).await?.take(TOKEN_BYTES_MAX).read_to_string(&mut text).await?;
    Ok(SecretString::from(text))
}
