use tonic::Request;

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
