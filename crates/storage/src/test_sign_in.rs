//! Test sign-ins: the registry signs a ticket, the SAML service takes it and notes what came of it, the registry tells.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vestibule_kernel::{ConnectionId, Explain, Explanation, OrganizationId, Timestamp, constant_time_eq};

use crate::{Bucket, ExpiringRecord, ExpiringRecords, Key, KeyError, KeyId, KeyStore, StorageError};

/// What the key of tickets is for.
const PURPOSE: &str = "test_sign_in";
/// Whose it is: the deployment's.
const OWNER: &str = "";
/// Keeps these digests apart from all others under the same key.
const LABEL: &str = "test sign-in ticket 1";
/// What every ticket begins with.
const PREFIX: &str = "vts1.";

/// How old the key gets before it is followed by another.
const ROTATED_AFTER: Duration = Duration::from_hours(30 * 24);
/// The new key, and the one before it until the last ticket under that one has expired.
const KEPT: usize = 2;

const TAG_BYTES: usize = 32;
const BODY_BYTES: usize = 4 + 1 + 3 * 16;
const KEY_ID_BYTES: usize = 16;
const TEXT_BYTES: usize = PREFIX.len() + ((KEY_ID_BYTES + BODY_BYTES + TAG_BYTES) * 4).div_ceil(3);

const _: () = assert!(TestTicket::LIFETIME_MAX.as_secs() < ROTATED_AFTER.as_secs());

/// What lets whoever holds it try one connection that is not live, until it expires or a test has passed. It holds no
/// personal data, because it stands in a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TestTicket {
    /// The test's id: 122 random bits.
    pub id: Uuid,
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// Whether a sign-in without an address that may be released would be refused, as the user pool wants it.
    pub email_required: bool,
    /// Whole seconds.
    pub expires_at: Timestamp,
}

/// A ticket that is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum TestTicketError {
    /// It was not signed by us.
    #[error("not the ticket of a test sign-in")]
    Invalid,
    /// It was good once.
    #[error("the ticket has expired: ask for another link")]
    Expired,
    /// The keys cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Explain for TestTicketError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Invalid => Explanation::field("TEST_TICKET_INVALID", "ticket", self.to_string()),
            Self::Expired => Explanation::field("TEST_TICKET_EXPIRED", "ticket", self.to_string()),
            Self::Key(error) => error.explain(),
        }
    }
}

impl TestTicket {
    /// The longest time for which a ticket is good.
    pub const LIFETIME_MAX: Duration = Duration::from_hours(24);

    /// The text that stands in the link. Rotates the key when it is time.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn sign(&self, keys: &KeyStore, now: Timestamp) -> Result<String, KeyError> {
        let mut key = keys.current(PURPOSE, OWNER).await?;
        if now.since(key.created_at) >= ROTATED_AFTER {
            key = keys.rotate(PURPOSE, OWNER, &key).await?;
            keys.prune(PURPOSE, OWNER, KEPT).await?;
        }
        let mut bytes = key.id.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.body());
        bytes.extend_from_slice(&key.hmac(LABEL, &bytes));
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads a ticket of ours that is still good.
    ///
    /// # Errors
    /// [`TestTicketError`].
    pub async fn verify(text: &str, keys: &KeyStore, now: Timestamp) -> Result<Self, TestTicketError> {
        // What has not even the form costs no look at the keys: links come from anybody.
        let encoded = text.strip_prefix(PREFIX).filter(|_| text.len() == TEXT_BYTES);
        let bytes = encoded.and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok()).ok_or(TestTicketError::Invalid)?;
        let (signed, tag) = bytes.split_at_checked(KEY_ID_BYTES + BODY_BYTES).ok_or(TestTicketError::Invalid)?;
        let (id, body) = signed.split_first_chunk::<KEY_ID_BYTES>().ok_or(TestTicketError::Invalid)?;
        let body: &[u8; BODY_BYTES] = body.try_into().map_err(|_| TestTicketError::Invalid)?;
        // By its id, because another process may have made it a moment ago.
        let key = keys.find(PURPOSE, OWNER, KeyId(Uuid::from_bytes(*id))).await?;
        let is_signed = |key: Key| constant_time_eq(&key.hmac(LABEL, signed), tag);
        if !key.is_some_and(is_signed) {
            return Err(TestTicketError::Invalid);
        }
        let ticket = Self::read(body).ok_or(TestTicketError::Invalid)?;
        if now < ticket.expires_at { Ok(ticket) } else { Err(TestTicketError::Expired) }
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(BODY_BYTES + TAG_BYTES);
        bytes.extend_from_slice(&u32::try_from(self.expires_at.unix_seconds()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.push(u8::from(self.email_required));
        for id in [self.id, self.organization.uuid(), self.connection.uuid()] {
            bytes.extend_from_slice(id.as_bytes());
        }
        bytes
    }

    fn read(body: &[u8; BODY_BYTES]) -> Option<Self> {
        let (expires_at, rest) = body.split_first_chunk::<4>()?;
        let ([flag], rest) = rest.split_first_chunk::<1>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (organization, connection) = rest.split_first_chunk::<16>()?;
        Some(Self {
            id: Uuid::from_bytes(*id),
            organization: OrganizationId::from_uuid(Uuid::from_bytes(*organization)),
            connection: ConnectionId::from_uuid(Uuid::from_slice(connection).ok()?),
            email_required: *flag != 0,
            expires_at: Timestamp::from_unix_seconds(i64::from(u32::from_be_bytes(*expires_at))),
        })
    }
}

