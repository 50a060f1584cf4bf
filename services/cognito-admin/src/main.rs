//! `vestibule-cognito-admin`: signs people out of their user pools.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use vestibule_bus_nats::{Authentication, ConsumerSettings, NatsSource, Settings, StreamSettings};
use vestibule_cognito_admin::{AwsCognito, Registry, SignOut, subjects};
use vestibule_consumer::consume;
use vestibule_host::peers;

/// Signs people out of their Cognito user pools when they are deactivated or signed out, their connection is disabled, or
/// their organization is suspended.
///
/// It consumes Vestibule's events on NATS, asks the registry who people are, and needs the AWS permission
/// cognito-idp:AdminUserGlobalSignOut on the user pools. Credentials are found as every AWS tool finds them.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The deployment's environment, as `deployment.environment` says it.
    #[arg(long, env = "VESTIBULE_ENVIRONMENT", default_value = "development")]
    environment: String,
    /// The registry.
    #[arg(long, env = "VESTIBULE_REGISTRY", default_value = "http://127.0.0.1:8801")]
    registry: String,
    /// A file with the token that is presented to the registry; the service token suffices: it asks for no names.
    #[arg(long, env = "VESTIBULE_REGISTRY_TOKEN_FILE")]
    registry_token_file: Option<PathBuf>,
    /// The authority that signed the registry's certificate, PEM; the system's when absent.
    #[arg(long, env = "VESTIBULE_AUTHORITY_FILE")]
    authority_file: Option<PathBuf>,
    /// `nats://host:port` or `tls://host:port`; several separated by commas.
    #[arg(long, env = "VESTIBULE_NATS_URL", default_value = "nats://127.0.0.1:4222")]
    nats_url: String,
    /// A NATS credentials file.
    #[arg(long, env = "VESTIBULE_NATS_CREDENTIALS_FILE", conflicts_with = "nats_nkey_seed_file")]
    nats_credentials_file: Option<PathBuf>,
    /// A file with the seed of an nkey.
    #[arg(long, env = "VESTIBULE_NATS_NKEY_SEED_FILE")]
    nats_nkey_seed_file: Option<PathBuf>,
    /// The authority that signed the certificate of NATS, PEM.
    #[arg(long, env = "VESTIBULE_NATS_AUTHORITY_FILE")]
    nats_authority_file: Option<PathBuf>,
    /// The stream, as `nats.stream` says it.
    #[arg(long, env = "VESTIBULE_NATS_STREAM", default_value = "vestibule")]
    stream: String,
    /// On how many servers what was handled is remembered: 1, 3 or 5.
    #[arg(long, env = "VESTIBULE_NATS_REPLICAS", default_value_t = 1)]
    replicas: usize,
    /// How long the stream keeps events, as `nats.retention_hours` says it.
    #[arg(long, env = "VESTIBULE_NATS_RETENTION_HOURS", default_value_t = 168)]
    retention_hours: u64,
    /// Stands for Cognito in every region: an emulator's address.
    #[arg(long, env = "VESTIBULE_COGNITO_ENDPOINT")]
    cognito_endpoint: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    // An error says that there is one already, which is just as well.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let stop = CancellationToken::new();
    vestibule_host::stop_on_signal(stop.clone()).context("signals")?;

    let channel = peers::connect(
        &arguments.registry,
        arguments.authority_file.as_deref(),
        arguments.registry_token_file.as_deref(),
    )
    .context("the registry cannot be connected as configured")?;
    let cognito = AwsCognito::from_environment(arguments.cognito_endpoint.clone()).await;
    let handler = SignOut::new(Arc::new(Registry::new(channel)), Arc::new(cognito));
    let mut source = NatsSource::connect(consumer(&arguments)).await.context("NATS cannot be used as configured")?;
    let memory = source.handled();
    tracing::info!(environment = arguments.environment, nats = arguments.nats_url, "signs people out");
    consume(&mut source, &handler, &memory, &stop).await;
    Ok(())
}

fn consumer(arguments: &Arguments) -> ConsumerSettings {
    let authentication = match (&arguments.nats_credentials_file, &arguments.nats_nkey_seed_file) {
        (Some(file), _) => Authentication::CredentialsFile(file.clone()),
        (None, Some(file)) => Authentication::NkeySeedFile(file.clone()),
        (None, None) => Authentication::Anonymous,
    };
    ConsumerSettings {
        bus: Settings {
            url: arguments.nats_url.clone(),
            authentication,
            authority_file: arguments.nats_authority_file.clone(),
            client_certificate: None,
            stream: StreamSettings {
                name: arguments.stream.clone(),
                subjects: format!("vestibule.{}.>", arguments.environment),
                replicas: arguments.replicas,
                max_age: Duration::from_hours(arguments.retention_hours),
                // The registry makes the stream; these are its business.
                max_bytes: -1,
                dedupe_window: Duration::ZERO,
            },
        },
        name: "cognito-sign-out".to_owned(),
        subjects: subjects(&arguments.environment),
    }
}
