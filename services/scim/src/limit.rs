use std::time::Duration;

/// The largest body.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How long a body may take to arrive.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Bodies that are waited for at once, of all directories together. Each may take up its whole size.
pub(crate) const BODIES_MAX: usize = 256;

/// The longest query string.
pub(crate) const QUERY_BYTES_MAX: usize = 8 * 1024;

/// Resources on a page when the directory does not say.
pub(crate) const PAGE_DEFAULT: u32 = 100;

/// The most resources on a page; more are not refused, but given in several (RFC 7644 section 3.4.2.4).
pub(crate) const PAGE_MAX: u32 = 200;

/// The largest answer of the registry.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What of a large answer is handed to the network at once. Its request has its place until all of it is.
pub(crate) const ANSWER_PART_BYTES: usize = 64 * 1024;

/// How long a request may take until it is answered, waiting included. Entra ID and Okta wait longer.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How many requests the registry is asked for at once; more wait, within [`REQUEST_TIMEOUT`]. A body that does not come
/// has no such place.
pub(crate) const ASKED_AT_ONCE_MAX: usize = 128;

/// How many requests of one directory are there at once, those whose bodies have not come among them.
pub(crate) const DIRECTORY_IN_FLIGHT_MAX: usize = 8;

/// How many directories are remembered whose token was good, each with what it may still ask for.
pub(crate) const DIRECTORIES_REMEMBERED_MAX: usize = 10_000;

/// How many tokens of a directory are remembered: two are good at once, and others were.
pub(crate) const TOKENS_OF_DIRECTORY_MAX: usize = 4;

/// How many requests with tokens that are not known to be good are looked at in a second, of all directories together.
pub(crate) const UNKNOWN_PER_SECOND: u32 = 100;

/// How many such tokens are looked at at once.
pub(crate) const UNKNOWN_IN_FLIGHT_MAX: usize = 16;

/// For how many seconds of silence a directory may make up at once.
pub(crate) const BURST_SECONDS: u32 = 4;

const _: () = assert!(BODY_TIMEOUT.as_secs() < REQUEST_TIMEOUT.as_secs() && DIRECTORY_IN_FLIGHT_MAX * 4 <= BODIES_MAX);
