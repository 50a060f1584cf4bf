use vestibule_eventlog::StreamId;
use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_tenancy::{
    DisplayName, ExternalId, Note, Region, Slug, Tier,
    organization::{
        CATEGORY, Command, Create, ForeignEmail, OWN_POOL, Organization, Placement, Rejection, Terms, Update,
    },
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
    pub(crate) foreign_email: ForeignEmail,
}

/// Organizations looked at in one go, when a pool shall be one's own.
const PLACED_PAGE_SIZE: i32 = 1_000;

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
        let organization = OrganizationId::from_uuid(self.new_id());
        self.require_placement(organization, &new.placement).await?;
        let NewOrganization { slug, external_id, display_name, tier, region, placement, foreign_email } = new;
        let create = Create { organization, slug, external_id, display_name, tier, region, placement, foreign_email };
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
            self.require_placement(id, placement).await?;
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

    /// The pool exists, and nobody who is there already is in the way. That a pool is one organization's own is reserved
    /// with the events; that nobody else lives in it is looked at here, so two placements at the same moment may pass.
    async fn require_placement(&self, organization: OrganizationId, placement: &Placement) -> Result<(), Error> {
        let user_pool = placement.user_pool();
        if !self.user_pool_exists(user_pool).await? {
            return Err(Error::PlacementNotFound);
        }
        let owner = self.log.holder(OWN_POOL, &user_pool.to_string()).await?;
        let is_ours = |owner: &StreamId| *owner == stream(organization);
        match placement {
            Placement::OwnPool { .. } if owner.is_none() => self.require_nobody_else(organization, user_pool).await,
            // Whose it is says the reservation.
            Placement::OwnPool { .. } => Ok(()),
            _ if owner.as_ref().is_none_or(is_ours) => Ok(()),
            _ => Err(Error::UserPoolNotShared),
        }
    }

    async fn require_nobody_else(&self, organization: OrganizationId, user_pool: UserPoolId) -> Result<(), Error> {
        let mut page_token = String::new();
        loop {
            let listed = self.organizations(&Listing::read("organizations", PLACED_PAGE_SIZE, &page_token)?).await?;
            let mut others = listed.resources.iter().filter_map(|one| one.state.terms());
            let is_there =
                |terms: &Terms| terms.placement.user_pool() == user_pool && terms.organization != organization;
            if others.any(is_there) {
                return Err(Error::UserPoolShared);
            }
            if listed.next_page_token.is_empty() {
                return Ok(());
            }
            page_token = listed.next_page_token;
        }
    }

    async fn user_pool_exists(&self, id: UserPoolId) -> Result<bool, Error> {
        let stream = StreamId::of_id(user_pool::CATEGORY, None, id.uuid());
        Ok(self.log.load::<UserPool>(&stream).await?.state != UserPool::default())
    }
}
