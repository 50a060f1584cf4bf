//! `vestibule health`.

use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{cli::Health, client, config::Config, output::line};

pub(crate) async fn run(health: &Health, config: &Config) -> anyhow::Result<()> {
    let mut client = HealthClient::new(client::connect(&health.server, config)?);
    let request = HealthCheckRequest { service: health.service.clone() };
    let answer = client.check(request).await.map_err(|status| client::refused(&status, &health.server, config))?;
    let what = if health.service.is_empty() { "the server" } else { &health.service };
    match answer.into_inner().status() {
        ServingStatus::Serving => {
            line(&format!("{what} is serving"));
            Ok(())
        }
        _ => anyhow::bail!("{what} is not serving; its log says why"),
    }
}
