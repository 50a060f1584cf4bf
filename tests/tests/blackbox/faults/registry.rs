use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tonic::Code;
use vestibule_kernel::{IdSource, SystemIds};
use vestibule_rpc::{
    Channel,
    registry::v1::{
        CreateOrganizationRequest, GetOrganizationRequest, Organization, Placement,
        organization_service_client::OrganizationServiceClient,
        placement::{Kind, SharedPool},
    },
};

use super::crowd::Pulse;

/// A creation and the name that the registry acknowledged it with.
pub(crate) type Created = (CreateOrganizationRequest, String);

/// An operator's script: creates organizations, repeats what was not answered, until [`Pulse::finish`].
pub(crate) async fn create_again_and_again(
    registry: Channel,
    user_pool: String,
    pulse: Arc<Pulse>,
) -> Result<Vec<Created>> {
    let mut client = OrganizationServiceClient::new(registry);
    let mut created = Vec::new();
    let mut last = false;
    while !last {
        last = pulse.is_enough();
        let request = request(&user_pool);
        let name = loop {
            match client.create_organization(request.clone()).await {
                Ok(answer) => break answer.into_inner().organization.context("an organization")?.name,
                // With its request id the repetition is the same creation.
                Err(status) if is_silence(status.code()) => tokio::task::yield_now().await,
                Err(status) => return Err(status.into()),
            }
        };
        pulse.step();
        created.push((request, name));
    }
    Ok(created)
}

/// Everything that was acknowledged is there, once.
pub(crate) async fn nothing_is_lost(registry: Channel, created: Vec<Created>) -> Result<()> {
    let mut client = OrganizationServiceClient::new(registry);
    println!("{} organizations created", created.len());
    for (request, name) in created {
        let found = client.get_organization(GetOrganizationRequest { name: name.clone() }).await?.into_inner();
        let (found, asked) = (found.organization.context("an organization")?, request.organization.clone());
        ensure!(found.slug == asked.context("an organization")?.slug, "{name} is another one");
        let again = client.create_organization(request).await?.into_inner().organization.context("an organization")?;
        ensure!(again.name == name, "the repetition made another one");
    }
    Ok(())
}

pub(crate) const fn is_silence(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded | Code::Internal)
}

/// A creation that no other is like.
pub(crate) fn request(user_pool: &str) -> CreateOrganizationRequest {
    let ids: &dyn IdSource = &SystemIds;
    let slug = format!("o-{:016x}", u64::from_be_bytes(ids.bytes()));
    let placement = Placement { kind: Some(Kind::SharedPool(SharedPool { user_pool: user_pool.to_owned() })) };
    let organization = Organization {
        display_name: slug.clone(),
        slug,
        region: "eu-west-1".to_owned(),
        placement: Some(placement),
        ..Organization::default()
    };
    CreateOrganizationRequest { organization: Some(organization), request_id: ids.uuid_v4().to_string() }
}
