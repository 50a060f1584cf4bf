use std::{fs, io, path::PathBuf, time::Duration};

use async_nats::{Client, ConnectOptions, Event};
use tokio::sync::watch;

use crate::{Authentication, Settings};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How often a silent connection is tried: three unanswered ones end it.
const PING_EVERY: Duration = Duration::from_secs(5);
/// The longest wait before the next attempt to connect.
const RECONNECT_WAIT_MAX: Duration = Duration::from_secs(1);

/// The bus cannot be used as configured. That it does not answer is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The file with our identity cannot be read, or holds something else.
    #[error("{} cannot be used to authenticate to NATS", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// Address, TLS or identity cannot be used.
    #[error("NATS cannot be connected as configured")]
    Unfit(#[source] async_nats::ConnectError),
}

/// A client that connects when the server is there, and again whenever the connection is lost; and whether it is connected.
pub(crate) async fn connect(settings: &Settings) -> Result<(Client, watch::Receiver<bool>), ConnectError> {
    let (sender, connected) = watch::channel(false);
    let mut options = ConnectOptions::new()
        .name("vestibule-relay")
        .retry_on_initial_connect()
        .max_reconnects(None)
        .connection_timeout(CONNECT_TIMEOUT)
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(|attempts| {
            let doubled = Duration::from_millis(50 << attempts.min(5));
            doubled.min(RECONNECT_WAIT_MAX)
        })
        .event_callback(move |event| {
            tell(&event, &sender);
            std::future::ready(())
        });
    options = match &settings.authentication {
        Authentication::Anonymous => options,
        Authentication::CredentialsFile(path) => {
            let opened = options.credentials_file(path).await;
            opened.map_err(|source| ConnectError::Identity { path: path.clone(), source })?
        }
        Authentication::NkeySeedFile(path) => {
            let read = fs::read_to_string(path);
            let seed = read.map_err(|source| ConnectError::Identity { path: path.clone(), source })?;
            options.nkey(seed.trim().to_owned())
        }
    };
    if settings.url.split(',').any(|url| url.trim().starts_with("tls://")) {
        options = options.require_tls(true);
    }
    if let Some(path) = &settings.authority_file {
        options = options.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &settings.client_certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    let urls: Vec<&str> = settings.url.split(',').map(str::trim).collect();
    Ok((options.connect(urls).await.map_err(ConnectError::Unfit)?, connected))
}

fn tell(event: &Event, connected: &watch::Sender<bool>) {
    match event {
        Event::Connected => {
            connected.send_replace(true);
            tracing::info!("connected to NATS");
        }
        Event::Disconnected | Event::Closed => {
            connected.send_replace(false);
            tracing::warn!("the connection to NATS is lost");
        }
        event => tracing::warn!(%event, "NATS"),
    }
}