/// What came of the last attempt of a test sign-in. Holds nothing personal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TestOutcome {
    /// When it ended.
    pub at: Timestamp,
    /// Why it was refused; `None`: it passed.
    pub refused: Option<TestRefusal>,
    /// Every check.
    pub checks: Vec<TestCheck>,
    /// The names of the claims that would be released.
    pub claims: Vec<String>,
}

/// Why a test sign-in was refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TestRefusal {
    /// The stable reason.
    pub reason: String,
    /// Who has to mend it, as `vestibule.saml.v1.Refusal` counts.
    pub responsible: i32,
    /// For people.
    pub message: String,
}

/// A check of a test sign-in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TestCheck {
    /// Its name.
    pub name: String,
    /// What came of it, as `vestibule.saml.v1.Check` counts.
    pub status: i32,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub found: String,
}

/// The tests of which something is known, until an hour after their tickets expire.
#[derive(Clone)]
pub struct TestSignIns(Arc<dyn ExpiringRecords>);

/// Test sign-ins that have begun, by id.
const BEGUN: Bucket = Bucket("test_sign_in.begun");
/// What came of those that passed: kept apart, so that no other attempt comes in its place.
const PASSED: Bucket = Bucket("test_sign_in.passed");
/// Of the others, what came of the last attempt.
const OUTCOME: Bucket = Bucket("test_sign_in.outcome");

/// How long a test is known after its ticket has expired.
const KNOWN_FOR: Duration = Duration::from_hours(1);

impl TestSignIns {
    /// Kept among the records that expire.
    #[must_use]
    pub fn new(records: Arc<dyn ExpiringRecords>) -> Self {
        Self(records)
    }

    /// Notes that there is such a ticket.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn begin(&self, ticket: &TestTicket) -> Result<(), StorageError> {
        self.0.put(&record(BEGUN, ticket, ticket.body())).await.map(drop)
    }

    /// Notes what came of an attempt, in place of the one before. That one has passed is told whatever comes of others that
    /// end beside it or after it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn conclude(&self, ticket: &TestTicket, outcome: &TestOutcome) -> Result<(), StorageError> {
        let value = serde_json::to_vec(outcome).unwrap_or_default();
        match outcome.refused {
            None => self.0.put(&record(PASSED, ticket, value)).await.map(drop),
            Some(_) => self.0.replace(&record(OUTCOME, ticket, value)).await,
        }
    }

    /// The ticket, and what came of it so far; `None` when nothing is known of it any more.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find(
        &self,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<(TestTicket, Option<TestOutcome>)>, StorageError> {
        let begun = self.0.get(BEGUN, &key(id), now).await?;
        let ticket = begun.and_then(|begun| TestTicket::read(begun.value.as_slice().try_into().ok()?));
        let Some(ticket) = ticket else { return Ok(None) };
        let outcome = match self.0.get(PASSED, &key(id), now).await? {
            None => self.0.get(OUTCOME, &key(id), now).await?,
            passed => passed,
        };
        Ok(Some((ticket, outcome.and_then(|outcome| serde_json::from_slice(&outcome.value).ok()))))
    }
}

fn record(bucket: Bucket, ticket: &TestTicket, value: Vec<u8>) -> ExpiringRecord {
    ExpiringRecord { bucket, key: key(ticket.id), value, expires_at: ticket.expires_at.plus(KNOWN_FOR) }
}

fn key(id: Uuid) -> [u8; 32] {
    let mut key = [0; 32];
    key.iter_mut().zip(digest(&SHA256, id.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    key
}
