//! `vestibule org`.

use clap::{Args, Subcommand};
use vestibule_rpc::registry::v1::{
    CreateOrganizationRequest, GetOrganizationRequest, ListOrganizationsRequest, ListOrganizationsResponse,
    Organization, Placement, ReinstateOrganizationRequest, SuspendOrganizationRequest, UpdateOrganizationRequest,
    organization,
    organization_service_client::OrganizationServiceClient,
    placement::{self, Kind},
};

use super::{Operator, request_id, resource_name};
use crate::output::{moment, plain, properties, table};

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.Organization";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an organization.
    Create(Create),
    /// Show one, by slug, id or name.
    Show { organization: String },
    /// List all of them.
    List,
    /// Change properties. A new placement moves people: they sign in anew where the organization is then, and get no more
    /// tokens where they were.
    Update(Update),
    /// Stop every sign-in of an organization.
    Suspend {
        organization: String,
        /// Why, for operators.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// End the suspension.
    Reinstate { organization: String },
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The short name that people type: lower-case letters, digits and hyphens.
    slug: String,
    /// What people read; the slug when absent.
    #[arg(long)]
    display_name: Option<String>,
    /// Your own id of this customer.
    #[arg(long, default_value = "")]
    external_id: String,
    /// What the customer pays for.
    #[arg(long, default_value = "standard")]
    tier: String,
    /// The AWS region its data lives in; the user pool's when absent.
    #[arg(long)]
    region: Option<String>,
    /// The user pool its people live in: id or name. May be left out when there is only one.
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    #[command(flatten)]
    placed: Placed,
    /// What becomes of a sign-in whose address lies outside of its verified domains.
    #[arg(long, value_name = "POLICY", default_value = "withhold")]
    foreign_email: ForeignEmail,
}

/// How the people of an organization live in the user pool: shared with others when nothing is said.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct Placed {
    /// Shared with others, told apart by this group, too.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// In a pool of its own.
    #[arg(long)]
    own_pool: bool,
    /// Shared with others, through an app client of its own.
    #[arg(long, value_name = "CLIENT_ID")]
    own_app_client: Option<String>,
    /// Shared with others, told apart by the organization claim alone.
    #[arg(long)]
    shared_pool: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ForeignEmail {
    /// The person signs in without an address, unless the user pool requires one.
    Withhold,
    /// The person does not sign in.
    Refuse,
}

#[derive(Args, Debug)]
pub(crate) struct Update {
    organization: String,
    #[arg(long)]
    slug: Option<String>,
    #[arg(long)]
    external_id: Option<String>,
    #[arg(long)]
    display_name: Option<String>,
    #[arg(long)]
    tier: Option<String>,
    #[arg(long)]
    region: Option<String>,
    /// The user pool its people live in from now on: id or name.
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    #[command(flatten)]
    placed: Placed,
    /// What becomes of a sign-in whose address lies outside of its verified domains.
    #[arg(long, value_name = "POLICY")]
    foreign_email: Option<ForeignEmail>,
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = OrganizationServiceClient::new(operator.channel.clone());
    let answered = match command {
        Command::List => return list(operator).await,
        Command::Create(create) => {
            let request = created(create, operator).await?;
            client.create_organization(request).await.map(|answer| answer.into_inner().organization)
        }
        Command::Show { organization } => {
            let name = name_of(operator, &organization).await?;
            client
                .get_organization(GetOrganizationRequest { name })
                .await
                .map(|answer| answer.into_inner().organization)
        }
        Command::Update(update) => {
            let request = updated(update, operator).await?;
            client.update_organization(request).await.map(|answer| answer.into_inner().organization)
        }
        Command::Suspend { organization, note } => {
            let name = name_of(operator, &organization).await?;
            let request = SuspendOrganizationRequest { name, etag: String::new(), note };
            client.suspend_organization(request).await.map(|answer| answer.into_inner().organization)
        }
        Command::Reinstate { organization } => {
            let name = name_of(operator, &organization).await?;
            let request = ReinstateOrganizationRequest { name, etag: String::new() };
            client.reinstate_organization(request).await.map(|answer| answer.into_inner().organization)
        }
    };
    let organization = answered.map_err(|status| operator.refused(&status))?.unwrap_or_default();
    operator.format.print(TYPE, &organization, human)
}

async fn created(create: Create, operator: &Operator) -> anyhow::Result<CreateOrganizationRequest> {
    let pool = super::pool::find(operator, create.pool.as_deref()).await?;
    let organization = Organization {
        display_name: create.display_name.unwrap_or_else(|| create.slug.clone()),
        slug: create.slug,
        external_id: create.external_id,
        tier: create.tier,
        region: create.region.unwrap_or(pool.region),
        placement: Some(create.placed.in_pool(pool.name)),
        foreign_email: create.foreign_email.message().into(),
        ..Organization::default()
    };
    Ok(CreateOrganizationRequest { organization: Some(organization), request_id: request_id() })
}

async fn updated(update: Update, operator: &Operator) -> anyhow::Result<UpdateOrganizationRequest> {
    let fields = [
        ("slug", update.slug.is_some()),
        ("external_id", update.external_id.is_some()),
        ("display_name", update.display_name.is_some()),
        ("tier", update.tier.is_some()),
        ("region", update.region.is_some()),
        ("placement", update.pool.is_some() || update.placed.is_said()),
        ("foreign_email", update.foreign_email.is_some()),
    ];
    let paths: Vec<String> = fields.iter().filter(|(_, set)| *set).map(|(path, _)| (*path).to_owned()).collect();
    anyhow::ensure!(!paths.is_empty(), "nothing to change: name at least one property, such as --tier");
    let name = name_of(operator, &update.organization).await?;
    let placement = placement_of(&update, &name, operator).await?;
    let organization = Organization {
        name,
        placement,
        foreign_email: update.foreign_email.map_or(0, |policy| policy.message().into()),
        slug: update.slug.unwrap_or_default(),
        external_id: update.external_id.unwrap_or_default(),
        display_name: update.display_name.unwrap_or_default(),
        tier: update.tier.unwrap_or_default(),
        region: update.region.unwrap_or_default(),
        ..Organization::default()
    };
    let update_mask = Some(prost_types::FieldMask { paths });
    Ok(UpdateOrganizationRequest { organization: Some(organization), update_mask })
}

