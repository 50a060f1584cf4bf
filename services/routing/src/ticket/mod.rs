//! Tickets: short signed texts that name an organization, and perhaps one of its connections, until they expire. They
//! hold no personal data, because they stand in URLs.
//!
//! Signed with HMAC-SHA256, cut to 128 bits (RFC 2104 section 5): whoever verifies a ticket is us, so nobody needs a
//! public key, an Ed25519 signature would not fit into the 128 characters, and a forger has one online guess at a time.

mod keys;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, Explain, Explanation, OrganizationId, Timestamp, constant_time_eq};
use vestibule_storage::Key;

pub(crate) use keys::{TicketKeys, keep};

/// What every ticket begins with. Neither an e-mail address nor an organization code can begin like this.
const PREFIX: &str = "vt1.";

/// The longest ticket.
const TEXT_BYTES_MAX: usize = 128;

const TAG_BYTES: usize = 16;
const EXPIRY_BYTES: usize = 4;
const ID_BYTES: usize = 16;
const BODY_BYTES_MAX: usize = EXPIRY_BYTES + 2 * ID_BYTES;

const _: () = assert!(PREFIX.len() + (BODY_BYTES_MAX + TAG_BYTES).div_ceil(3) * 4 <= TEXT_BYTES_MAX);

/// Keeps these digests apart from all others under the same key.
const LABEL: &str = "routing ticket 1";

/// What a ticket says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ticket {
    pub(crate) organization: OrganizationId,
    pub(crate) connection: Option<ConnectionId>,
    /// Whole seconds.
    pub(crate) expires_at: Timestamp,
}

/// A ticket that is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TicketError {
    #[error("not a ticket of ours")]
    Invalid,
    #[error("the ticket has expired")]
    Expired,
}

impl TicketError {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Invalid => "TICKET_INVALID",
            Self::Expired => "TICKET_EXPIRED",
        }
    }
}

impl Explain for TicketError {
    fn explain(&self) -> Explanation {
        Explanation::field(self.reason(), "ticket", self.to_string())
    }
}

impl Ticket {
    /// Whether the text has the form of a ticket, valid or not.
    pub(crate) fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    pub(crate) fn sign(&self, key: &Key) -> String {
        let mut bytes = Vec::with_capacity(BODY_BYTES_MAX + TAG_BYTES);
        bytes.extend_from_slice(&u32::try_from(self.expires_at.unix_seconds()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(self.organization.uuid().as_bytes());
        if let Some(connection) = self.connection {
            bytes.extend_from_slice(connection.uuid().as_bytes());
        }
        bytes.extend_from_slice(&tag(key, &bytes));
        let mut text = String::with_capacity(TEXT_BYTES_MAX);
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        text
    }

    /// Reads a ticket that one of `keys` has signed.
    pub(crate) fn verify(text: &str, keys: &[Key], now: Timestamp) -> Result<Self, TicketError> {
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() <= TEXT_BYTES_MAX).ok_or(TicketError::Invalid)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TicketError::Invalid)?;
        let (body, signature) =
            bytes.split_at_checked(bytes.len().saturating_sub(TAG_BYTES)).ok_or(TicketError::Invalid)?;
        if !keys.iter().any(|key| constant_time_eq(&tag(key, body), signature)) {
            return Err(TicketError::Invalid);
        }
        let ticket = Self::read(body).ok_or(TicketError::Invalid)?;
        if now < ticket.expires_at { Ok(ticket) } else { Err(TicketError::Expired) }
    }

    fn read(body: &[u8]) -> Option<Self> {
        let (expires_at, ids) = body.split_first_chunk::<EXPIRY_BYTES>()?;
        let (organization, connection) = ids.split_first_chunk::<ID_BYTES>()?;
        let connection = match connection {
            [] => None,
            id => Some(ConnectionId::from_uuid(Uuid::from_bytes(id.try_into().ok()?))),
        };
        Some(Self {
            organization: OrganizationId::from_uuid(Uuid::from_bytes(*organization)),
            connection,
            expires_at: Timestamp::from_unix_seconds(i64::from(u32::from_be_bytes(*expires_at))),
        })
    }
}

fn tag(key: &Key, body: &[u8]) -> [u8; TAG_BYTES] {
    let digest = key.hmac(LABEL, body);
    let mut tag = [0; TAG_BYTES];
    tag.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    tag
}
