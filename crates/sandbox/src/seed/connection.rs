use aws_lc_rs::digest::{SHA256, digest};
use vestibule_rpc::{
    Channel,
    registry::v1::{
        Connection, CreateConnectionRequest, DisableConnectionRequest, EnableConnectionRequest, ListConnectionsRequest,
        SamlIdentityProvider, SamlSettings, UpdateConnectionRequest, connection::IdentityProvider, connection::State,
        connection_service_client::ConnectionServiceClient,
    },
};

use super::{SeedError, request_id};
use crate::{
    idp::IdentityProviders,
    roster::{LOGINS, Organization},
};

const PAGE_SIZE: i32 = 1_000;

type Client = ConnectionServiceClient<Channel>;

/// One enabled connection for each identity provider of the organization. Answers their resource names.
pub(super) async fn connect(
    registry: &Channel,
    organization: &Organization,
    name: &str,
    identity_providers: &IdentityProviders,
) -> Result<Vec<(&'static str, String)>, SeedError> {
    let mut client = ConnectionServiceClient::new(registry.clone());
    let request = ListConnectionsRequest { parent: name.to_owned(), page_size: PAGE_SIZE, page_token: String::new() };
    let known = client.list_connections(request).await.map_err(SeedError::refused("list connections"))?;
    let known = known.into_inner().connections;
    let mut connections = Vec::new();
    for login in LOGINS.iter().filter(|login| organization.logins.contains(&login.path)) {
        let Some(provider) = identity_providers.provider(login.path) else { continue };
        let metadata = provider.metadata_xml();
        let mut current = None;
        for connection in known.iter().filter(|known| known.display_name == login.display_name) {
            if entity_id(connection) == Some(provider.entity_id()) {
                current = Some(connection.clone());
            } else if connection.state() == State::Enabled {
                // It stands for a simulated identity provider that is at another address now.
                disable(&mut client, connection).await?;
            }
        }
        let connection = match current {
            Some(current) => {
                let certificate = provider.signing_key().certificate_der();
                trust(&mut client, current, certificate, metadata).await?
            }
            None => create(&mut client, name, login.display_name, metadata).await?,
        };
        if login.portal {
            allow_portal(&mut client, &connection).await?;
        }
        if let Some(IdentityProvider::Saml(saml)) = &connection.identity_provider {
            let (entity_id, acs_url) = (&saml.service_provider_entity_id, &saml.assertion_consumer_service_url);
            identity_providers.introduce(login.path, entity_id, acs_url);
        }
        if connection.state() != State::Enabled {
            let request = EnableConnectionRequest {
                name: connection.name.clone(),
                etag: String::new(),
                override_note: "the sandbox's own identity provider".to_owned(),
            };
            client.enable_connection(request).await.map_err(SeedError::refused("enable a connection"))?;
        }
        connections.push((login.path, connection.name));
    }
    Ok(connections)
}

async fn create(
    client: &mut Client,
    parent: &str,
    display_name: &str,
    metadata: String,
) -> Result<Connection, SeedError> {
    let request = CreateConnectionRequest {
        parent: parent.to_owned(),
        request_id: request_id(&["connection", parent, display_name, &metadata]),
        connection: Some(Connection {
            display_name: display_name.to_owned(),
            identity_provider: Some(from_metadata(metadata)),
            ..Connection::default()
        }),
    };
    let answer = client.create_connection(request).await.map_err(SeedError::refused("create a connection"))?;
    answer.into_inner().connection.ok_or(SeedError::Incomplete("the connection"))
}

/// A simulated identity provider makes a new key at each start, so its metadata changes.
async fn trust(client: &mut Client, known: Connection, der: &[u8], metadata: String) -> Result<Connection, SeedError> {
    let fingerprint = hex::encode(digest(&SHA256, der));
    let Some(IdentityProvider::Saml(saml)) = &known.identity_provider else { return Ok(known) };
    if saml.certificates.iter().any(|certificate| certificate.sha256_fingerprint == fingerprint) {
        return Ok(known);
    }
    let changed = Connection { identity_provider: Some(from_metadata(metadata)), ..known };
    let update_mask = prost_types::FieldMask { paths: vec!["saml.metadata_xml".to_owned()] };
    let request = UpdateConnectionRequest { connection: Some(changed), update_mask: Some(update_mask) };
    let answer = client.update_connection(request).await.map_err(SeedError::refused("update a connection"))?;
    answer.into_inner().connection.ok_or(SeedError::Incomplete("the connection"))
}

/// People may begin at the portal of the identity provider.
async fn allow_portal(client: &mut Client, known: &Connection) -> Result<(), SeedError> {
    let settings = SamlSettings { idp_initiated: true, ..SamlSettings::default() };
    let saml = SamlIdentityProvider { settings: Some(settings), ..SamlIdentityProvider::default() };
    let changed = Connection {
        name: known.name.clone(),
        identity_provider: Some(IdentityProvider::Saml(saml)),
        ..Connection::default()
    };
    let update_mask = prost_types::FieldMask { paths: vec!["saml.settings.idp_initiated".to_owned()] };
    let request = UpdateConnectionRequest { connection: Some(changed), update_mask: Some(update_mask) };
    client.update_connection(request).await.map_err(SeedError::refused("update a connection"))?;
    Ok(())
}

async fn disable(client: &mut Client, connection: &Connection) -> Result<(), SeedError> {
    let request = DisableConnectionRequest {
        name: connection.name.clone(),
        etag: String::new(),
        note: "the simulated identity provider has moved".to_owned(),
        leave_without_sign_in: true,
    };
    client.disable_connection(request).await.map_err(SeedError::refused("disable a connection"))?;
    Ok(())
}

fn from_metadata(metadata_xml: String) -> IdentityProvider {
    IdentityProvider::Saml(SamlIdentityProvider { metadata_xml, ..SamlIdentityProvider::default() })
}

fn entity_id(connection: &Connection) -> Option<&str> {
    match &connection.identity_provider {
        Some(IdentityProvider::Saml(saml)) => Some(&saml.entity_id),
        None => None,
    }
}
