use vestibule_decider::Decider;
use vestibule_eventlog::{CommandError, StreamId, Version};

use super::{Change, Registry};
use crate::{error::Error, resource::Resource};

impl Registry {
    /// Executes a command on an aggregate that should exist.
    pub(super) async fn change<D: Decider>(
        &self,
        stream: &StreamId,
        change: Change,
        command: &D::Command,
    ) -> Result<Resource<D>, Error> {
        match self.log.execute::<D>(stream, change.etag, change.metadata, command).await {
            Ok(current) => Ok(current.into()),
            // Not that it has changed, but that it is not there, is what the caller has to know.
            Err(CommandError::Stale { actual: Version::EMPTY, .. }) => match D::default().decide(command) {
                Err(rejection) => Err(Error::rejected(rejection)),
                Ok(_) => Err(Error::EtagMismatch { actual: 0 }),
            },
            Err(error) => Err(error.into()),
        }
    }
}
