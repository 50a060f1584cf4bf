use vestibule_eventlog::StreamId;
use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_tenancy::{
    DisplayName, ExternalId, Note, Region, Slug, Tier,
    organization::{CATEGORY, Command, Create, Organization, Placement, Rejection, Update},
    user_pool::{self, UserPool},
};

use super::{Change, Origin, Registry};
use crate::{directory::Listed, error::Error, listing::Listing, resource::Resource};

/// The properties of an organization that a caller asks for.
pub(crate) struct NewOrganization {
    pub(crate) slug: Slug,
    pub(crate) external_id: Option<ExternalId>,
    pub(crate) display_name: DisplayName,
    pub(crate) tier: Tier,
    pub(crate) region: Region,
    pub(crate) placement: Placement,
}

fn stream(organization: OrganizationId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), organization.uuid())
}

impl Registry {
    pub(crate) async fn organization(&self, id: OrganizationId) -> Result<Resource<Organization>, Error> {
        self.read(&stream(id), Rejection::NotFound).await
    }

    pub(crate) async fn organizations(&self, listing: &Listing) -> Result<Listed<Organization>, Error> {
        self.list(None, listing).await
    }

    pub(crate) async fn create_organization(
        &self,
        origin: Origin,
        new: NewOrganization,
    ) -> Result<Resource<Organization>, Error> {
        self.require_placement(&new.placement).await?;
        let organization = OrganizationId::from_uuid(self.new_id());
        let NewOrganization { slug, external_id, display_name, tier, region, placement } = new;
        let create = Create { organization, slug, external_id, display_name, tier, region, placement };
        let outcome = self.create(origin, stream(organization), &Command::Create(create)).await?;
        Ok(outcome.into_resource())
    }

    pub(crate) async fn update_organization(
        &self,
        id: OrganizationId,
        change: Change,
        update: Update,
    ) -> Result<Resource<Organization>, Error> {
        if let Some(placement) = &update.placement {
            self.require_placement(placement).await?;
        }
        self.change(&stream(id), change, &Command::Update(update)).await
    }

    pub(crate) async fn suspend_organization(
        &self,
        id: OrganizationId,
        change: Change,
        note: Note,
    ) -> Result<Resource<Organization>, Error> {
        self.change(&stream(id), change, &Command::Suspend { note }).await
    }

    pub(crate) async fn reinstate_organization(
        &self,
        id: OrganizationId,
        change: Change,
    ) -> Result<Resource<Organization>, Error> {
        self.change(&stream(id), change, &Command::Reinstate).await
    }

    /// Nothing belongs to an organization that does not exist.
    pub(super) async fn require_organization(&self, id: OrganizationId) -> Result<(), Error> {
        self.organization(id).await.map(|_| ())
    }

    async fn require_placement(&self, placement: &Placement) -> Result<(), Error> {
        let Placement::SharedPool { user_pool } = placement;
        if self.user_pool_exists(*user_pool).await? { Ok(()) } else { Err(Error::PlacementNotFound) }
    }

    async fn user_pool_exists(&self, id: UserPoolId) -> Result<bool, Error> {
        let stream = StreamId::of_id(user_pool::CATEGORY, None, id.uuid());
        Ok(self.log.load::<UserPool>(&stream).await?.state != UserPool::default())
    }
}
