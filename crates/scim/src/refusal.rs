use crate::limit::{
    DEPTH_MAX, FILTER_BYTES_MAX, FILTER_DEPTH_MAX, FILTER_TERMS_MAX, MEMBERS_MAX, OPERATIONS_MAX, PATH_BYTES_MAX,
    PROJECTION_NAMES_MAX, TEXT_CHARS_MAX, VALUES_MAX,
};

/// The detail error keywords of RFC 7644 section 3.12.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScimType {
    /// The filter cannot be read or compares what cannot be compared.
    InvalidFilter,
    /// The filter would go through more than the service provider is willing to.
    TooMany,
    /// A value is taken.
    Uniqueness,
    /// The attribute cannot be changed like that.
    Mutability,
    /// The message is not what the protocol says.
    InvalidSyntax,
    /// The path of a PATCH operation cannot be read or names nothing.
    InvalidPath,
    /// The path of a PATCH operation selects nothing.
    NoTarget,
    /// A value is missing or not of its type.
    InvalidValue,
    /// The request speaks another version of the protocol.
    InvalidVers,
}

impl ScimType {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
    ];

    /// The keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
        }
    }
}

/// Why something that a client sent is not done. Says where, and never what was sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Not JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// A key comes twice in one object; readers differ in which one counts.
    #[error("an object of the body has a key twice (keys are compared without regard to case)")]
    DuplicateKey,
    /// Too deep.
    #[error("the body is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Not an object where there has to be one.
    #[error("a JSON object is expected")]
    NotAnObject,
    /// `schemas` does not say what the message is.
    #[error("`schemas` must hold {0}")]
    Schemas(&'static str),
    /// An attribute has to be there.
    #[error("`{0}` is required")]
    Required(&'static str),
    /// A value is not of its type.
    #[error("`{attribute}` must be {expected}")]
    Value {
        /// The attribute.
        attribute: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// A text is too long.
    #[error("`{0}` has more than {TEXT_CHARS_MAX} characters")]
    TextTooLong(&'static str),
    /// Too many values.
    #[error("`{0}` has more values than are taken here ({VALUES_MAX}; members of a group {MEMBERS_MAX})")]
    TooManyValues(&'static str),
    /// More than one value is the primary one.
    #[error("more than one value of `{0}` is primary")]
    SeveralPrimary(&'static str),
    /// A filter is too long, too deep or has too many comparisons.
    #[error(
        "the filter is larger than {FILTER_BYTES_MAX} bytes, {FILTER_DEPTH_MAX} levels or {FILTER_TERMS_MAX} comparisons"
    )]
    FilterTooLarge,
    /// A filter cannot be read.
    #[error("the filter cannot be read at byte {at}: {expected} is expected")]
    Filter {
        /// Where.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A filter names an attribute that is not in the schema.
    #[error("the filter names, at byte {at}, an attribute that is not kept here")]
    FilterAttribute {
        /// Where.
        at: usize,
    },
    /// A filter compares what cannot be compared like that.
    #[error("the filter compares `{0}` with a value of another type, or by an operator that it does not have")]
    FilterType(&'static str),
    /// The operations of a PATCH request.
    #[error(
        "`Operations` must be an array of 1 to {OPERATIONS_MAX} operations, each attribute of a value without a path being one"
    )]
    Operations,
    /// The `op` of a PATCH operation.
    #[error("operation {0}: `op` must be add, replace or remove")]
    Operation(usize),
    /// The value of a PATCH operation is missing.
    #[error("operation {0}: `value` is required")]
    OperationValue(usize),
    /// A PATCH path cannot be read.
    #[error(
        "a `path` cannot be read, names an attribute that does not exist, or is longer than {PATH_BYTES_MAX} bytes"
    )]
    Path,
    /// A PATCH path selects nothing, or a removal says not what.
    #[error("the operation on `{0}` selects nothing")]
    NoTarget(&'static str),
    /// The attribute is the service provider's, or cannot be removed.
    #[error("`{0}` cannot be changed like that")]
    Mutability(&'static str),
    /// A list of attributes is too long.
    #[error(
        "at most {PROJECTION_NAMES_MAX} attributes can be asked for, either in `attributes` or in `excludedAttributes`"
    )]
    Projection,
}

impl Refusal {
    /// The keyword for the client.
    #[must_use]
    pub const fn scim_type(&self) -> ScimType {
        match self {
            Self::NotJson
            | Self::DuplicateKey
            | Self::TooDeep
            | Self::NotAnObject
            | Self::Schemas(_)
            | Self::Operations
            | Self::Operation(_)
            | Self::OperationValue(_) => ScimType::InvalidSyntax,
            Self::Required(_)
            | Self::Value { .. }
            | Self::TextTooLong(_)
            | Self::TooManyValues(_)
            | Self::SeveralPrimary(_)
            | Self::Projection => ScimType::InvalidValue,
            Self::FilterTooLarge | Self::Filter { .. } | Self::FilterAttribute { .. } | Self::FilterType(_) => {
                ScimType::InvalidFilter
            }
            Self::Path => ScimType::InvalidPath,
            Self::NoTarget(_) => ScimType::NoTarget,
            Self::Mutability(_) => ScimType::Mutability,
        }
    }
}
