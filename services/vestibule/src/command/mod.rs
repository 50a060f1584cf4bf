//! One file a noun: what the operator can do with it.

pub(crate) mod certificates;
pub(crate) mod claims;
pub(crate) mod connection;
mod dead_letters;
pub(crate) mod directory;
pub(crate) mod domain;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod log;
pub(crate) mod nats;
pub(crate) mod onboarding;
pub(crate) mod org;
pub(crate) mod person;
pub(crate) mod pool;
pub(crate) mod saml;
pub(crate) mod sign_ins;
pub(crate) mod tls;

use tonic::Status;
use vestibule_kernel::{IdSource, SystemIds};
use vestibule_rpc::Channel;

use crate::{
    cli::{Client, Server},
    client,
    config::Config,
    output::Format,
};

/// What a command about a running server works with.
pub(crate) struct Operator {
    pub(crate) channel: Channel,
    pub(crate) format: Format,
    server: Server,
    config: Config,
}

impl Operator {
    pub(crate) fn new<C: clap::Subcommand>(client: &Client<C>, config: Config) -> anyhow::Result<Self> {
        let channel = client::connect(&client.server, &config)?;
        Ok(Self { channel, format: Format::of(client.server.json), server: client.server.clone(), config })
    }

    /// A refusal, in words that help.
    pub(crate) fn refused(&self, status: &Status) -> anyhow::Error {
        client::refused(status, &self.server, &self.config)
    }
}

/// A request id for AIP-155: the command may be repeated by the transport, and still happens once.
pub(crate) fn request_id() -> String {
    SystemIds.uuid_v4().to_string()
}

/// `collection/{id}` for an id, and the name itself for a name.
pub(crate) fn resource_name(collection: &str, id_or_name: &str) -> String {
    if id_or_name.contains('/') { id_or_name.to_owned() } else { format!("{collection}/{id_or_name}") }
}
