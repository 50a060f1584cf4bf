//! `vestibule connection`.

mod metadata;
pub(super) mod settings;

use clap::Subcommand;
use vestibule_rpc::registry::v1::{
    Connection, CreateConnectionRequest, DisableConnectionRequest, EnableConnectionRequest, GetConnectionRequest,
    ListConnectionsRequest, ListConnectionsResponse, ReplaceConnectionRequest, SamlIdentityProvider,
    UpdateConnectionRequest, connection, connection_service_client::ConnectionServiceClient,
};

use self::{metadata::MetadataFlags, settings::SettingFlags};
use super::{Operator, onboarding, org, request_id};
use crate::output::{moment, note, plain, properties, table};

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.Connection";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a connection from the identity provider's metadata; it is not live before it is enabled.
    Create {
        /// Slug, id or name of the organization.
        organization: String,
        #[command(flatten)]
        metadata: MetadataFlags,
        /// What people read when they have to choose.
        #[arg(long, default_value = "Single sign-on")]
        display_name: String,
        /// Let people sign in through it at once, which nobody has tried: say why with --override-note.
        #[arg(long, requires = "override_note")]
        enable: bool,
        /// Why people may sign in although steps of the onboarding are missing; recorded and published.
        #[arg(long, default_value = "", value_name = "WHY")]
        override_note: String,
        #[command(flatten)]
        settings: Box<SettingFlags>,
    },
    /// Show one: its trust, and what to tell the identity provider about us.
    Show { organization: String, connection: String },
    /// List the connections of an organization.
    List { organization: String },
    /// Change the display name, import newer metadata, or say where it is read from.
    Update {
        organization: String,
        connection: String,
        #[arg(long)]
        display_name: Option<String>,
        #[command(flatten)]
        metadata: MetadataFlags,
    },
    /// Read the metadata from its address now, instead of when it is due.
    Refresh { organization: String, connection: String },
    /// Believe metadata that names another entity id or host, or goes back, after a look at what differs.
    ApproveMetadata {
        organization: String,
        connection: String,
        /// The change, as `vestibule connection show` names it; without it, it is shown.
        #[arg(long, value_name = "CHANGE")]
        change: Option<String>,
    },
    /// Decline it: what was known before goes on to count, and the same change is not proposed again.
    #[command(visible_alias = "reject-metadata")]
    DeclineMetadata {
        organization: String,
        connection: String,
        /// The change, as `vestibule connection show` names it; without it, it is shown.
        #[arg(long, value_name = "CHANGE")]
        change: Option<String>,
    },
    /// Change how the identity provider is dealt with. `vestibule saml preview-mapping` takes the same flags and only shows
    /// what they would do.
    Configure {
        organization: String,
        connection: String,
        #[command(flatten)]
        settings: Box<SettingFlags>,
    },
    /// Let people sign in through it.
    Enable {
        organization: String,
        connection: String,
        /// Why people may sign in although steps of the onboarding are missing; recorded and published.
        #[arg(long, default_value = "", value_name = "WHY")]
        override_note: String,
    },
    /// Try a connection that is not live: prints a link, and waits until somebody has signed in with it. Nobody is signed in.
    Test(onboarding::Test),
    /// Let nobody sign in through it.
    Disable {
        organization: String,
        connection: String,
        /// Why, for operators.
        #[arg(long, default_value = "")]
        note: String,
        /// Also when nobody of the organization can sign in afterwards.
        #[arg(long)]
        last: bool,
    },
    /// Let people begin over another connection from now on. Whoever has begun, or has tokens, goes on over the old one until
    /// it is disabled.
    Replace {
        organization: String,
        connection: String,
        /// Id, name or display name of the connection that takes its place.
        #[arg(long = "by", value_name = "CONNECTION")]
        by: String,
        /// For how many hours the old one goes on, at most 720.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        overlap: u32,
        /// Why people may sign in over the new one although steps of its onboarding are missing; recorded and published.
        #[arg(long, default_value = "", value_name = "WHY")]
        override_note: String,
    },
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let shown = match command {
        Command::Test(test) => return onboarding::test(test, operator).await,
        Command::List { organization } => {
            let connections = all(operator, &organization).await?;
            let answer = ListConnectionsResponse { connections, next_page_token: String::new() };
            return operator
                .format
                .print("vestibule.registry.v1.ListConnectionsResponse", &answer, |answer| rows(&answer.connections));
        }
        Command::Create { organization, metadata, display_name, enable: at_once, override_note, settings } => {
            let made = create(operator, &organization, &metadata, display_name, *settings).await?;
            if at_once { enable(operator, made.name, override_note).await? } else { made }
        }
        Command::Configure { organization, connection, settings } => {
            let found = find(operator, &organization, &connection).await?;
            let before = subject(&found);
            let changed = configure(operator, found, *settings).await?;
            if subject(&changed) != before {
                note("People are recognised by something else now: whoever signs in is a new person, until re-linked.");
            }
            changed
        }
        Command::Show { organization, connection } => find(operator, &organization, &connection).await?,
        Command::Enable { organization, connection, override_note } => {
            let name = find(operator, &organization, &connection).await?.name;
            enable(operator, name, override_note).await?
        }
        Command::Replace { organization, connection, by, overlap, override_note } => {
            let request = ReplaceConnectionRequest {
                name: find(operator, &organization, &connection).await?.name,
                replacement: find(operator, &organization, &by).await?.name,
                overlap: Some(prost_types::Duration { seconds: i64::from(overlap) * 3600, nanos: 0 }),
                override_note,
                etag: String::new(),
            };
            let mut client = ConnectionServiceClient::new(operator.channel.clone());
            let answer = client.replace_connection(request).await.map_err(|status| operator.refused(&status))?;
            answer.into_inner().connection.unwrap_or_default()
        }
        Command::Disable { organization, connection, note, last } => {
            let name = find(operator, &organization, &connection).await?.name;
            let mut client = ConnectionServiceClient::new(operator.channel.clone());
            let request = DisableConnectionRequest { name, etag: String::new(), note, leave_without_sign_in: last };
            let answer = client.disable_connection(request).await.map_err(|status| operator.refused(&status))?;
            answer.into_inner().connection.unwrap_or_default()
        }
        Command::Update { organization, connection, display_name, metadata } => {
            let found = find(operator, &organization, &connection).await?;
            update(operator, found, display_name, &metadata).await?
        }
        Command::Refresh { organization, connection } => {
            metadata::refresh(operator, find(operator, &organization, &connection).await?).await?
        }
        Command::ApproveMetadata { organization, connection, change } => {
            let found = find(operator, &organization, &connection).await?;
            metadata::settle(operator, found, change.as_deref(), true).await?
        }
        Command::DeclineMetadata { organization, connection, change } => {
            let found = find(operator, &organization, &connection).await?;
            metadata::settle(operator, found, change.as_deref(), false).await?
        }
    };
    operator.format.print(TYPE, &shown, human)
}

