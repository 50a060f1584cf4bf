use tonic::Request;
use vestibule_kernel::OrganizationId;

/// Who calls: what the server's authentication found out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller {
    /// `operator`, `service`, or `anonymous` where nothing is asked of the caller.
    pub actor: String,
}

impl Caller {
    /// The caller of a request that went through the server's authentication.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(|| Self { actor: "anonymous".to_owned() })
    }
}

/// The organization whose token the caller has presented, where it opens that one's only. What serves such callers has to hold
/// every request against it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Confined(pub OrganizationId);

impl Confined {
    /// To what the caller of a request is confined, if to anything.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Option<Self> {
        request.extensions().get::<Self>().copied()
    }
}
