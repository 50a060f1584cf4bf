use vestibule_kernel::OrganizationId;
use vestibule_rpc::{proto_timestamp, registry::v1 as pb, resource};
use vestibule_tenancy::{DomainName, domain::Domain};

use super::organization::missing;
use crate::{app::NewDomain, error::Error, field::Fields, resource::Resource};

pub(crate) fn new(organization: OrganizationId, domain: Option<&pb::Domain>) -> Result<NewDomain, Error> {
    let wanted = domain.ok_or_else(|| missing("domain"))?;
    let mut fields = Fields::default();
    let name = fields.read("domain.domain_name", DomainName::parse(&wanted.domain_name));
    Ok(fields.finish_with(name.map(|name| NewDomain { organization, name }))?)
}

pub(crate) fn message(domain: &Resource<Domain>) -> pb::Domain {
    let (state, claim) = match &domain.state {
        Domain::Absent => return pb::Domain::default(),
        Domain::Claimed { claim } => (pb::domain::State::Claimed, claim),
        Domain::Verified { claim, .. } => (pb::domain::State::Verified, claim),
        Domain::Released { claim } => (pb::domain::State::Released, claim),
    };
    let ownership = domain.state.ownership();
    pb::Domain {
        name: resource::domain_name(claim.organization, claim.domain),
        domain_name: claim.name.clone(),
        include_subdomains: ownership.is_some_and(|ownership| ownership.include_subdomains),
        state: state.into(),
        create_time: Some(proto_timestamp(domain.created_at)),
        verify_time: ownership.map(|ownership| proto_timestamp(ownership.verified_at)),
        etag: domain.etag(),
    }
}
