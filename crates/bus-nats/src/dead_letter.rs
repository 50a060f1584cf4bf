//! Events that a consumer has set aside, and how they get another turn.
//!
//! They lie in one stream, `<stream>-dead-letters`, under `<stream>-dead-letters.<consumer>.<subject>`. One that shall be tried
//! again moves to `<stream>-dead-letters._again.<consumer>.<subject>`, from where its consumer, and no other, gets it. It never
//! goes back to the stream of events: there it would come to every consumer once more, and stand in the way of the relay, which
//! counts on the order of its own messages.

use std::{error::Error, time::Duration};

use async_nats::{
    HeaderMap, header,
    jetstream::{
        Context, ErrorCode,
        context::{ContextBuilder, GetStreamErrorKind},
        message::StreamMessage,
        stream::{RawMessageErrorKind, Stream},
    },
};

use crate::{ConnectError, Settings, connect::connect_now};

/// Why it was set aside.
pub(crate) const REASON: &str = "vestibule-dead-letter-reason";

/// Under which subject it was published.
pub(crate) const SUBJECT: &str = "vestibule-dead-letter-subject";

/// Who has set it aside.
pub(crate) const CONSUMER: &str = "vestibule-dead-letter-consumer";

/// In the place of a consumer's name, which has no `_`: what shall be tried again.
const AGAIN: &str = "_again";

/// How long the server may take to be there.
const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The stream of dead letters of a stream of events.
pub(crate) fn stream_name(stream: &str) -> String {
    format!("{stream}-dead-letters")
}

/// Where a consumer puts its dead letters; the subject of the event follows.
pub(crate) fn set_aside_subject(stream: &str, consumer: &str, subject: &str) -> String {
    format!("{}.{consumer}.{subject}", stream_name(stream))
}

/// Where a consumer finds what it shall try again; the subject of the event follows.
pub(crate) fn again_subject(stream: &str, consumer: &str, subject: &str) -> String {
    format!("{}.{AGAIN}.{consumer}.{subject}", stream_name(stream))
}

/// An event that was set aside. What it says is not told: it may be personal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetter {
    /// Its place among the dead letters.
    pub sequence: u64,
    /// Who has set it aside.
    pub consumer: String,
    /// Why.
    pub reason: String,
    /// When, in seconds since 1970.
    pub unix_seconds: i64,
    /// The id of the event.
    pub id: String,
    /// Its type.
    pub name: String,
    /// What it is about.
    pub resource: String,
}

/// The dead letters cannot be read, or not be moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLetterError {
    /// The connection cannot be made as configured.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There is no such stream.
    #[error("there is no stream {0}: no consumer has run yet, or nats.stream is another one")]
    NoStream(String),
    /// NATS does not answer, or refuses.
    #[error("NATS does not answer, or does not let us")]
    Bus(#[source] Box<dyn Error + Send + Sync>),
}

/// The dead letters of all consumers of a stream of events.
pub struct DeadLetters {
    context: Context,
    events: String,
    stream: Stream,
}

impl DeadLetters {
    /// Connects, and waits a while for a server that is not there.
    ///
    /// # Errors
    /// [`DeadLetterError`].
    pub async fn connect(settings: &Settings) -> Result<Self, DeadLetterError> {
        let client = connect_now(settings, CONNECTED_WITHIN).await?;
        let context = ContextBuilder::new().timeout(ANSWER_TIMEOUT).ack_timeout(ANSWER_TIMEOUT).build(client);
        let name = stream_name(&settings.stream.name);
        let stream = match context.get_stream(&name).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    return Err(DeadLetterError::NoStream(name));
                }
                _ => return Err(failed(error)),
            },
        };
        Ok(Self { context, events: settings.stream.name.clone(), stream })
    }

    /// The place of the last one as of connecting: who tries everything again ends there, and does not meet what fails once more.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.stream.cached_info().state.last_sequence
    }

    /// The first one behind this place, of one consumer or of all.
    ///
    /// # Errors
    /// [`DeadLetterError::Bus`].
    pub async fn next(&self, consumer: Option<&str>, after: u64) -> Result<Option<DeadLetter>, DeadLetterError> {
        let wanted = set_aside_subject(&self.events, consumer.unwrap_or("*"), ">");
        let waiting = format!("{}.{AGAIN}.", stream_name(&self.events));
        let mut after = after;
        loop {
            let found = match self.stream.get_first_raw_message_by_subject(&wanted, after.saturating_add(1)).await {
                Ok(found) => found,
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(None),
                Err(error) => return Err(failed(error)),
            };
            if !found.subject.starts_with(&waiting) {
                return Ok(Some(letter(&found)));
            }
            after = found.sequence;
        }
    }

    /// Gives it to its consumer again. A running one gets it at once, another when it runs; what is refused again comes back as a
    /// dead letter of its own. Done twice by mistake, it is given once, within the stream's dedupe window.
    ///
    /// # Errors
    /// [`DeadLetterError::Bus`].
    pub async fn redrive(&self, letter: &DeadLetter) -> Result<(), DeadLetterError> {
        let stored = self.stream.get_raw_message(letter.sequence).await.map_err(failed)?;
        let subject = stored.headers.get(SUBJECT).map(|subject| subject.as_str().to_owned()).unwrap_or_default();
        let mut headers = HeaderMap::new();
        for (name, values) in stored.headers.iter().filter(|(name, _)| is_of_event(name.as_ref())) {
            if let Some(value) = values.first() {
                headers.insert(name.clone(), value.clone());
            }
        }
        headers.insert(header::NATS_MESSAGE_ID, format!("{AGAIN}:{}", letter.sequence));
        let subject = again_subject(&self.events, &letter.consumer, &subject);
        let moved = self.context.publish_with_headers(subject, headers, stored.payload).await.map_err(failed)?;
        moved.await.map_err(failed)?;
        self.stream.delete_message(letter.sequence).await.map_err(failed)?;
        Ok(())
    }
}

/// Whether a header came with the event: neither from the server nor from who set it aside.
pub(crate) fn is_of_event(name: &str) -> bool {
    !name.starts_with("Nats-") && ![REASON, SUBJECT, CONSUMER].contains(&name)
}

fn letter(found: &StreamMessage) -> DeadLetter {
    let header = |name: &str| {
        let value = found.headers.get(name).map(async_nats::HeaderValue::as_str).unwrap_or_default();
        value.chars().filter(|each| !each.is_control()).collect::<String>()
    };
    DeadLetter {
        sequence: found.sequence,
        consumer: header(CONSUMER),
        reason: header(REASON),
        unix_seconds: found.time.unix_timestamp(),
        id: header("ce-id"),
        name: header("ce-type"),
        resource: header("ce-subject"),
    }
}

fn failed(error: impl Error + Send + Sync + 'static) -> DeadLetterError {
    DeadLetterError::Bus(Box::new(error))
}
