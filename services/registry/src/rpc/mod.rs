//! The gRPC services, one file a group of methods.

mod certificate;
mod claim_policy;
mod connection;
mod domain;
mod events;
mod onboarding;
mod organization;
mod person;
mod user_pool;

use std::sync::Arc;

pub(crate) use events::EventsApi;
use tonic::{Request, Status};
use vestibule_kernel::Explain;
use vestibule_rpc::{Caller, to_status};

use crate::{
    ERROR_DOMAIN,
    app::{Change, Origin, Registry},
    error::Error,
    request_id::RequestId,
    resource::etag,
};

/// Serves every group from one registry.
#[derive(Clone)]
pub(crate) struct Api {
    registry: Arc<Registry>,
}

impl Api {
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry: Arc::new(registry) }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "stands in `map_err`, which hands errors over by value")]
fn refused<E: Explain>(error: E) -> Status {
    to_status(ERROR_DOMAIN, &error)
}

/// Who asks for a change, and of which version.
fn change<T>(request: &Request<T>, field: &'static str, text: &str) -> Result<Change, Status> {
    let etag = etag(field, text).map_err(refused)?;
    Ok(Change { etag, metadata: vestibule_host::metadata(request) })
}

/// Who asks for a creation, and whether it can be repeated. `take_id` takes the id out of the request.
fn origin<T: prost::Message + Clone>(
    request: &Request<T>,
    method: &'static str,
    take_id: impl FnOnce(&mut T) -> String,
) -> Result<Origin, Error> {
    let mut content = request.get_ref().clone();
    let id = take_id(&mut content);
    let request_id = RequestId::read(&Caller::of(request), method, &id, &content)?;
    Ok(Origin { metadata: vestibule_host::metadata(request), request_id })
}
