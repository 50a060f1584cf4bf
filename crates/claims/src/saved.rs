use vestibule_eventlog::{Current, EventLog, LoadError, StreamId};
use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_tenancy::{
    claim_policy::{Effective, Level, State, Target},
    organization::{self, Organization},
    user_pool::{self, UserPool},
};

use crate::name::stream;

/// What a policy belongs to, as far as it exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// It exists; the policy of this user pool is above its own, unless that is its own.
    In(UserPoolId),
    /// There is no such user pool.
    NoUserPool,
    /// There is no such organization.
    NoOrganization,
}

/// Whether the owner of a policy exists. App clients are Cognito's; of theirs it is the pool.
///
/// # Errors
/// When the log cannot be read.
pub async fn owner(log: &EventLog, target: &Target) -> Result<Owner, LoadError> {
    match target {
        Target::Organization { organization } => {
            let found = organization_state(log, *organization).await?;
            Ok(found.terms().map_or(Owner::NoOrganization, |terms| Owner::In(terms.placement.user_pool())))
        }
        Target::UserPool { user_pool } | Target::AppClient { user_pool, .. } => {
            let stream = StreamId::of_id(user_pool::CATEGORY, None, user_pool.uuid());
            let exists = log.load::<UserPool>(&stream).await?.state.terms().is_some();
            Ok(if exists { Owner::In(*user_pool) } else { Owner::NoUserPool })
        }
    }
}

async fn organization_state(log: &EventLog, organization: OrganizationId) -> Result<Organization, LoadError> {
    let stream = StreamId::of_id(organization::CATEGORY, Some(organization), organization.uuid());
    Ok(log.load::<Organization>(&stream).await?.state)
}

/// The saved policy of a target.
///
/// # Errors
/// When the log cannot be read.
pub async fn saved(log: &EventLog, target: &Target) -> Result<Current<State>, LoadError> {
    log.load(&stream(target)).await
}

/// What the policy of a target is laid over: that of the user pool, and for a user pool the defaults.
///
/// The policy of an app client is laid over those of organizations, too, which differ. It is checked against none of them;
/// what an organization decided stays decided when both meet.
///
/// # Errors
/// When the log cannot be read.
pub async fn above(log: &EventLog, target: &Target, user_pool: UserPoolId) -> Result<Effective, LoadError> {
    if target.level() == Level::UserPool {
        return Ok(Effective::default());
    }
    let of_pool = saved(log, &Target::UserPool { user_pool }).await?.state.policy;
    Ok(Effective::of([(Level::UserPool, &of_pool)]))
}
