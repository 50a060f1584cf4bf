//! How much a policy may say, and how much may come of it.

/// The most claims of one policy.
pub const CLAIMS_MAX: usize = 64;
/// The most scopes that one policy adds: as many as an app client can have.
pub const SCOPES_MAX: usize = 50;
/// The most claims, and the most scopes, that one policy suppresses by name.
pub const SUPPRESSED_MAX: usize = 100;
/// The most app clients that one policy names.
pub const APP_CLIENTS_MAX: usize = 100;
/// The longest name of a claim.
pub const CLAIM_NAME_BYTES_MAX: usize = 128;
/// The longest template of a scope or a group.
pub const TEMPLATE_BYTES_MAX: usize = 256;
/// The longest scope: resource server and scope name together.
pub const SCOPE_BYTES_MAX: usize = 513;
/// The longest name of a group.
pub const GROUP_CHARS_MAX: usize = 128;
/// The longest constant, as JSON.
pub const CONSTANT_JSON_BYTES_MAX: usize = 2048;
/// How deep a constant may be nested.
pub const CONSTANT_DEPTH_MAX: usize = 4;
/// How many roles may be spelled out in one token; more become a reference.
pub const ROLES_SPELLED_OUT_MAX: u16 = 500;
/// How many claims and scopes both tokens may hold together (Cognito's quota for pre token generation).
pub const CLAIMS_CEILING: usize = 5_000;

/// How many roles are spelled out when no policy says.
pub(super) const ROLES_SPELLED_OUT: u16 = 100;
/// How many claims and scopes are worth a warning when no policy says.
pub(super) const CLAIMS_WARNED: u16 = 200;
