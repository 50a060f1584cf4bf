use std::{path::PathBuf, time::Duration};

/// Where the bus is, and what its stream is like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `nats://host:port` or `tls://host:port`; several separated by commas.
    pub url: String,
    /// Who we are.
    pub authentication: Authentication,
    /// The authority that signed the server's certificate, PEM; the system's when absent.
    pub authority_file: Option<PathBuf>,
    /// Our certificate and its key, PEM.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    /// The stream.
    pub stream: StreamSettings,
}

/// How we say who we are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Authentication {
    /// Not at all, or by the client certificate.
    Anonymous,
    /// A credentials file: a JWT and the seed that signs for it.
    CredentialsFile(PathBuf),
    /// A file that holds the seed of an nkey.
    NkeySeedFile(PathBuf),
}

/// The stream that holds the published events.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// Its name.
    pub name: String,
    /// The subjects it takes.
    pub subjects: String,
    /// On how many servers of a cluster it is kept: 1, 3 or 5.
    pub replicas: usize,
    /// How long events are kept. Personal fields can be read that long.
    pub max_age: Duration,
    /// How large it may grow; it refuses more.
    pub max_bytes: i64,
    /// How long the stream recognises an event id that it has seen.
    pub dedupe_window: Duration,
}
