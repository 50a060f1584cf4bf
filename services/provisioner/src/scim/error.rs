use std::{path::PathBuf, time::Duration};

/// The service did not do what it was asked.
///
/// What its answers say in words is not kept: a detail may quote a name or an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScimError {
    /// No connection, no answer in time, or a broken one.
    #[error("the SCIM service does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// It has no time for us, or is broken (RFC 6585 section 4, RFC 9110 section 15.6).
    #[error("the SCIM service answers with status {status}")]
    Busy {
        /// The status.
        status: u16,
        /// How long it wants to be left alone.
        wait: Option<Duration>,
    },
    /// It does not know us, sends us elsewhere, or has no such collection: address or token are wrong.
    #[error("the SCIM service answers with status {0}: check its address and token")]
    Misconfigured(u16),
    /// The file with the token cannot be used.
    #[error("the token file {} cannot be used", .0.display())]
    Token(PathBuf),
    /// It does not let us do that.
    #[error("the SCIM service forbids it")]
    Forbidden,
    /// It does not have the method.
    #[error("the SCIM service does not support the request")]
    Unsupported,
    /// The resource is not there any more.
    #[error("the resource is gone")]
    Gone,
    /// Somebody else changed the resource meanwhile (RFC 7644 section 3.14).
    #[error("the resource was changed meanwhile")]
    Changed,
    /// What must be unique belongs to a resource that is not ours (RFC 7644 section 3.3).
    #[error("a name that must be unique belongs to a resource that was not made by us")]
    Taken,
    /// It will never take the request (RFC 7644 section 3.12).
    #[error("the SCIM service refuses with status {status}{}", .scim_type.map(|known| format!(", {known}")).unwrap_or_default())]
    Refused {
        /// The status.
        status: u16,
        /// The error's type, where it is one of RFC 7644, table 9.
        scim_type: Option<&'static str>,
    },
    /// The answer is not what the protocol says.
    #[error("the answer of the SCIM service makes no sense: {0}")]
    OffContract(&'static str),
    /// The answer is too large.
    #[error("the answer of the SCIM service is too large")]
    TooLarge,
    /// It answers like that whatever it is asked.
    #[error("the SCIM service answers nobody as it should")]
    Ill(#[source] Box<ScimError>),
}

/// What may help.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Nothing can be done with this service, for anybody: waiting, at least so long if it says so.
    Wait(Option<Duration>),
    /// Looking again at how things are.
    Again,
    /// Nothing.
    Never,
}

impl ScimError {
    /// What may help.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Busy { wait, .. } => Verdict::Wait(*wait),
            Self::Unreachable(_) | Self::Misconfigured(_) | Self::Token(_) | Self::Ill(_) => Verdict::Wait(None),
            Self::Forbidden | Self::Gone | Self::Changed | Self::OffContract(_) | Self::TooLarge => Verdict::Again,
            Self::Unsupported | Self::Taken | Self::Refused { .. } => Verdict::Never,
        }
    }

    /// Whether it says something of one resource, and nothing of the service.
    pub(crate) const fn is_of_one(&self) -> bool {
        matches!(self, Self::Gone | Self::Changed | Self::Taken)
    }
}
