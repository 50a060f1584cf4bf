use std::net::{Ipv4Addr, SocketAddr};

use axum::{Router, routing::get};
use axum_server::{Handle, tls_rustls::RustlsConfig};
use vestibule_fetch::{FetchError, Fetcher, Settings};

use crate::support::{bytes, fetch, loopback};

/// A server whose certificate its own authority vouches for; answers the port.
async fn serve(certificate: &rcgen::CertifiedKey<rcgen::KeyPair>) -> SocketAddr {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = RustlsConfig::from_der(vec![certificate.cert.der().to_vec()], certificate.signing_key.serialize_der());
    let handle = Handle::new();
    let server = axum_server::bind_rustls(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), config.await.unwrap())
        .handle(handle.clone())
        .serve(Router::new().route("/metadata", get(|| async { "over TLS" })).into_make_service());
    tokio::spawn(server);
    handle.listening().await.unwrap()
}

#[tokio::test]
async fn only_authorities_that_are_known_vouch_for_a_host() {
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let port = serve(&certificate).await.port();
    let directory = tempfile::tempdir().unwrap();
    let authority = directory.path().join("authority.pem");
    std::fs::write(&authority, certificate.cert.pem()).unwrap();
    let mut policy = loopback();
    policy.plain_http = false;
    policy.networks.push("::1".parse().unwrap());
    let knowing =
        Fetcher::new(Settings { policy: policy.clone(), authority_file: Some(authority), ..Settings::default() });
    let fetched = fetch(&knowing, &format!("https://localhost:{port}/metadata")).await;
    assert_eq!(bytes(fetched.unwrap()), b"over TLS");
    // Not under another name, and not for those who do not know the authority.
    let other_name = fetch(&knowing, &format!("https://127.0.0.1:{port}/metadata")).await;
    assert!(matches!(other_name, Err(FetchError::Transport(_))), "{other_name:?}");
    let strange = Fetcher::new(Settings { policy, ..Settings::default() });
    let strange = fetch(&strange, &format!("https://localhost:{port}/metadata")).await;
    assert!(matches!(strange, Err(FetchError::Transport(_))), "{strange:?}");
}

#[tokio::test]
async fn an_authority_file_that_cannot_be_read_is_told_when_it_is_needed() {
    let settings = Settings { policy: loopback(), authority_file: Some("/nowhere".into()), ..Settings::default() };
    let outcome = fetch(&Fetcher::new(settings), "http://127.0.0.1:9/").await;
    assert!(matches!(outcome, Err(FetchError::Client(_))), "{outcome:?}");
}
