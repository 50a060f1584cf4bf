use std::{io, path::PathBuf, sync::Arc};

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::config;

/// Certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no PEM of the kind that is needed.
    #[error("{} is not PEM of the kind that is needed", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: rustls_pki_types::pem::Error,
    },
    /// Certificate and key do not fit together, or are of a kind that is not supported.
    #[error("certificate {} and its key cannot be used", path.display())]
    Unfit {
        /// The certificate.
        path: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
}

/// The rustls configuration of an HTTPS server; offers HTTP/2 and HTTP/1.1.
pub(crate) fn https_config(tls: &config::Tls) -> Result<Arc<ServerConfig>, TlsError> {
    let not_pem = |path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::NotPem { path, source }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&tls.certificate_file)
        .and_then(Iterator::collect)
        .map_err(not_pem(&tls.certificate_file))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key_file).map_err(not_pem(&tls.key_file))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|source| TlsError::Unfit { path: tls.certificate_file.clone(), source })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A PEM file, as tonic wants it.
pub(crate) fn read_pem(path: &PathBuf) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.clone(), source })
}
