use std::{error::Error, fmt};

/// What sort of trouble an error is, and with it who has to act. The gRPC and HTTP edges map it to a status.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// The request itself is wrong; the caller mends it.
    Invalid,
    /// Nobody knows who is calling.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// There is such a thing already.
    AlreadyExists,
    /// The request is fine, the state of things is not.
    Precondition,
    /// Somebody else changed the thing meanwhile; read again and retry.
    Conflict,
    /// A limit is reached; wait.
    Exhausted,
    /// A part that is needed does not answer; retry later.
    Unavailable,
    /// Stored data cannot be trusted; an operator must look.
    Corrupt,
    /// A fault of ours; an operator must look.
    Internal,
}

impl Kind {
    /// Whether the error's own message may be shown to the caller. What is not public is answered with a fixed text.
    #[must_use]
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Unavailable | Self::Corrupt | Self::Internal)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "the request is invalid",
            Self::Unauthenticated => "the caller is not authenticated",
            Self::Forbidden => "the caller is not allowed to do this",
            Self::NotFound => "not found",
            Self::AlreadyExists => "already exists",
            Self::Precondition => "the current state does not allow this",
            Self::Conflict => "changed by somebody else meanwhile: read again and retry",
            Self::Exhausted => "a limit is reached: retry later",
            Self::Unavailable => "temporarily unavailable: retry later",
            Self::Corrupt => "stored data is damaged: the operator has been told",
            Self::Internal => "internal error: the operator has been told",
        })
    }
}

/// One thing that is wrong with one field of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The field's path in the request, as the proto spells it: `connection.metadata_xml`.
    pub field: String,
    /// What is wrong and how to mend it.
    pub description: String,
}

/// An error as the edge needs it: its kind, its stable reason, the fields it concerns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What sort of trouble it is.
    pub kind: Kind,
    /// Stable, `UPPER_SNAKE_CASE`; programs branch on it (AIP-193).
    pub reason: &'static str,
    /// The fields that are wrong; only for [`Kind::Invalid`].
    pub violations: Vec<Violation>,
}

impl Explanation {
    /// An explanation without field violations.
    #[must_use]
    pub const fn new(kind: Kind, reason: &'static str) -> Self {
        Self { kind, reason, violations: Vec::new() }
    }

    /// A request that is wrong in one field.
    #[must_use]
    pub fn field(reason: &'static str, field: impl Into<String>, description: impl Into<String>) -> Self {
        let violation = Violation { field: field.into(), description: description.into() };
        Self { kind: Kind::Invalid, reason, violations: vec![violation] }
    }
}

/// An error that can say what it means to the outside. Implementations match exhaustively, so that a new variant
/// cannot reach a client unexplained.
pub trait Explain: Error {
    /// Kind, stable reason and field violations.
    fn explain(&self) -> Explanation;
}

/// Prints an error and everything that caused it, for logs. Never for clients.
pub struct Chain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
