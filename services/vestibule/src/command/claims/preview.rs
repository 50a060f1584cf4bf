//! What goes into the tokens of somebody.

use std::path::PathBuf;

use clap::Args;
use vestibule_rpc::{
    enrichment::v1::{
        HypotheticalPerson, PreviewClaimsRequest, enrichment_service_client::EnrichmentServiceClient,
        preview_claims_request::Subject,
    },
    registry::v1::ClaimPolicy,
};

use super::{Operator, file, flags::EventVersion, org, print};

#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// Somebody of this organization who may not exist: slug, id or name.
    #[arg(long, value_name = "ORGANIZATION", required_unless_present = "person", conflicts_with = "person")]
    org: Option<String>,
    /// A person, `organizations/{organization}/persons/{person}`.
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// A role of somebody who may not exist; repeat for more.
    #[arg(long = "role", value_name = "ROLE", conflicts_with_all = ["person", "client_credentials"])]
    roles: Vec<String>,
    /// The access token of an app client's own about the organization, rather than those of a person.
    #[arg(long, conflicts_with = "person")]
    client_credentials: bool,
    /// The app client that the tokens are for; that of the organization or else of the user pool when absent.
    #[arg(long, value_name = "CLIENT_ID", default_value = "")]
    client: String,
    /// The version of the event; as the pool's policy says, or else `v2_0`, when absent.
    #[arg(long, value_name = "VERSION")]
    event_version: Option<EventVersion>,
    /// A scope that Cognito would put in by itself; repeat for more.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A group that Cognito would put in by itself; repeat for more.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// An attribute that the user has, such as `custom:department`; repeat for more.
    #[arg(long = "attribute", value_name = "NAME")]
    custom_attributes: Vec<String>,
    /// A file with a policy that is not saved; it says with `name` whose it is. Repeat for more.
    #[arg(long = "proposed", value_name = "FILE")]
    proposed: Vec<PathBuf>,
}

impl Preview {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<()> {
        let subject = match (self.person, self.org) {
            (Some(person), _) => Subject::Person(person),
            (None, organization) => {
                let organization = org::name_of(operator, &organization.unwrap_or_default()).await?;
                if self.client_credentials {
                    Subject::ClientOf(organization)
                } else {
                    let (roles, connection) = (self.roles, String::new());
                    Subject::Hypothetical(HypotheticalPerson { organization, roles, connection })
                }
            }
        };
        let proposed = self.proposed.iter().map(|file| file::read(file)).collect::<anyhow::Result<_>>()?;
        let event_version = match self.event_version {
            Some(version) => version.message().into(),
            // Clients get tokens by that version only.
            None if self.client_credentials => EventVersion::V3.message().into(),
            None => 0,
        };
        let request = PreviewClaimsRequest {
            subject: Some(subject),
            app_client_id: self.client,
            event_version,
            scopes: self.scopes,
            groups: self.groups,
            custom_attributes: self.custom_attributes,
            proposed,
        };
        show(operator, request).await
    }
}

/// The tokens of somebody of an organization when this policy was saved.
pub(super) async fn effect(
    operator: &Operator,
    organization: &str,
    roles: Vec<String>,
    app_client_id: String,
    proposed: ClaimPolicy,
) -> anyhow::Result<()> {
    let organization = org::name_of(operator, organization).await?;
    let person = HypotheticalPerson { organization, roles, connection: String::new() };
    let subject = Some(Subject::Hypothetical(person));
    let proposed = vec![proposed];
    show(operator, PreviewClaimsRequest { subject, app_client_id, proposed, ..PreviewClaimsRequest::default() }).await
}

async fn show(operator: &Operator, request: PreviewClaimsRequest) -> anyhow::Result<()> {
    let mut client = EnrichmentServiceClient::new(operator.channel.clone());
    let answer = client.preview_claims(request).await.map_err(|status| operator.refused(&status))?.into_inner();
    operator.format.print("vestibule.enrichment.v1.PreviewClaimsResponse", &answer, print::preview)
}
