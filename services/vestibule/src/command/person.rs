//! `vestibule person`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use vestibule_rpc::registry::v1::{
    DeactivatePersonRequest, GetPersonRequest, LinkNativeUserRequest, ListPersonsRequest, ListPersonsResponse,
    NativeUser, Person, ReactivatePersonRequest, RelinkPersonRequest, Subject, UnlinkNativeUserRequest,
    list_persons_request, person, person_service_client::PersonServiceClient, relink_person_request,
};

use super::{Operator, connection, org, pool, resource_name};
use crate::output::{moment, note, plain, properties, table};

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.Person";

/// The longest subject that is read from standard input: what a NameID may have, in UTF-8, and a line break.
const SUBJECT_BYTES_MAX: u64 = 4_100;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the people of an organization, or find one by what the identity provider or the user pool calls them.
    List {
        /// Slug, id or name of the organization.
        organization: String,
        #[command(flatten)]
        subject: FindSubject,
        /// Only the person who is this user of a user pool's own: the user's `sub` there.
        #[arg(long, value_name = "SUB", conflicts_with = "subject")]
        native_user: Option<String>,
        /// The user pool of --native-user. May be left out when there is only one.
        #[arg(long, value_name = "POOL", requires = "native_user")]
        pool: Option<String>,
    },
    /// Show one.
    Show {
        /// Slug, id or name of the organization.
        organization: String,
        /// The person's `sub`, which stands behind the provider's name in Cognito's username; or the resource name.
        person: String,
    },
    /// Refuse a person's sign-ins and new tokens, also by refresh, within seconds. Access tokens that were given out stay
    /// valid until they expire.
    Deactivate {
        /// Slug, id or name of the organization.
        organization: String,
        /// The person's `sub` or name.
        person: String,
        /// Why, for operators. It is kept for ever: name nobody.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// End the deactivation: sign-ins work again, and so do refresh tokens that were not revoked meanwhile.
    Reactivate {
        /// Slug, id or name of the organization.
        organization: String,
        /// The person's `sub` or name.
        person: String,
    },
    /// Let a person be found by another subject: the identity provider or its NameID has changed. The `sub` stays, and with
    /// it Cognito's user; whoever signs in with the subject of before is a new person.
    Relink {
        /// Slug, id or name of the organization.
        organization: String,
        /// The `sub` or name of the person who stays.
        person: String,
        #[command(flatten)]
        subject: FindSubject,
        /// The same human, who signed in with the new subject already and became a person of their own. That person is
        /// superseded for good, and its tokens are refused.
        #[arg(long, value_name = "PERSON", conflicts_with = "subject", required_unless_present = "subject")]
        duplicate: Option<String>,
    },
    /// Give a user whom the user pool holds itself a person, and so the organization in tokens.
    LinkNative {
        /// Slug, id or name of the organization.
        organization: String,
        /// The user's `sub` in the pool, as `AdminCreateUser` and `SignUp` answer it; not the username.
        native_user: String,
        /// The user pool. May be left out when there is only one.
        #[arg(long, value_name = "POOL")]
        pool: Option<String>,
        /// A person who exists already; a new one when absent.
        #[arg(long)]
        person: Option<String>,
    },
    /// Take that away: the user gets no organization in tokens from now on.
    UnlinkNative {
        /// Slug, id or name of the organization.
        organization: String,
        /// The person's `sub` or name.
        person: String,
        /// The user pool. May be left out when there is only one.
        #[arg(long, value_name = "POOL")]
        pool: Option<String>,
    },
}

/// What an identity provider calls a person.
#[derive(Args, Debug)]
pub(crate) struct FindSubject {
    /// The exact NameID, or value of the attribute by which the connection recognises people; `-` reads it from standard
    /// input, where it stays out of the shell's history.
    #[arg(long, requires = "connection", allow_hyphen_values = true)]
    subject: Option<String>,
    /// The connection of --subject: id, name or display name.
    #[arg(long, requires = "subject")]
    connection: Option<String>,
    /// The NameID's format: `persistent`, `email`, `unspecified` or a URI; what the connection asks for when absent.
    #[arg(long, value_name = "FORMAT", requires = "subject")]
    name_id_format: Option<String>,
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = PersonServiceClient::new(operator.channel.clone());
    let answered = match command {
        Command::List { organization, subject, native_user, pool } => {
            let found_by = match native_user {
                Some(sub) => Some(list_persons_request::FoundBy::NativeUser(native(operator, pool, sub).await?)),
                None => subject.read(operator, &organization).await?.map(list_persons_request::FoundBy::Subject),
            };
            return list(operator, &organization, found_by).await;
        }
        Command::Show { organization, person } => {
            let name = name_of(operator, &organization, &person).await?;
            client.get_person(GetPersonRequest { name }).await.map(|answer| answer.into_inner().person)
        }
        Command::Deactivate { organization, person, note } => {
            let name = name_of(operator, &organization, &person).await?;
            let request = DeactivatePersonRequest { name, etag: String::new(), note };
            client.deactivate_person(request).await.map(|answer| answer.into_inner().person)
        }
        Command::Reactivate { organization, person } => {
            let name = name_of(operator, &organization, &person).await?;
            let request = ReactivatePersonRequest { name, etag: String::new() };
            client.reactivate_person(request).await.map(|answer| answer.into_inner().person)
        }
        Command::Relink { organization, person, subject, duplicate } => {
            let name = name_of(operator, &organization, &person).await?;
            let found_by = match duplicate {
                Some(duplicate) => {
                    let duplicate = name_of(operator, &organization, &duplicate).await?;
                    Some(relink_person_request::FoundBy::Duplicate(duplicate))
                }
                None => subject.read(operator, &organization).await?.map(relink_person_request::FoundBy::Subject),
            };
            let request = RelinkPersonRequest { name, etag: String::new(), found_by };
            client.relink_person(request).await.map(|answer| answer.into_inner().person)
        }
        Command::LinkNative { organization, native_user, pool, person } => {
            let parent = org::name_of(operator, &organization).await?;
            let person = match person {
                Some(person) => name_of(operator, &organization, &person).await?,
                None => String::new(),
            };
            let native_user = Some(native(operator, pool, native_user).await?);
            let request = LinkNativeUserRequest { parent, native_user, person };
            client.link_native_user(request).await.map(|answer| answer.into_inner().person)
        }
        Command::UnlinkNative { organization, person, pool } => {
            let name = name_of(operator, &organization, &person).await?;
            let user_pool = pool::find(operator, pool.as_deref()).await?.name;
            let request = UnlinkNativeUserRequest { name, user_pool, etag: String::new() };
            client.unlink_native_user(request).await.map(|answer| answer.into_inner().person)
        }
    };
    let person = answered.map_err(|status| operator.refused(&status))?.unwrap_or_default();
    operator.format.print(TYPE, &person, human)
}

