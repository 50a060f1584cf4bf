//! `vestibule directory`.

use clap::{Args, Subcommand, ValueEnum};
use vestibule_rpc::registry::v1::{
    CreateDirectoryRequest, CreateDirectoryTokenRequest, Directory, GetDirectoryRequest, ListDirectoriesRequest,
    RetireDirectoryTokenRequest, UpdateDirectoryRequest, directory, directory_service_client::DirectoryServiceClient,
};

use super::{Operator, connection, org};
use crate::output::{moment, properties};

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.Directory";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Let an organization's directory create, change and deactivate the people of a connection, over SCIM.
    Create(Create),
    /// Show one: `organizations/{organization}/directories/{directory}`.
    Show { directory: String },
    /// Change how one is understood. How people are found at sign-in is changed while it has no users.
    Configure(Configure),
    /// List those of an organization.
    List {
        /// The organization: slug, id or name.
        organization: String,
    },
    /// Tokens, by which a directory proves itself.
    #[command(subcommand)]
    Token(Token),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The organization: slug, id or name.
    organization: String,
    /// The connection over which the people sign in: display name, id or name. May be left out when
    /// `organizations/{organization}/connections/{connection}` stands in the place of the organization.
    connection: Option<String>,
    /// The attribute that holds what the identity provider calls people at sign-in.
    #[arg(long, value_enum, default_value_t = Subject::UserName)]
    subject: Subject,
    /// The Format of the NameID that it is; what the connection asks for when absent.
    #[arg(long, value_name = "URI")]
    name_id_format: Option<String>,
    /// Where roles come from.
    #[arg(long, value_enum, default_value_t = Roles::SignIn)]
    roles: Roles,
}

