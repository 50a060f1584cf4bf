//! Every limit on settings.

/// Characters of the name of an attribute or a group.
pub const NAME_CHARS_MAX: usize = 512;

/// Attributes that one claim may come from.
pub const NAMES_PER_CLAIM_MAX: usize = 16;

/// Rules for roles.
pub const ROLE_RULES_MAX: usize = 256;

/// Authentication contexts that are asked for.
pub const CONTEXTS_MAX: usize = 8;

/// Characters of a URI.
pub const URI_CHARS_MAX: usize = 512;

/// Seconds by which clocks may differ.
pub const CLOCK_SKEW_SECONDS_MAX: u16 = 300;

/// Days for which an exception for SHA-1 may last.
pub const WEAK_DIGEST_DAYS_MAX: u64 = 90;
