//! `vestibule domain`.

use clap::Subcommand;
use vestibule_rpc::registry::v1::{
    AttestDomainRequest, CreateDomainRequest, DeleteDomainRequest, Domain, GetDomainRequest, ListDomainsRequest,
    ListDomainsResponse, MoveDomainRequest, domain, domain_service_client::DomainServiceClient,
};

use super::{Operator, org, request_id};
use crate::output::{line, moment, plain, properties, table};

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.Domain";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Claim a domain for an organization; with --attest also vouch that it owns it.
    Create {
        /// Slug, id or name of the organization.
        organization: String,
        /// The DNS name, such as `acme.test`.
        domain: String,
        /// Vouch for it: what you relied on, such as `contract 4711`.
        #[arg(long, value_name = "NOTE")]
        attest: Option<String>,
        /// Every subdomain belongs to it too.
        #[arg(long, requires = "attest")]
        include_subdomains: bool,
    },
    /// Vouch that the organization owns a domain it has claimed.
    Attest {
        /// Slug, id or name of the organization.
        organization: String,
        domain: String,
        /// What you relied on.
        #[arg(long)]
        note: String,
        /// Every subdomain belongs to it too.
        #[arg(long)]
        include_subdomains: bool,
    },
    /// Show one domain of an organization.
    Show { organization: String, domain: String },
    /// List the domains of an organization.
    List { organization: String },
    /// Move a domain to another organization, where its people sign in from now on, as other persons.
    Move {
        /// Who owns it: slug, id or name.
        organization: String,
        domain: String,
        /// Who owns it from now on: slug, id or name.
        #[arg(long = "to", value_name = "ORGANIZATION")]
        to: String,
        /// What you relied on.
        #[arg(long)]
        note: String,
        /// Also when nobody with an address in it can sign in there.
        #[arg(long)]
        leave_without_sign_in: bool,
    },
    /// Give a domain up.
    Delete { organization: String, domain: String },
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    match command {
        Command::Create { organization, domain, attest, include_subdomains } => {
            let parent = org::name_of(operator, &organization).await?;
            let mut made = create(operator, parent, domain).await?;
            if let Some(note) = attest {
                made = self::attest(operator, made.name, note, include_subdomains).await?;
            }
            operator.format.print(TYPE, &made, human)
        }
        Command::Attest { organization, domain, note, include_subdomains } => {
            let name = find(operator, &organization, &domain).await?.name;
            let attested = attest(operator, name, note, include_subdomains).await?;
            operator.format.print(TYPE, &attested, human)
        }
        Command::Show { organization, domain } => {
            let name = find(operator, &organization, &domain).await?.name;
            let mut client = DomainServiceClient::new(operator.channel.clone());
            let answer =
                client.get_domain(GetDomainRequest { name }).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(TYPE, &answer.into_inner().domain.unwrap_or_default(), human)
        }
        Command::List { organization } => {
            let domains = all(operator, &organization).await?;
            let answer = ListDomainsResponse { domains, next_page_token: String::new() };
            operator.format.print("vestibule.registry.v1.ListDomainsResponse", &answer, |answer| rows(&answer.domains))
        }
        Command::Move { organization, domain, to, note, leave_without_sign_in } => {
            let found = find(operator, &organization, &domain).await?;
            let destination = org::name_of(operator, &to).await?;
            let request =
                MoveDomainRequest { name: found.name, destination, note, etag: found.etag, leave_without_sign_in };
            let mut client = DomainServiceClient::new(operator.channel.clone());
            let answer = client.move_domain(request).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(TYPE, &answer.into_inner().domain.unwrap_or_default(), human)
        }
        Command::Delete { organization, domain } => {
            let found = find(operator, &organization, &domain).await?;
            let request = DeleteDomainRequest { name: found.name, etag: found.etag };
            let mut client = DomainServiceClient::new(operator.channel.clone());
            client.delete_domain(request).await.map_err(|status| operator.refused(&status))?;
            line(&format!("{} is given up; its people are not routed any more", found.domain_name));
            Ok(())
        }
    }
}

async fn create(operator: &Operator, parent: String, domain_name: String) -> anyhow::Result<Domain> {
    let mut client = DomainServiceClient::new(operator.channel.clone());
    let domain = Some(Domain { domain_name, ..Domain::default() });
    let request = CreateDomainRequest { parent, domain, request_id: request_id() };
    let answer = client.create_domain(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().domain.unwrap_or_default())
}

async fn attest(operator: &Operator, name: String, note: String, include_subdomains: bool) -> anyhow::Result<Domain> {
    let mut client = DomainServiceClient::new(operator.channel.clone());
    let request = AttestDomainRequest { name, include_subdomains, note, etag: String::new() };
    let answer = client.attest_domain(request).await.map_err(|status| operator.refused(&status))?;
    Ok(answer.into_inner().domain.unwrap_or_default())
}

async fn all(operator: &Operator, organization: &str) -> anyhow::Result<Vec<Domain>> {
    let parent = org::name_of(operator, organization).await?;
    let mut client = DomainServiceClient::new(operator.channel.clone());
    let mut domains = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListDomainsRequest { parent: parent.clone(), page_size: 1000, page_token };
        let page = client.list_domains(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        domains.extend(page.domains);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(domains);
        }
    }
}

async fn find(operator: &Operator, organization: &str, domain: &str) -> anyhow::Result<Domain> {
    let wanted = domain.trim_end_matches('.').to_lowercase();
    let found = all(operator, organization)
        .await?
        .into_iter()
        .find(|one| one.domain_name == wanted || one.name == domain || one.name.rsplit('/').next() == Some(domain));
    found.ok_or_else(|| anyhow::anyhow!("`{organization}` does not claim the domain `{domain}`"))
}

fn rows(domains: &[Domain]) -> String {
    let rows: Vec<[String; 4]> = domains
        .iter()
        .map(|one| [one.domain_name.clone(), state(one), subdomains(one), moment(one.verify_time.as_ref())])
        .collect();
    table(
        ["DOMAIN", "STATE", "SUBDOMAINS", "VERIFIED"],
        &rows,
        "No domains yet: `vestibule domain create <org> <domain>`.",
    )
}

fn human(domain: &Domain) -> String {
    properties(&[
        ("domain", domain.domain_name.clone()),
        ("name", domain.name.clone()),
        ("state", state(domain)),
        ("subdomains", subdomains(domain)),
        ("claimed", moment(domain.create_time.as_ref())),
        ("verified", moment(domain.verify_time.as_ref())),
    ])
}

fn state(domain: &Domain) -> String {
    let state: domain::State = domain.state();
    plain(state.as_str_name(), "STATE_")
}

fn subdomains(domain: &Domain) -> String {
    if domain.include_subdomains { "included" } else { "not included" }.to_owned()
}
