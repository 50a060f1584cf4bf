use vestibule_kernel::UserPoolId;

use super::Accepted;

/// What can be asked of an assertion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Sign somebody in, once.
    Accept(Accepted),
    /// Exchange the authorization code made from it for tokens, once. That the code is right, in time and for this
    /// client is for the caller to see before it asks, so that a wrong client cannot burn a code.
    Redeem {
        /// By which user pool.
        user_pool: UserPoolId,
    },
}