#[derive(Args, Debug)]
pub(crate) struct Configure {
    /// `organizations/{organization}/directories/{directory}`.
    directory: String,
    /// The attribute that holds what the identity provider calls people at sign-in.
    #[arg(long, value_enum)]
    subject: Option<Subject>,
    /// The Format of the NameID that it is; empty for what the connection asks for.
    #[arg(long, value_name = "URI")]
    name_id_format: Option<String>,
    /// Where roles come from.
    #[arg(long, value_enum)]
    roles: Option<Roles>,
    /// Only if this is its version, from `directory show --json`.
    #[arg(long)]
    etag: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Subject {
    UserName,
    ExternalId,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Roles {
    /// The groups that are asserted at sign-in.
    SignIn,
    /// The directory's groups.
    Directory,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token; prints it once.
    Add { directory: String },
    /// Refuse a token from now on.
    Retire {
        directory: String,
        /// The token's id, from `directory show`.
        token_id: String,
    },
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = DirectoryServiceClient::new(operator.channel.clone());
    match command {
        Command::Create(create) => {
            let connection = match &create.connection {
                Some(connection) => connection::find(operator, &create.organization, connection).await?.name,
                None => create.organization.clone(),
            };
            let Some((parent, _)) = connection.split_once("/connections/") else {
                anyhow::bail!(
                    "name the connection, too: `vestibule directory create {connection} <CONNECTION>`; `vestibule connection list {connection}` shows them"
                );
            };
            let parent = parent.to_owned();
            let request = CreateDirectoryRequest { parent, directory: Some(wanted(&create, connection)) };
            let created = client.create_directory(request).await.map_err(|status| operator.refused(&status))?;
            show(operator, &created.into_inner().directory.unwrap_or_default())
        }
        Command::Show { directory } => {
            let request = GetDirectoryRequest { name: directory };
            let found = client.get_directory(request).await.map_err(|status| operator.refused(&status))?;
            show(operator, &found.into_inner().directory.unwrap_or_default())
        }
        Command::Configure(configure) => {
            let request = update(configure)?;
            let changed = client.update_directory(request).await.map_err(|status| operator.refused(&status))?;
            show(operator, &changed.into_inner().directory.unwrap_or_default())
        }
        Command::List { organization } => {
            let request = ListDirectoriesRequest { parent: org::name_of(operator, &organization).await? };
            let found = client.list_directories(request).await.map_err(|status| operator.refused(&status))?;
            let found = found.into_inner();
            operator.format.print("vestibule.registry.v1.ListDirectoriesResponse", &found, |found| {
                match found.directories.as_slice() {
                    [] => "No directories.".to_owned(),
                    some => some.iter().map(human).collect::<Vec<_>>().join("\n"),
                }
            })
        }
        Command::Token(Token::Add { directory }) => {
            let request = CreateDirectoryTokenRequest { name: directory, etag: String::new() };
            let added = client.create_directory_token(request).await.map_err(|status| operator.refused(&status))?;
            let added = added.into_inner();
            operator.format.print("vestibule.registry.v1.CreateDirectoryTokenResponse", &added, |added| {
                let url = added.directory.as_ref().map(|directory| directory.scim_url.clone()).unwrap_or_default();
                properties(&[
                    ("scim url", url),
                    ("token id", added.token_id.clone()),
                    ("token", format!("{} (shown this once)", added.token)),
                ])
            })
        }
        Command::Token(Token::Retire { directory, token_id }) => {
            let request = RetireDirectoryTokenRequest { name: directory, token_id, etag: String::new() };
            let left = client.retire_directory_token(request).await.map_err(|status| operator.refused(&status))?;
            show(operator, &left.into_inner().directory.unwrap_or_default())
        }
    }
}

fn wanted(create: &Create, connection: String) -> Directory {
    Directory {
        connection,
        subject: create.subject.message().into(),
        name_id_format: create.name_id_format.clone().unwrap_or_default(),
        roles: create.roles.message().into(),
        ..Directory::default()
    }
}

fn update(configure: Configure) -> anyhow::Result<UpdateDirectoryRequest> {
    let named = [
        ("subject", configure.subject.is_some()),
        ("name_id_format", configure.name_id_format.is_some()),
        ("roles", configure.roles.is_some()),
    ];
    let paths: Vec<String> = named.iter().filter(|(_, is)| *is).map(|(path, _)| (*path).to_owned()).collect();
    if paths.is_empty() {
        anyhow::bail!("say what to change: --subject, --name-id-format or --roles");
    }
    let directory = Directory {
        name: configure.directory,
        subject: configure.subject.map(|subject| subject.message().into()).unwrap_or_default(),
        name_id_format: configure.name_id_format.unwrap_or_default(),
        roles: configure.roles.map(|roles| roles.message().into()).unwrap_or_default(),
        etag: configure.etag.unwrap_or_default(),
        ..Directory::default()
    };
    Ok(UpdateDirectoryRequest { directory: Some(directory), update_mask: Some(prost_types::FieldMask { paths }) })
}

impl Subject {
    const fn message(self) -> directory::Subject {
        match self {
            Self::UserName => directory::Subject::UserName,
            Self::ExternalId => directory::Subject::ExternalId,
        }
    }
}

impl Roles {
    const fn message(self) -> directory::Roles {
        match self {
            Self::SignIn => directory::Roles::SignIn,
            Self::Directory => directory::Roles::Directory,
        }
    }
}

fn show(operator: &Operator, directory: &Directory) -> anyhow::Result<()> {
    operator.format.print(TYPE, directory, human)
}

fn human(directory: &Directory) -> String {
    let token = |token: &vestibule_rpc::registry::v1::DirectoryToken| {
        format!("{} since {}", token.id, moment(token.create_time.as_ref()))
    };
    let tokens: Vec<String> = directory.tokens.iter().map(token).collect();
    properties(&[
        ("name", directory.name.clone()),
        ("connection", directory.connection.clone()),
        ("scim url", directory.scim_url.clone()),
        (
            "subject",
            match directory.subject() {
                directory::Subject::ExternalId => "externalId".to_owned(),
                directory::Subject::Unspecified | directory::Subject::UserName => "userName".to_owned(),
            },
        ),
        ("name id format", directory.name_id_format.clone()),
        (
            "roles from",
            match directory.roles() {
                directory::Roles::Directory => "the directory's groups".to_owned(),
                directory::Roles::Unspecified | directory::Roles::SignIn => "groups asserted at sign-in".to_owned(),
            },
        ),
        (
            "tokens",
            if tokens.is_empty() { "none: `vestibule directory token add`".to_owned() } else { tokens.join(", ") },
        ),
    ])
}
