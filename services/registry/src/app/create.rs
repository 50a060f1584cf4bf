use vestibule_decider::Decider;
use vestibule_eventlog::{AppendError, Current, Metadata, StreamId, Transaction, Version};

use super::Registry;
use crate::{
    error::Error,
    request_id::{CONTENT, RequestId, USED},
    resource::Resource,
};

/// Where a creation comes from.
pub(crate) struct Origin {
    pub(crate) metadata: Metadata,
    /// Set when the caller wants to be able to repeat it.
    pub(crate) request_id: Option<RequestId>,
}

/// What a creation came to.
pub(super) enum Outcome<D> {
    Created(Resource<D>),
    /// The request was a repetition: what the first one created, as it was then.
    Repeated(Resource<D>),
}

impl<D> Outcome<D> {
    pub(super) fn into_resource(self) -> Resource<D> {
        match self {
            Self::Created(resource) | Self::Repeated(resource) => resource,
        }
    }
}

impl Registry {
    /// Creates an aggregate in a stream of its own.
    pub(super) async fn create<D: Decider>(
        &self,
        origin: Origin,
        stream: StreamId,
        command: &D::Command,
    ) -> Result<Outcome<D>, Error> {
        let events = D::default().decide(command).map_err(Error::rejected)?;
        if let Some(earlier) = self.earlier(origin.request_id.as_ref(), events.len()).await? {
            return Ok(Outcome::Repeated(earlier));
        }
        let transaction = Transaction::new(origin.metadata).append(stream, Version::EMPTY, &events);
        let mut transaction = transaction.map_err(|error| AppendError::Unprepared(Box::new(error)))?;
        let first = transaction.appends.iter_mut().flat_map(|append| &mut append.drafts).next();
        if let (Some(first), Some(request_id)) = (first, &origin.request_id) {
            first.reservations.extend(request_id.reservations());
        }
        match self.log.append(transaction).await {
            Ok(appended) => Ok(Outcome::Created(Resource::from(Current {
                state: events.iter().fold(D::default(), D::evolve),
                version: Version::EMPTY.plus(events.len() as u64),
                cursor: Some(appended.cursor),
                first_recorded_at: Some(appended.recorded_at),
                last_recorded_at: Some(appended.recorded_at),
            }))),
            // Perhaps it was the same request that took the name, a moment ago.
            Err(error @ AppendError::Reserved { .. }) => {
                match self.earlier(origin.request_id.as_ref(), events.len()).await? {
                    Some(earlier) => Ok(Outcome::Repeated(earlier)),
                    None => Err(error.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What an earlier request with this id created, as its `events` left it: the same content makes as many events.
    async fn earlier<D: Decider>(
        &self,
        request_id: Option<&RequestId>,
        events: usize,
    ) -> Result<Option<Resource<D>>, Error> {
        let Some(request_id) = request_id else { return Ok(None) };
        let Some(stream) = self.log.holder(USED, &request_id.used).await? else { return Ok(None) };
        if self.log.holder(CONTENT, &request_id.content).await?.as_ref() != Some(&stream) {
            return Err(Error::RequestIdReused);
        }
        let mut current = Current::<D>::default();
        for recorded in self.log.read_stream(&stream, Version::EMPTY, events).await? {
            current.state = current.state.evolve(&self.log.open::<D::Event>(&recorded).await?);
            current.version = recorded.version;
            current.cursor = Some(recorded.cursor);
            current.first_recorded_at.get_or_insert(recorded.recorded_at);
            current.last_recorded_at = Some(recorded.recorded_at);
        }
        Ok(Some(current.into()))
    }
}
