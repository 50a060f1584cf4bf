use aws_lc_rs::digest::{Context, SHA256};
use prost::Message;
use vestibule_decider::Reservation;
use vestibule_rpc::Caller;

use crate::{error::Error, field::InvalidFields};

/// Request ids that were used. Key: a digest of caller, method and id.
pub(crate) const USED: &str = "registry.request";

/// What they were used for. Key: the same, and a digest of the request's content.
pub(crate) const CONTENT: &str = "registry.request_content";

/// Makes a creation repeatable (AIP-155): the names below are reserved in the transaction that creates, for the stream
/// that is created. So a repetition finds the stream, and one that comes at the same moment cannot create another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RequestId {
    pub(crate) used: String,
    pub(crate) content: String,
}

impl RequestId {
    /// Reads a request id, empty for none. `content` is the request without its id.
    pub(crate) fn read(
        caller: &Caller,
        method: &'static str,
        request_id: &str,
        content: &impl Message,
    ) -> Result<Option<Self>, Error> {
        if request_id.is_empty() {
            return Ok(None);
        }
        // UUIDs in their usual form only: 36 characters, so the input is bounded, and hard to use twice by accident.
        if request_id.len() != 36 || request_id.parse::<uuid::Uuid>().is_err() {
            return Err(InvalidFields::one("REQUEST_ID_INVALID", "request_id", "must be a UUID").into());
        }
        let used = digest(&[caller.actor.as_bytes(), method.as_bytes(), request_id.to_ascii_lowercase().as_bytes()]);
        let content = format!("{used}/{}", digest(&[&content.encode_to_vec()]));
        Ok(Some(Self { used, content }))
    }

    pub(crate) fn reservations(&self) -> [Reservation; 2] {
        [
            Reservation::Take { scope: USED, key: self.used.clone() },
            Reservation::Take { scope: CONTENT, key: self.content.clone() },
        ]
    }
}

/// SHA-256 over the parts, each with its length in front, so that no two lists of parts look alike.
fn digest(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    hex::encode(context.finish())
}
