use std::time::Duration;

/// The largest body.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The longest query string.
pub(crate) const QUERY_BYTES_MAX: usize = 8 * 1024;

/// Resources on a page when the directory does not say.
pub(crate) const PAGE_DEFAULT: u32 = 100;

/// The most resources on a page; more are not refused, but given in several (RFC 7644 section 3.4.2.4).
pub(crate) const PAGE_MAX: u32 = 200;

/// The largest answer of the registry.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a request may take, waiting included. Entra ID and Okta wait longer.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How many requests are worked on at once; more wait, within [`REQUEST_TIMEOUT`].
pub(crate) const REQUESTS_IN_FLIGHT_MAX: usize = 64;

/// How many tokens are remembered as good, each with what it may still ask for.
pub(crate) const TOKENS_REMEMBERED_MAX: usize = 10_000;

/// How many requests with tokens that are not known to be good are looked at in a second, of all directories together.
pub(crate) const UNKNOWN_PER_SECOND: u32 = 20;

/// For how many seconds of silence a directory may make up at once.
pub(crate) const BURST_SECONDS: u32 = 4;
