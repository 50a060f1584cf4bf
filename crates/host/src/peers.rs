//! Channels to services in other processes.

use std::{path::Path, time::Duration};

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use vestibule_rpc::{Channel, Outgoing, TokenNotPrintable};

use crate::{TlsError, access, tls};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a call may take: Cognito gives a token request little more.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A service cannot be reached as configured.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The address is not a URL.
    #[error("`{address}` is not an address such as https://routing.internal:8801")]
    NotAnAddress {
        /// The address.
        address: String,
        /// What tonic said.
        source: tonic::transport::Error,
    },
    /// TLS cannot be used as configured.
    #[error("TLS towards {address} cannot be set up")]
    Unfit {
        /// The address.
        address: String,
        /// What tonic said.
        source: tonic::transport::Error,
    },
    /// The certificate authority cannot be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The token cannot be read.
    #[error(transparent)]
    Token(#[from] access::TokenError),
    /// The token cannot be sent.
    #[error(transparent)]
    NotPrintable(#[from] TokenNotPrintable),
}

/// A channel that connects when it is first used, and again whenever the connection is lost.
///
/// # Errors
/// [`PeerError`]: the configuration cannot be used. Whether the service answers is not looked at.
pub fn connect(address: &str, authority: Option<&Path>, token: Option<&Path>) -> Result<Channel, PeerError> {
    let not_an_address = |source| PeerError::NotAnAddress { address: address.to_owned(), source };
    let mut endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(not_an_address)?
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(CALL_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_while_idle(true);
    if address.starts_with("https://") {
        let mut client = ClientTlsConfig::new();
        if let Some(authority) = authority {
            client = client.ca_certificate(Certificate::from_pem(tls::read_pem(&authority.to_owned())?));
        }
        endpoint =
            endpoint.tls_config(client).map_err(|source| PeerError::Unfit { address: address.to_owned(), source })?;
    }
    let outgoing = match token {
        Some(path) => Outgoing::with_token(&access::read_token(path)?)?,
        None => Outgoing::anonymous(),
    };
    Ok(outgoing.over(endpoint.connect_lazy()))
}