/// The new placement, if one is asked for: in the pool that is named, or else where the organization is now.
async fn placement_of(update: &Update, name: &str, operator: &Operator) -> anyhow::Result<Option<Placement>> {
    if let Some(pool) = &update.pool {
        let pool = super::pool::find(operator, Some(pool)).await?;
        return Ok(Some(update.placed.in_pool(pool.name)));
    }
    if !update.placed.is_said() {
        return Ok(None);
    }
    let mut client = OrganizationServiceClient::new(operator.channel.clone());
    let request = GetOrganizationRequest { name: name.to_owned() };
    let found = client.get_organization(request).await.map_err(|status| operator.refused(&status))?.into_inner();
    let kind = found.organization.and_then(|found| found.placement).and_then(|placement| placement.kind);
    Ok(kind.map(|kind| update.placed.in_pool(user_pool_of(&kind).to_owned())))
}

impl Placed {
    const fn is_said(&self) -> bool {
        self.group.is_some() || self.own_pool || self.own_app_client.is_some() || self.shared_pool
    }

    fn in_pool(&self, user_pool: String) -> Placement {
        let kind = match (&self.group, &self.own_app_client) {
            (Some(group), _) => Kind::Group(placement::Group { user_pool, group: group.clone() }),
            (_, Some(client)) => Kind::AppClient(placement::AppClient { user_pool, app_client_id: client.clone() }),
            _ if self.own_pool => Kind::OwnPool(placement::OwnPool { user_pool }),
            _ => Kind::SharedPool(placement::SharedPool { user_pool }),
        };
        Placement { kind: Some(kind) }
    }
}

impl ForeignEmail {
    const fn message(self) -> organization::ForeignEmail {
        match self {
            Self::Withhold => organization::ForeignEmail::Withhold,
            Self::Refuse => organization::ForeignEmail::Refuse,
        }
    }
}

fn user_pool_of(kind: &Kind) -> &str {
    match kind {
        Kind::SharedPool(shared) => &shared.user_pool,
        Kind::Group(group) => &group.user_pool,
        Kind::OwnPool(own) => &own.user_pool,
        Kind::AppClient(client) => &client.user_pool,
    }
}

async fn list(operator: &Operator) -> anyhow::Result<()> {
    let organizations = all(operator).await?;
    let answer = ListOrganizationsResponse { organizations, next_page_token: String::new() };
    operator.format.print("vestibule.registry.v1.ListOrganizationsResponse", &answer, |answer| {
        let rows: Vec<[String; 5]> = answer
            .organizations
            .iter()
            .map(|one| [one.slug.clone(), one.display_name.clone(), one.tier.clone(), state(one), id(&one.name)])
            .collect();
        table(["SLUG", "NAME", "TIER", "STATE", "ID"], &rows, "No organizations yet: `vestibule org create <slug>`.")
    })
}

async fn all(operator: &Operator) -> anyhow::Result<Vec<Organization>> {
    let mut client = OrganizationServiceClient::new(operator.channel.clone());
    let mut organizations = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListOrganizationsRequest { page_size: 1000, page_token };
        let page = client.list_organizations(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        organizations.extend(page.organizations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(organizations);
        }
    }
}

/// The resource name of an organization that the user names by slug, id or name.
pub(crate) async fn name_of(operator: &Operator, organization: &str) -> anyhow::Result<String> {
    if organization.contains('/') || organization.parse::<vestibule_kernel::OrganizationId>().is_ok() {
        return Ok(resource_name("organizations", organization));
    }
    let found = all(operator).await?.into_iter().find(|one| one.slug == organization);
    found.map(|one| one.name).ok_or_else(|| {
        anyhow::anyhow!("there is no organization with the slug `{organization}`; `vestibule org list` shows them all")
    })
}

fn human(organization: &Organization) -> String {
    let kind = organization.placement.as_ref().and_then(|placement| placement.kind.as_ref());
    let pool = match kind {
        Some(Kind::SharedPool(shared)) => format!("shared with others in {}", shared.user_pool),
        Some(Kind::Group(group)) => format!("in group {} of {}", group.group, group.user_pool),
        Some(Kind::OwnPool(own)) => format!("in its own pool {}", own.user_pool),
        Some(Kind::AppClient(client)) => {
            format!("in {}, through its own app client {}", client.user_pool, client.app_client_id)
        }
        None => String::new(),
    };
    let foreign_email: organization::ForeignEmail = organization.foreign_email();
    properties(&[
        ("organization", organization.slug.clone()),
        ("name", organization.name.clone()),
        ("display name", organization.display_name.clone()),
        ("external id", organization.external_id.clone()),
        ("tier", organization.tier.clone()),
        ("region", organization.region.clone()),
        ("state", state(organization)),
        ("people live", pool),
        ("foreign e-mail", plain(foreign_email.as_str_name(), "FOREIGN_EMAIL_")),
        ("created", moment(organization.create_time.as_ref())),
        ("updated", moment(organization.update_time.as_ref())),
    ])
}

fn state(organization: &Organization) -> String {
    let state: organization::State = organization.state();
    plain(state.as_str_name(), "STATE_")
}

fn id(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}
