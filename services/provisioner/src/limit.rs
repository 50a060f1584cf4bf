//! How large, how many, how long.

use std::time::Duration;

/// The largest answer that is read: a page of users, or a group with all of its members.
pub(crate) const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How much of an answer that refuses is read, for its `scimType`.
pub(crate) const ERROR_BYTES_MAX: usize = 64 * 1024;
/// How many resources are asked for at once.
pub(crate) const PAGE_SIZE: usize = 100;
/// How many resources of a kind a service may have.
pub(crate) const RESOURCES_MAX: usize = 500_000;
/// The longest `id` or version that a service may give a resource.
pub(crate) const ID_BYTES_MAX: usize = 256;
/// The largest file with a token.
pub(crate) const TOKEN_BYTES_MAX: u64 = 16 * 1024;
/// How many requests to one service are under way at once.
pub(crate) const IN_FLIGHT_MAX: usize = 4;
/// How long connecting may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The first wait after a service could not be had; each is twice the one before.
pub(crate) const WAIT_FIRST: Duration = Duration::from_millis(500);
/// The longest wait that we choose ourselves.
pub(crate) const WAIT_MAX: Duration = Duration::from_mins(1);
/// How long a comparison that is done once waits, in one go, for what cannot be had.
pub(crate) const ONCE_WAIT_MAX: Duration = Duration::from_mins(5);
/// The longest wait that a service may ask for.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_mins(15);
/// How often one person is tried in a reconciliation when the service's answers make no sense.
pub(crate) const TRIES_MAX: u32 = 3;
/// How many people of the registry are asked for at once.
pub(crate) const PEOPLE_PAGE_SIZE: i32 = 100;
/// How many services one process may serve.
pub(crate) const TARGETS_MAX: usize = 64;
/// For up to so many organizations the bus is asked for theirs only; for more, what is not theirs is passed over here.
pub(crate) const SUBJECTS_APART_MAX: usize = 32;
/// How many organizations may be worked on at the same moment.
pub(crate) const TURNS: usize = 64;
