use vestibule_claims::{Owner, above, checked, owner, saved, stream};
use vestibule_eventlog::{CommandError, Current};
use vestibule_tenancy::{
    claim_policy::{ClaimPolicy, Command, Effective, State, Target},
    organization, user_pool,
};

use super::{Change, Registry};
use crate::error::Error;

/// The field of a request that holds a policy.
const FIELD: &str = "claim_policy";

/// A policy as it is saved, and what it is laid over.
pub(crate) struct SavedPolicy {
    pub(crate) target: Target,
    pub(crate) current: Current<State>,
    pub(crate) above: Effective,
}

impl Registry {
    pub(crate) async fn claim_policy(&self, target: Target) -> Result<SavedPolicy, Error> {
        let above = self.above(&target).await?;
        let current = saved(&self.log, &target).await?;
        Ok(SavedPolicy { target, current, above })
    }

    /// `policy` is what the caller wants, in the place of all that was said before. With `validate_only`, nothing changes.
    pub(crate) async fn replace_claim_policy(
        &self,
        target: Target,
        change: Change,
        policy: ClaimPolicy,
        validate_only: bool,
    ) -> Result<SavedPolicy, Error> {
        let above = self.above(&target).await?;
        let replace = checked(FIELD, target.clone(), policy, &above)?;
        if !validate_only {
            let current = self.decide(&target, change, &Command::Replace(replace)).await?;
            return Ok(SavedPolicy { target, current, above });
        }
        let mut current = saved(&self.log, &target).await?;
        if change.etag.is_some_and(|etag| etag != current.version) {
            return Err(Error::EtagMismatch { actual: current.version.0 });
        }
        current.state = State { target: Some(target.clone()), policy: replace.policy().clone() };
        Ok(SavedPolicy { target, current, above })
    }

    pub(crate) async fn clear_claim_policy(&self, target: Target, change: Change) -> Result<SavedPolicy, Error> {
        let above = self.above(&target).await?;
        let clear = Command::Clear { target: target.clone() };
        let current = self.decide(&target, change, &clear).await?;
        Ok(SavedPolicy { target, current, above })
    }

    /// Unlike other resources, a policy is there before anything has happened to it.
    async fn decide(&self, target: &Target, change: Change, command: &Command) -> Result<Current<State>, Error> {
        let executed = self.log.execute::<State>(&stream(target), change.etag, change.metadata, command).await;
        executed.map_err(|error: CommandError<_>| error.into())
    }

    /// What the policy of an existing target is laid over.
    async fn above(&self, target: &Target) -> Result<Effective, Error> {
        match owner(&self.log, target).await? {
            Owner::In(user_pool) => Ok(above(&self.log, target, user_pool).await?),
            Owner::NoUserPool => Err(Error::rejected(user_pool::Rejection::NotFound)),
            Owner::NoOrganization => Err(Error::rejected(organization::Rejection::NotFound)),
        }
    }
}