async fn create(
    operator: &Operator,
    organization: &str,
    metadata: &MetadataFlags,
    display_name: String,
    settings: SettingFlags,
) -> anyhow::Result<Connection> {
    let (settings, _) = settings.read();
    anyhow::ensure!(metadata.has_origin(), "a connection begins with metadata: name --metadata or --metadata-url");
    let mut saml = SamlIdentityProvider { settings: Some(settings), ..SamlIdentityProvider::default() };
    metadata.write(&mut saml)?;
    let identity_provider = Some(connection::IdentityProvider::Saml(saml));
    let request = CreateConnectionRequest {
        parent: org::name_of(operator, organization).await?,
        connection: Some(Connection { display_name, identity_provider, ..Connection::default() }),
        request_id: request_id(),
    };
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let answer = client.create_connection(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().connection.unwrap_or_default())
}

async fn enable(operator: &Operator, name: String, override_note: String) -> anyhow::Result<Connection> {
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let request = EnableConnectionRequest { name, etag: String::new(), override_note };
    let answer = client.enable_connection(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().connection.unwrap_or_default())
}

async fn update(
    operator: &Operator,
    found: Connection,
    display_name: Option<String>,
    metadata: &MetadataFlags,
) -> anyhow::Result<Connection> {
    let mut paths = Vec::new();
    let mut changed = Connection { name: found.name, etag: found.etag, ..Connection::default() };
    if let Some(display_name) = display_name {
        paths.push("display_name".to_owned());
        changed.display_name = display_name;
    }
    let mut saml = SamlIdentityProvider::default();
    let fields = metadata.write(&mut saml)?;
    if !fields.is_empty() {
        paths.extend(fields.into_iter().map(str::to_owned));
        changed.identity_provider = Some(connection::IdentityProvider::Saml(saml));
    }
    anyhow::ensure!(!paths.is_empty(), "nothing to change: name --display-name, --metadata or --metadata-url");
    let update_mask = Some(prost_types::FieldMask { paths });
    let request = UpdateConnectionRequest { connection: Some(changed), update_mask };
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let answer = client.update_connection(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().connection.unwrap_or_default())
}

async fn configure(operator: &Operator, found: Connection, settings: SettingFlags) -> anyhow::Result<Connection> {
    let (settings, fields) = settings.read();
    anyhow::ensure!(
        !fields.is_empty(),
        "nothing to change: `vestibule connection configure --help` lists the settings"
    );
    let saml = SamlIdentityProvider { settings: Some(settings), ..SamlIdentityProvider::default() };
    let changed = Connection {
        name: found.name,
        identity_provider: Some(connection::IdentityProvider::Saml(saml)),
        ..Connection::default()
    };
    let paths = fields.iter().map(|field| format!("saml.settings.{field}")).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    let request = UpdateConnectionRequest { connection: Some(changed), update_mask };
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let answer = client.update_connection(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().connection.unwrap_or_default())
}

