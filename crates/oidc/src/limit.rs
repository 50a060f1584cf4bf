use std::time::Duration;

/// The longest authorize query that is looked at, in bytes as received.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;

/// The longest body of a token request, in bytes as received.
pub const TOKEN_BODY_BYTES_MAX: usize = 16 * 1024;

/// How many parameters a request may carry.
pub const PARAMETERS_MAX: usize = 64;

/// The longest `state`, in decoded bytes. Cognito sends 650 to 1,100; 4 KiB is what it is known to need at most.
pub const STATE_BYTES_MAX: usize = 4096;

/// The longest `redirect_uri`, in decoded bytes.
pub const REDIRECT_URI_BYTES_MAX: usize = 2048;

/// The longest `scope`, in decoded bytes.
pub const SCOPE_BYTES_MAX: usize = 1024;

/// The longest `nonce`, in decoded bytes.
pub const NONCE_BYTES_MAX: usize = 1024;

/// The longest `login_hint`, in decoded bytes: an e-mail address or a signed ticket.
pub const LOGIN_HINT_BYTES_MAX: usize = 1024;

/// The longest `acr_values`, in decoded bytes.
pub const ACR_VALUES_BYTES_MAX: usize = 1024;

/// The longest `client_id`, in decoded bytes.
pub(crate) const CLIENT_ID_BYTES_MAX: usize = 128;

/// The longest `client_secret`, in decoded bytes.
pub(crate) const CLIENT_SECRET_BYTES_MAX: usize = 256;

/// The shortest `code_verifier` (RFC 7636 section 4.1).
pub const CODE_VERIFIER_BYTES_MIN: usize = 43;

/// The longest `code_verifier` (RFC 7636 section 4.1).
pub const CODE_VERIFIER_BYTES_MAX: usize = 128;

/// How long an authorization code can be redeemed. RFC 6749 section 4.1.2 allows ten minutes; Cognito redeems at once.
pub const CODE_LIFETIME: Duration = Duration::from_mins(1);

/// How long an ID token is valid. Cognito documents no leeway, so this leaves room for clocks that differ.
pub const ID_TOKEN_LIFETIME: Duration = Duration::from_mins(5);

/// How long the access token opens the userinfo endpoint. Cognito asks at once.
pub const USERINFO_LIFETIME: Duration = Duration::from_mins(5);
