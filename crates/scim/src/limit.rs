//! Every limit on what a SCIM client sends.

/// Bytes of a filter.
pub const FILTER_BYTES_MAX: usize = 2_048;

/// Parentheses, brackets and negations inside one another in a filter.
pub const FILTER_DEPTH_MAX: usize = 8;

/// Comparisons in a filter.
pub const FILTER_TERMS_MAX: usize = 32;

/// Bytes of the path of a PATCH operation.
pub const PATH_BYTES_MAX: usize = 1_024;

/// Operations in a PATCH request, each attribute of a value without a path being one.
pub const OPERATIONS_MAX: usize = 100;

/// Characters of a text.
pub const TEXT_CHARS_MAX: usize = 1_024;

/// Values of an attribute that has several, members of a group aside.
pub const VALUES_MAX: usize = 32;

/// Members that one request may name, and that one group may have.
pub const MEMBERS_MAX: usize = 10_000;

/// Objects and arrays inside one another in a document.
pub const DEPTH_MAX: usize = 8;

/// Attributes that a request may ask for, or ask to leave out.
pub const PROJECTION_NAMES_MAX: usize = 64;

/// Bytes of such a list.
pub const PROJECTION_BYTES_MAX: usize = 4_096;