impl FindSubject {
    async fn read(self, operator: &Operator, organization: &str) -> anyhow::Result<Option<Subject>> {
        let (Some(subject), Some(named)) = (self.subject, self.connection) else { return Ok(None) };
        let connection = connection::find(operator, organization, &named).await?.name;
        let value = if subject == "-" { from_standard_input()? } else { subject };
        let name_id_format = self.name_id_format.map(|format| name_id_format(&format)).unwrap_or_default();
        Ok(Some(Subject { connection, value, name_id_format }))
    }
}

fn from_standard_input() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().lock().take(SUBJECT_BYTES_MAX).read_to_string(&mut text)?;
    // Spaces may belong to the value; the line break of whoever typed it does not.
    Ok(text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned())
}

/// SAML core section 8.3.
fn name_id_format(text: &str) -> String {
    match text {
        "persistent" => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "email" => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
        "unspecified" => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        uri => uri,
    }
    .to_owned()
}

async fn native(operator: &Operator, pool: Option<String>, native_user: String) -> anyhow::Result<NativeUser> {
    let user_pool = pool::find(operator, pool.as_deref()).await?.name;
    Ok(NativeUser { user_pool, native_user })
}

/// The resource name of a person who is named by `sub` or by name.
async fn name_of(operator: &Operator, organization: &str, person: &str) -> anyhow::Result<String> {
    if person.contains('/') {
        return Ok(person.to_owned());
    }
    let parent = org::name_of(operator, organization).await?;
    Ok(resource_name(&format!("{parent}/persons"), person))
}

async fn list(
    operator: &Operator,
    organization: &str,
    found_by: Option<list_persons_request::FoundBy>,
) -> anyhow::Result<()> {
    let parent = org::name_of(operator, organization).await?;
    let mut client = PersonServiceClient::new(operator.channel.clone());
    let (mut persons, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            ListPersonsRequest { parent: parent.clone(), page_size: 100, page_token, found_by: found_by.clone() };
        let page = client.list_persons(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        persons.extend(page.persons);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let answer = ListPersonsResponse { persons, next_page_token: String::new() };
    operator.format.print("vestibule.registry.v1.ListPersonsResponse", &answer, |answer| rows(&answer.persons))
}

fn rows(persons: &[Person]) -> String {
    let rows: Vec<[String; 5]> = persons
        .iter()
        .map(|one| {
            let profile = one.profile.clone().unwrap_or_default();
            [id(&one.name), state(one), profile.display_name, profile.email, moment(one.update_time.as_ref())]
        })
        .collect();
    if !persons.is_empty() && persons.iter().all(|one| one.profile.is_none()) {
        note("Names and addresses are shown to who presents the registry's token.");
    }
    table(["SUB", "STATE", "NAME", "E-MAIL", "UPDATED"], &rows, "Nobody: people are known from their first sign-in on.")
}

fn human(person: &Person) -> String {
    let profile = person.profile.clone().unwrap_or_default();
    let native_users: Vec<String> =
        person.native_users.iter().map(|user| format!("{} in {}", user.native_user, user.user_pool)).collect();
    properties(&[
        ("sub", id(&person.name)),
        ("name", person.name.clone()),
        ("state", state(person)),
        ("superseded by", person.superseded_by.clone()),
        ("signed out", if person.signed_out { "until the next sign-in".to_owned() } else { String::new() }),
        ("connection", person.connection.clone()),
        ("subject", profile.subject),
        ("display name", profile.display_name),
        ("given name", profile.given_name),
        ("family name", profile.family_name),
        ("e-mail", profile.email),
        ("roles", person.roles.join("\n")),
        ("native user", native_users.join("\n")),
        ("first seen", moment(person.create_time.as_ref())),
        ("updated", moment(person.update_time.as_ref())),
    ])
}

fn state(person: &Person) -> String {
    let state: person::State = person.state();
    plain(state.as_str_name(), "STATE_")
}

fn id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