async fn all(operator: &Operator, organization: &str) -> anyhow::Result<Vec<Connection>> {
    let parent = org::name_of(operator, organization).await?;
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let mut connections = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListConnectionsRequest { parent: parent.clone(), page_size: 1000, page_token };
        let page = client.list_connections(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        connections.extend(page.connections);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(connections);
        }
    }
}

/// The connection that the user names by id, name or display name; read from its stream.
pub(crate) async fn find(operator: &Operator, organization: &str, connection: &str) -> anyhow::Result<Connection> {
    let mut found = all(operator, organization).await?;
    found.retain(|one| {
        one.name == connection || one.name.rsplit('/').next() == Some(connection) || one.display_name == connection
    });
    anyhow::ensure!(found.len() < 2, "`{connection}` names several connections of `{organization}`: use an id");
    let Some(one) = found.pop() else {
        anyhow::bail!(
            "`{organization}` has no connection `{connection}`; `vestibule connection list {organization}` shows them"
        )
    };
    let mut client = ConnectionServiceClient::new(operator.channel.clone());
    let request = GetConnectionRequest { name: one.name };
    let answer = client.get_connection(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().connection.unwrap_or_default())
}

fn rows(connections: &[Connection]) -> String {
    let rows: Vec<[String; 4]> = connections
        .iter()
        .map(|one| {
            let entity_id = saml(one).map(|saml| saml.entity_id.clone()).unwrap_or_default();
            [
                one.display_name.clone(),
                state(one),
                entity_id,
                one.name.rsplit('/').next().unwrap_or_default().to_owned(),
            ]
        })
        .collect();
    let empty = "No connections yet: `vestibule connection create <org> --metadata <file>`.";
    table(["NAME", "STATE", "IDENTITY PROVIDER", "ID"], &rows, empty)
}

fn human(connection: &Connection) -> String {
    let nothing = SamlIdentityProvider::default();
    let saml = saml(connection).unwrap_or(&nothing);
    let endpoints: Vec<String> = saml
        .single_sign_on
        .iter()
        .map(|endpoint| format!("{} {}", plain(endpoint.binding().as_str_name(), "BINDING_"), endpoint.location))
        .collect();
    let certificates: Vec<String> = saml
        .certificates
        .iter()
        .map(|one| {
            let short = one.sha256_fingerprint.get(..16).unwrap_or(&one.sha256_fingerprint);
            format!("{short}… {} until {}", one.subject, moment(one.not_after.as_ref()))
        })
        .collect();
    let warnings: Vec<String> =
        saml.warnings.iter().map(|warning| format!("{}\n  ({})", warning.message, warning.reason)).collect();
    let next = if connection.state() == connection::State::Enabled {
        "people with an address in a verified domain sign in through it".to_owned()
    } else {
        "give the three addresses below to the identity provider; `vestibule onboarding show` says what else is missing"
            .to_owned()
    };
    properties(&[
        ("connection", connection.display_name.clone()),
        ("name", connection.name.clone()),
        ("state", state(connection)),
        ("replaced by", connection.replaced_by.clone()),
        ("goes on until", moment(connection.disable_time.as_ref())),
        ("next", next),
        ("warnings", warnings.join("\n")),
        ("identity provider", saml.entity_id.clone()),
        ("metadata", metadata::lines(saml)),
        ("change proposed", metadata::pending(saml)),
        ("settings", saml.settings.as_ref().map(settings::lines).unwrap_or_default()),
        ("single sign-on", endpoints.join("\n")),
        ("certificates", certificates.join("\n")),
        ("our entity id", saml.service_provider_entity_id.clone()),
        ("our ACS URL", saml.assertion_consumer_service_url.clone()),
        ("our metadata", saml.service_provider_metadata_url.clone()),
        ("created", moment(connection.create_time.as_ref())),
    ])
}

/// How what the identity provider says is read.
pub(crate) fn mapping(connection: &Connection) -> String {
    saml(connection).and_then(|saml| saml.settings.as_ref()).map(settings::lines).unwrap_or_default()
}

fn subject(connection: &Connection) -> Option<String> {
    saml(connection)?.settings.as_ref()?.subject_attribute.clone()
}

fn saml(connection: &Connection) -> Option<&SamlIdentityProvider> {
    match connection.identity_provider.as_ref()? {
        connection::IdentityProvider::Saml(saml) => Some(saml),
    }
}

fn state(connection: &Connection) -> String {
    let state: connection::State = connection.state();
    plain(state.as_str_name(), "STATE_")
}
