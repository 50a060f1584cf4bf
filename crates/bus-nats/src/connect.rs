use std::{
    error::Error,
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{Authentication, Settings};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How often a silent connection is tried: three unanswered ones end it.
const PING_EVERY: Duration = Duration::from_secs(5);
/// The wait before the next attempt of whoever waits for the server.
const RETRY_WAIT: Duration = Duration::from_millis(100);
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
    let options = options(settings).await?.retry_on_initial_connect().max_reconnects(None);
    let options = options.event_callback(move |event| {
        tell(&event, &sender);
        std::future::ready(())
    });
    Ok((options.connect(servers(settings)).await.map_err(ConnectError::Unfit)?, connected))
}

/// A client that is connected. A server that is not there is waited for; one that does not let us in is not asked again.
pub(crate) async fn connect_now(settings: &Settings, within: Duration) -> Result<Client, ConnectError> {
    let until = Instant::now() + within;
    loop {
        match options(settings).await?.connect(servers(settings)).await {
            Ok(client) => return Ok(client),
            Err(error) if is_away(&error) && Instant::now() < until => sleep(RETRY_WAIT).await,
            Err(error) => return Err(ConnectError::Unfit(error)),
        }
    }
}

/// Whether nobody listens there; a server that listens and is not the right one, or does not let us in, is another matter.
fn is_away(error: &async_nats::ConnectError) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(one) = cause {
        if one.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        cause = one.source();
    }
    false
}

fn servers(settings: &Settings) -> Vec<&str> {
    settings.url.split(',').map(str::trim).collect()
}

/// What both have in common: who we are, whom we trust, how long we wait.
async fn options(settings: &Settings) -> Result<ConnectOptions, ConnectError> {
    let mut options = ConnectOptions::new()
        .name("vestibule")
        .connection_timeout(CONNECT_TIMEOUT)
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(delays());
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
    Ok(options)
}

/// How long to wait before an attempt to connect. Nothing speaks for waiting before the very first.
fn delays() -> impl Fn(usize) -> Duration {
    let first = AtomicBool::new(true);
    move |attempts| {
        let doubled = Duration::from_millis(50 << attempts.min(5));
        if first.swap(false, Ordering::Relaxed) { Duration::ZERO } else { doubled.min(RECONNECT_WAIT_MAX) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_first_attempt_is_made_at_once() {
        let delay = delays();
        // The count begins anew with each connection that was made.
        let waited: Vec<u128> = [1, 1, 2, 3, 4, 9].map(|attempts| delay(attempts).as_millis()).into();
        assert_eq!(waited, [0, 100, 200, 400, 800, 1_000]);
    }
}
