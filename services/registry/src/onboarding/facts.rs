use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;
use vestibule_eventlog::{StreamId, Version};
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_tenancy::{
    connection::{Connection, SamlSettings, Trust},
    domain::{self, Domain},
    onboarding::Facts,
};

use super::{ConnectionName, Held, Onboardings};
use crate::{error::Error, listing::Listing};

/// Domains or connections looked at in one go.
const PAGE_SIZE: i32 = 1_000;

impl Onboardings {
    /// What is so of the organization and its connection.
    pub(crate) async fn facts(&self, organization: OrganizationId, connection: &Connection) -> Result<Facts, Error> {
        let domain_verified = self.owned_domain(organization).await?.is_some();
        Ok(self.facts_with(domain_verified, connection))
    }

    /// The same where it is known whether the organization owns a domain.
    pub(crate) fn facts_with(&self, domain_verified: bool, connection: &Connection) -> Facts {
        connection.trust().map_or_else(
            || without_connection(domain_verified),
            |trust| Facts {
                domain_verified,
                metadata_imported: true,
                certificate_valid: trust.has_valid_certificate(self.clock.now()),
                mapping: mapping(&trust.settings),
                tested: is_tested(trust),
                enabled: matches!(connection, Connection::Enabled(_)),
            },
        )
    }

    /// A domain that the organization owns, as it is now.
    pub(crate) async fn owned_domain(&self, organization: OrganizationId) -> Result<Option<Held>, Error> {
        let mut page_token = String::new();
        loop {
            let listing = Listing::read("onboarding/domains", PAGE_SIZE, &page_token)?;
            let listed = self.directory.list::<Domain>(Some(organization), &listing).await?;
            let owned = listed.resources.iter().find(|domain| domain.state.ownership().is_some());
            if let Some((claim, version)) = owned.and_then(|domain| Some((domain.state.claim()?, domain.version))) {
                let stream = StreamId::of_id(domain::CATEGORY, Some(organization), claim.domain.uuid());
                return Ok(Some((stream, Version(version))));
            }
            if listed.next_page_token.is_empty() {
                return Ok(None);
            }
            page_token = listed.next_page_token;
        }
    }

    /// The connections of an organization, in the order of their creation.
    pub(crate) async fn connections(&self, organization: OrganizationId) -> Result<Vec<(ConnectionName, bool)>, Error> {
        let mut connections = Vec::new();
        let mut page_token = String::new();
        loop {
            let listing = Listing::read("onboarding/connections", PAGE_SIZE, &page_token)?;
            let listed = self.directory.list::<Connection>(Some(organization), &listing).await?;
            connections.extend(listed.resources.iter().filter_map(|found| {
                let connection: ConnectionId = found.state.trust()?.connection;
                Some(((organization, connection), matches!(found.state, Connection::Enabled(_))))
            }));
            if listed.next_page_token.is_empty() {
                return Ok(connections);
            }
            page_token = listed.next_page_token;
        }
    }
}

const fn without_connection(domain_verified: bool) -> Facts {
    Facts {
        domain_verified,
        metadata_imported: false,
        certificate_valid: false,
        mapping: String::new(),
        tested: false,
        enabled: false,
    }
}

/// A test that was signed with a key that is not trusted any more says nothing of those that are.
fn is_tested(trust: &Trust) -> bool {
    let is_trusted = |fingerprint: &str| trust.certificates.iter().any(|known| known.fingerprint == fingerprint);
    trust.tested.as_ref().is_some_and(|tested| is_trusted(&tested.certificate_fingerprint))
}

/// Tells a mapping apart from every other: what makes claims, roles and the person of what the identity provider sends.
pub(crate) fn mapping(settings: &SamlSettings) -> String {
    let SamlSettings { provider, subject, attributes, required_claims, roles, name_id_format, .. } = settings;
    let text = json!([provider, subject, attributes, required_claims, roles, name_id_format]).to_string();
    hex::encode(digest(&SHA256, text.as_bytes()))
}
