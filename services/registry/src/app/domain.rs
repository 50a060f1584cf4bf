use vestibule_eventlog::StreamId;
use vestibule_kernel::{DomainId, OrganizationId};
use vestibule_tenancy::{
    DomainName, Note,
    domain::{CATEGORY, Command, Domain, Rejection},
};

use super::{Change, Origin, Registry};
use crate::{directory::Listed, error::Error, listing::Listing, resource::Resource};

/// A domain that a caller claims for an organization.
pub(crate) struct NewDomain {
    pub(crate) organization: OrganizationId,
    pub(crate) name: DomainName,
}

fn stream((organization, domain): (OrganizationId, DomainId)) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), domain.uuid())
}

impl Registry {
    pub(crate) async fn domain(&self, id: (OrganizationId, DomainId)) -> Result<Resource<Domain>, Error> {
        self.read(&stream(id), Rejection::NotFound).await
    }

    pub(crate) async fn domains(
        &self,
        organization: OrganizationId,
        listing: &Listing,
    ) -> Result<Listed<Domain>, Error> {
        self.require_organization(organization).await?;
        self.list(Some(organization), listing).await
    }

    pub(crate) async fn create_domain(&self, origin: Origin, new: NewDomain) -> Result<Resource<Domain>, Error> {
        let NewDomain { organization, name } = new;
        self.require_organization(organization).await?;
        let domain = DomainId::from_uuid(self.new_id());
        let claim = Command::Claim { domain, organization, name };
        Ok(self.create(origin, stream((organization, domain)), &claim).await?.into_resource())
    }

    pub(crate) async fn attest_domain(
        &self,
        id: (OrganizationId, DomainId),
        change: Change,
        include_subdomains: bool,
        note: Note,
    ) -> Result<Resource<Domain>, Error> {
        let attest = Command::Attest { include_subdomains, note, now: self.clock.now() };
        self.change(&stream(id), change, &attest).await
    }

    pub(crate) async fn release_domain(
        &self,
        id: (OrganizationId, DomainId),
        change: Change,
    ) -> Result<Resource<Domain>, Error> {
        self.change(&stream(id), change, &Command::Release).await
    }
}
