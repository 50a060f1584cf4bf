use std::{error::Error as _, sync::Arc, time::Duration};

use async_nats::{
    Client, HeaderMap,
    header::{self, HeaderName},
    jetstream::{
        self, Context, ErrorCode,
        context::{ContextBuilder, PublishErrorKind},
        message::PublishMessage,
        stream::{LastRawMessageErrorKind, Stream},
    },
};
use async_trait::async_trait;
use tokio::{
    sync::{Mutex, watch},
    time::{Instant, timeout},
};
use vestibule_bus::{CURSOR_HEADER, Last, Message, PublishError, Publisher, Receipt};

use crate::{ConnectError, Settings, connect::connect, stream, stream::StreamError};

/// Names the subjects whose last sequence number is compared (NATS server 2.11); the client has no constant for it.
const EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT: HeaderName =
    HeaderName::from_static("Nats-Expected-Last-Subject-Sequence-Subject");

/// How long an answer may take. Whether the message was stored is not known then.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a message waits for the connection before the attempt counts as failed.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

/// After a failure to find the stream, others who need it do not try again for this long.
const STREAM_RETRY_AFTER: Duration = Duration::from_millis(250);

/// The server's answers that say "no room now": stream full, disk full, memory or account limits reached.
const NO_ROOM: [ErrorCode; 4] = [
    ErrorCode::STREAM_STORE_FAILED,
    ErrorCode::INSUFFICIENT_RESOURCES,
    ErrorCode::STORAGE_RESOURCES_EXCEEDED,
    ErrorCode::TEMP_STORAGE_FAILED,
];

/// The server's answers that say "never": the message is too large for the stream.
const NEVER: [ErrorCode; 2] = [ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM, ErrorCode::STREAM_HEADER_EXCEEDS_MAXIMUM];

/// Publishes to one JetStream stream.
pub struct NatsPublisher {
    client: Client,
    connected: watch::Receiver<bool>,
    context: Context,
    settings: Settings,
    /// Whether it makes the stream and keeps it as the settings say.
    manages: bool,
    stream: Mutex<Known>,
}

/// Whether the stream is there and as configured.
enum Known {
    Unknown { failed_at: Option<Instant> },
    Ready(Arc<Stream<()>>),
}

impl NatsPublisher {
    /// A publisher that connects in the background: NATS need not be there yet. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ConnectError`]: the configuration cannot be used.
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        Self::connect_to(settings, true).await
    }

    /// The same, for a stream that somebody else makes and changes, so that the publisher needs no right to: it waits until
    /// the stream is there.
    ///
    /// # Errors
    /// [`ConnectError`]: the configuration cannot be used.
    pub async fn connect_to_declared(settings: Settings) -> Result<Self, ConnectError> {
        Self::connect_to(settings, false).await
    }

    async fn connect_to(settings: Settings, manages: bool) -> Result<Self, ConnectError> {
        let (client, connected) = connect(&settings).await?;
        let context = ContextBuilder::new().timeout(ANSWER_TIMEOUT).ack_timeout(ANSWER_TIMEOUT).build(client.clone());
        Ok(Self {
            client,
            connected,
            context,
            settings,
            manages,
            stream: Mutex::new(Known::Unknown { failed_at: None }),
        })
    }

    fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    async fn stream(&self) -> Result<Arc<Stream<()>>, PublishError> {
        // What is sent while there is no connection would lie in the client and leave it later, out of our hands.
        if !self.is_connected() {
            let mut connected = self.connected.clone();
            if !matches!(timeout(CONNECTED_WITHIN, connected.wait_for(|connected| *connected)).await, Ok(Ok(_))) {
                return Err(unavailable(StreamError::NotConnected));
            }
        }
        let mut known = self.stream.lock().await;
        match &*known {
            Known::Ready(stream) => return Ok(Arc::clone(stream)),
            Known::Unknown { failed_at: Some(at) } if at.elapsed() < STREAM_RETRY_AFTER => {
                return Err(unavailable(StreamError::NotConnected));
            }
            Known::Unknown { .. } => {}
        }
        match stream::ensure(&self.client, &self.context, &self.settings.stream, self.manages).await {
            Ok(stream) => {
                let stream = Arc::new(stream);
                *known = Known::Ready(Arc::clone(&stream));
                Ok(stream)
            }
            Err(error) => {
                *known = Known::Unknown { failed_at: Some(Instant::now()) };
                Err(unavailable(error))
            }
        }
    }

    /// The stream is not what it was: look again before the next message.
    async fn forget(&self) {
        *self.stream.lock().await = Known::Unknown { failed_at: None };
    }

    async fn explained(&self, error: jetstream::context::PublishError) -> PublishError {
        let code = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
        let code = code.map(jetstream::Error::error_code);
        match error.kind() {
            PublishErrorKind::WrongLastSequence => PublishError::Moved,
            PublishErrorKind::MaxPayloadExceeded => PublishError::Refused(error.into()),
            PublishErrorKind::StreamNotFound => {
                self.forget().await;
                PublishError::Unavailable(error.into())
            }
            _ => match code {
                Some(ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT) => PublishError::Moved,
                Some(code) if NO_ROOM.contains(&code) => PublishError::Full(error.into()),
                Some(code) if NEVER.contains(&code) => PublishError::Refused(error.into()),
                _ => PublishError::Unavailable(error.into()),
            },
        }
    }
}

#[async_trait]
impl Publisher for NatsPublisher {
    async fn last(&self, lane: &str) -> Result<Last, PublishError> {
        match self.stream().await?.get_last_raw_message_by_subject(lane).await {
            Ok(message) => {
                let text = |name: &str| message.headers.get(name).map(|value| value.as_str().to_owned());
                Ok(Last {
                    sequence: message.sequence,
                    cursor: text(CURSOR_HEADER).and_then(|text| text.parse().ok()),
                    id: text(header::NATS_MESSAGE_ID.as_ref()).and_then(|text| text.parse().ok()),
                })
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(Last::default()),
            Err(error) => {
                self.forget().await;
                Err(PublishError::Unavailable(error.into()))
            }
        }
    }

    async fn publish(&self, message: &Message, expected: u64) -> Result<Receipt, PublishError> {
        self.stream().await?;
        let mut headers = HeaderMap::new();
        for (name, value) in &message.headers {
            headers.insert(HeaderName::from_static(name), value.as_str());
        }
        headers.insert(EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT, message.lane.as_str());
        let publish = PublishMessage::build()
            .payload(message.body.clone().into())
            .headers(headers)
            .message_id(message.id.to_string())
            .expected_stream(&self.settings.stream.name)
            .expected_last_subject_sequence(expected);
        let sent = match self.context.send_publish(message.subject.clone(), publish).await {
            Ok(sent) => sent,
            Err(error) => return Err(self.explained(error).await),
        };
        match sent.await {
            Ok(stored) => Ok(Receipt { sequence: stored.sequence, duplicate: stored.duplicate }),
            Err(error) => Err(self.explained(error).await),
        }
    }
}

fn unavailable(error: StreamError) -> PublishError {
    PublishError::Unavailable(Box::new(error))
}
