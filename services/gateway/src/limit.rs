use std::time::Duration;

/// How long a sign-in may take from authorize to the identity provider's answer: Cognito itself waits no longer.
pub(crate) const PENDING_LIFETIME: Duration = Duration::from_mins(5);

/// How long the browser keeps the sealed sign-in: longer than it is good for, so that a late answer can be told from a
/// lost cookie.
pub(crate) const COOKIE_LIFETIME: Duration = Duration::from_mins(15);

/// The longest value of one cookie. Browsers guarantee 4,096 bytes for name, value and attributes (RFC 6265 section 6.1).
pub(crate) const COOKIE_CHUNK_BYTES_MAX: usize = 3800;

/// How many chunks a sealed sign-in may have: a `state` of 4 KiB, percent-encoded throughout, still fits.
pub(crate) const COOKIE_CHUNKS_MAX: usize = 8;

/// How many sign-ins one browser may have under way; the oldest gives way.
pub(crate) const PENDING_MAX: usize = 3;

/// The largest body of an assertion consumer service request.
pub(crate) const ACS_BODY_BYTES_MAX: usize = 256 * 1024;

/// The largest `RelayState` (SAML Bindings section 3.4.3).
pub(crate) const RELAY_STATE_BYTES_MAX: usize = 80;

/// The largest body of a token, userinfo or organization request.
pub(crate) const FORM_BODY_BYTES_MAX: usize = 16 * 1024;

/// The largest body of a single logout service request: a message of 32 KiB in Base64, and room for the rest.
pub(crate) const LOGOUT_BODY_BYTES_MAX: usize = 64 * 1024;

/// The longest end session request.
pub(crate) const END_SESSION_BYTES_MAX: usize = 8 * 1024;

/// The longest address to go to after signing out; no longer one can be registered.
pub(crate) const POST_LOGOUT_REDIRECT_URI_BYTES_MAX: usize = 1024;

/// The longest `state` of an end session request. With the address it fits, sealed, into one cookie.
pub(crate) const STATE_BYTES_MAX: usize = 512;

/// How many sign-outs one browser may have under way; the oldest gives way.
pub(crate) const PENDING_LOGOUTS_MAX: usize = 3;

/// How many test sign-ins one browser may have under way; the oldest gives way.
pub(crate) const PENDING_TESTS_MAX: usize = 3;

/// The longest query of the link of a test sign-in.
pub(crate) const TEST_LINK_BYTES_MAX: usize = 512;

/// How many sessions one browser remembers, each over another connection; the oldest gives way.
pub(crate) const SESSIONS_MAX: usize = 4;

/// The longest sealed session. With its name it fits into one cookie.
pub(crate) const SESSION_CHARS_MAX: usize = 3600;

/// How long a browser remembers a session.
pub(crate) const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// The longest address that a person may type (RFC 5321 section 4.5.3.1).
pub(crate) const ADDRESS_BYTES_MAX: usize = 320;

/// How long it is looked for a connection that is not known.
pub(crate) const LOOK_MAX: Duration = Duration::from_secs(1);

/// How long another service may take to answer.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a request may take, waiting included.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How many requests are worked on at once; more wait, within [`REQUEST_TIMEOUT`].
pub(crate) const REQUESTS_IN_FLIGHT_MAX: usize = 512;

/// How many sign-ins the trace keeps of one connection and reason.
pub(crate) const TRACE_KEEP: u32 = 200;

/// How long the trace keeps a sign-in.
pub(crate) const TRACE_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// How many accepted sign-ins may wait to be written to the trace; more are dropped and counted.
pub(crate) const TRACE_QUEUE_MAX: usize = 4096;

/// How many checks of one verdict the trace keeps.
pub(crate) const TRACE_CHECKS_MAX: usize = 48;

/// How many bytes of one text the trace keeps.
pub(crate) const TRACE_TEXT_BYTES_MAX: usize = 160;

/// How many expired records one sweep deletes.
pub(crate) const SWEEP_RECORDS_MAX: u32 = 5000;

/// How often expired records are deleted.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How often the signing keys are read again.
pub(crate) const KEYS_REFRESH_EVERY: Duration = Duration::from_secs(30);

/// After how long without having been read the signing keys are read before they are used.
pub(crate) const KEYS_STALE_AFTER: Duration = Duration::from_mins(1);

/// How long signing keys that cannot be read again may be used; then there are neither tokens nor a key set.
pub(crate) const KEYS_AGE_MAX: Duration = Duration::from_mins(10);

/// How often reading the signing keys is tried again while requests wait for it.
pub(crate) const KEYS_RETRY_EVERY: Duration = Duration::from_secs(1);

/// How many pages of a thousand events are read at most to hear of signing keys that were taken out.
pub(crate) const REVOCATION_PAGES_MAX: usize = 8;

/// How often what became of signing keys is told.
pub(crate) const KEYS_TOLD_EVERY: Duration = Duration::from_mins(10);

/// How long relying parties may keep the discovery document and the key set.
pub(crate) const PUBLIC_MAX_AGE: Duration = Duration::from_mins(5);

/// How old a key that seals pending sign-ins becomes before the next one is made.
pub(crate) const PENDING_KEY_AGE_MAX: Duration = Duration::from_hours(24);

/// How many generations of it are kept: the current one, and those whose cookies are still around.
pub(crate) const KEY_GENERATIONS_KEPT: usize = 3;

// Name and value of a session's cookie stay within what browsers guarantee.
const _: () = assert!("__Host-session.".len() + 36 + 1 + 8 + 1 + 36 + 1 + SESSION_CHARS_MAX <= 4096);
// A sealed sign-in must never outlive the key it was sealed under.
const _: () = assert!(PENDING_KEY_AGE_MAX.as_secs() > COOKIE_LIFETIME.as_secs());
// The keys in memory are read again before they are too old to be used, and in time for those who ask.
const _: () = assert!(KEYS_REFRESH_EVERY.as_secs() < KEYS_STALE_AFTER.as_secs());
const _: () = assert!(KEYS_STALE_AFTER.as_secs() < KEYS_AGE_MAX.as_secs());
