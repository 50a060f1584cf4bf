//! Starting services: each on the same resources, speaking gRPC to its peers whether they are in this process or not.

use std::sync::Arc;

use anyhow::Context;
use tokio_util::sync::CancellationToken;
use vestibule_gateway_service::Peers;
use vestibule_host::{Resources, Service, grpc, peers};
use vestibule_kernel::{Clock, IdSource};
use vestibule_rpc::{Channel, memory};

use crate::{cli::ServiceName, config::Config};

/// Opens what every service needs.
pub(crate) async fn resources(
    config: &Config,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    stop: CancellationToken,
) -> anyhow::Result<Resources> {
    let opened = Resources::open(&config.deployment, &config.store, clock, ids, stop).await;
    opened.context("the store cannot be opened")
}

/// Starts one service, or all of them.
pub(crate) async fn services(
    name: ServiceName,
    resources: &Resources,
    config: &Config,
) -> anyhow::Result<Vec<Service>> {
    Ok(match name {
        ServiceName::Registry => vec![vestibule_registry_service::start(resources, &config.registry).await?],
        ServiceName::Routing => vec![vestibule_routing_service::start(resources, &config.routing).await?],
        ServiceName::Saml => {
            let registry = config.peers.registry.as_deref();
            let registry = registry.map(|address| peer(Some(address), "peers.registry", config)).transpose()?;
            vec![vestibule_saml_service::start(resources, &config.saml, registry).await?]
        }
        ServiceName::Enrichment => vec![vestibule_enrichment_service::start(resources, &config.enrichment).await?],
        ServiceName::Gateway => {
            let peers = Peers {
                routing: peer(config.peers.routing.as_deref(), "peers.routing", config)?,
                saml: peer(config.peers.saml.as_deref(), "peers.saml", config)?,
            };
            vec![vestibule_gateway_service::start(resources, &config.gateway, peers).await?]
        }
        ServiceName::Scim => {
            let registry = peer(config.peers.registry.as_deref(), "peers.registry", config)?;
            vec![vestibule_scim_service::start(resources, &config.scim, registry)?]
        }
        ServiceName::All => all(resources, config).await?.0,
    })
}

/// All services in this process, and the channel that reaches them in memory.
pub(crate) async fn all(resources: &Resources, config: &Config) -> anyhow::Result<(Vec<Service>, Channel)> {
    let registry = vestibule_registry_service::start(resources, &config.registry).await?;
    let in_memory = memory::serve(registry.grpc.clone());
    let mut services = vec![
        registry,
        vestibule_routing_service::start(resources, &config.routing).await?,
        vestibule_saml_service::start(resources, &config.saml, Some(in_memory)).await?,
        vestibule_enrichment_service::start(resources, &config.enrichment).await?,
    ];
    let routes = |services: &[Service]| grpc::merge(services.iter().map(|service| service.grpc.clone()));
    let channel = memory::serve(routes(&services));
    let peers = Peers { routing: channel.clone(), saml: channel.clone() };
    services.push(vestibule_gateway_service::start(resources, &config.gateway, peers).await?);
    services.push(vestibule_scim_service::start(resources, &config.scim, channel)?);
    let everything = memory::serve(routes(&services));
    Ok((services, everything))
}

fn peer(address: Option<&str>, key: &str, config: &Config) -> anyhow::Result<Channel> {
    let address = address.with_context(|| format!("this service needs {key}, such as https://{key}:8801"))?;
    let settings = &config.peers;
    Ok(peers::connect(address, settings.authority_file.as_deref(), settings.service_token_file.as_deref())?)
}
