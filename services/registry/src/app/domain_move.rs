use vestibule_decider::Decider as _;
use vestibule_eventlog::{AppendError, Current, StreamId, Transaction, Version};
use vestibule_kernel::{DomainId, OrganizationId};
use vestibule_tenancy::{
    DomainName, Note,
    domain::{CATEGORY, CLAIMED_NAME, Claim, Command, Domain, Event, Ownership, Rejection},
    organization::Organization,
};

use super::{
    Change, Registry,
    onboarding::{holding, require_etag},
};
use crate::{
    error::Error,
    field::InvalidFields,
    onboarding::{ATTEMPTS_MAX, Held},
    resource::Resource,
};

/// Where a domain goes.
pub(crate) struct Move {
    pub(crate) destination: OrganizationId,
    pub(crate) note: Note,
    /// That nobody with an address in it can sign in afterwards is meant.
    pub(crate) leave_without_sign_in: bool,
}

fn stream(organization: OrganizationId, domain: DomainId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), domain.uuid())
}

impl Registry {
    /// Moves a verified domain to another organization, in one append: whoever reads the log finds it with one of the two.
    pub(crate) async fn move_domain(
        &self,
        id: (OrganizationId, DomainId),
        change: Change,
        wanted: Move,
    ) -> Result<Resource<Domain>, Error> {
        let Move { destination, note, leave_without_sign_in } = wanted;
        if destination == id.0 {
            let description = "the domain is this organization's already";
            return Err(InvalidFields::one("DESTINATION_INVALID", "destination", description).into());
        }
        let given = stream(id.0, id.1);
        for _ in 0..ATTEMPTS_MAX {
            let way_in = self.require_destination(destination, leave_without_sign_in).await?;
            let leaving = self.log.load::<Domain>(&given).await?;
            if leaving.cursor.is_none() {
                return Err(Error::rejected(Rejection::NotFound));
            }
            require_etag(&change, leaving.version)?;
            let (Some(claim), Some(ownership)) = (leaving.state.claim(), leaving.state.ownership()) else {
                return Err(Error::DomainNotVerified);
            };
            let (taken, claimed) = self.claim_of(destination, claim).await?;
            let events =
                take_over(&taken, &claimed, (destination, id.0), (claim, *ownership), (&note, self.clock.now()))?;
            let released = leaving.state.decide(&Command::Release).map_err(Error::rejected)?;
            // The new owner first: whoever takes in one event after the other knows an owner at every moment.
            let mut transaction = Transaction::new(change.metadata.clone())
                .append(taken.clone(), claimed.version, &events)
                .and_then(|transaction| transaction.append(given.clone(), leaving.version, &released))
                .map_err(|error| AppendError::Unprepared(Box::new(error)))?;
            // Nobody turns it off while the domain is on its way.
            transaction = holding(transaction, way_in);
            match self.log.append(transaction).await {
                Ok(_) => return self.read(&taken, Rejection::NotFound).await,
                // Somebody changed it, or the destination claimed it a moment ago: take that claim.
                Err(AppendError::Conflict { .. } | AppendError::Reserved { scope: CLAIMED_NAME, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    /// Over which connection of the destination people will begin; `None` when it does not matter whether they can.
    async fn require_destination(&self, organization: OrganizationId, anyway: bool) -> Result<Option<Held>, Error> {
        match self.organization(organization).await?.state {
            _ if anyway => Ok(None),
            Organization::Suspended(_) => Err(Error::DestinationSuspended),
            _ => self.way_in(organization, None).await?.map(Some).ok_or(Error::NoEnabledConnection),
        }
    }

    /// The claim that the organization has on the name, or a stream for a new one.
    async fn claim_of(
        &self,
        organization: OrganizationId,
        claim: &Claim,
    ) -> Result<(StreamId, Current<Domain>), Error> {
        let key = format!("{organization}/{}", claim.name);
        if let Some(held) = self.log.holder(CLAIMED_NAME, &key).await? {
            let known = self.log.load::<Domain>(&held).await?;
            return Ok((held, known));
        }
        let stream = stream(organization, DomainId::from_uuid(self.new_id()));
        Ok((stream, Current::default()))
    }
}

fn take_over(
    taken: &StreamId,
    claimed: &Current<Domain>,
    (to, from): (OrganizationId, OrganizationId),
    (claim, ownership): (&Claim, Ownership),
    (note, now): (&Note, vestibule_kernel::Timestamp),
) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    if claimed.version == Version::EMPTY {
        let domain = taken.key().parse().map_err(|_| Error::rejected(Rejection::NotFound))?;
        let name = DomainName::parse(&claim.name).map_err(|_| Error::rejected(Rejection::NotFound))?;
        let claim = Command::Claim { domain, organization: to, name };
        events = claimed.state.decide(&claim).map_err(Error::rejected)?;
    }
    let state = events.iter().fold(claimed.state.clone(), Domain::evolve);
    let include_subdomains = ownership.include_subdomains;
    let take = Command::TakeOver { from, include_subdomains, note: note.clone(), now };
    events.extend(state.decide(&take).map_err(Error::rejected)?);
    Ok(events)
}
