use std::time::Duration;

use async_nats::{
    HeaderMap, header,
    jetstream::{
        self, AckKind, Context,
        consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
        context::ContextBuilder,
        kv,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
    },
};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::time::timeout;
use vestibule_consumer::{Delivery, Handled, Message, PENDING_MAX, Source, SourceError};

use crate::{
    ConnectError, Settings,
    connect::connect,
    dead_letter::{self, again_subject, is_of_event, set_aside_subject},
};

/// How long an answer of the server may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// After how long without a word an event is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);

/// How long dead letters are kept.
const DEAD_LETTERS_KEPT: Duration = Duration::from_hours(24 * 30);

/// How large they may grow together.
const DEAD_LETTERS_BYTES_MAX: i64 = 256 * 1024 * 1024;

/// Where events come from, and who consumes them.
#[derive(Clone, Debug)]
pub struct ConsumerSettings {
    /// The connection and the stream.
    pub bus: Settings,
    /// Names the consumer for the server: letters, digits and `-`. Two processes with one name share the work; each
    /// organization's events may then be handled by both at a time, so run one and keep another ready.
    pub name: String,
    /// What it wants, as subjects: `vestibule.production.*.person.>`.
    pub subjects: Vec<String>,
}

/// A durable consumer of a `JetStream` stream: the server remembers how far it came. What was set aside and shall be tried
/// again comes beside the events ([`crate::DeadLetters`]).
pub struct NatsSource {
    settings: ConsumerSettings,
    context: Context,
    open: Option<Open>,
}

/// What the server delivers.
struct Open {
    events: pull::Stream,
    /// `None` where we may not have it.
    again: Option<pull::Stream>,
}

impl NatsSource {
    /// One that connects in the background: neither NATS nor the stream need be there yet. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`ConnectError`]: the configuration cannot be used.
    pub async fn connect(settings: ConsumerSettings) -> Result<Self, ConnectError> {
        let (client, _) = connect(&settings.bus).await?;
        let context = ContextBuilder::new().timeout(ANSWER_TIMEOUT).ack_timeout(ANSWER_TIMEOUT).build(client);
        Ok(Self { settings, context, open: None })
    }

    /// What remembers which events were handled, in a bucket of its own, as long as the stream keeps events.
    #[must_use]
    pub fn handled(&self) -> NatsHandled {
        let bucket = format!("{}-{}-handled", self.settings.bus.stream.name, self.settings.name);
        let stream = &self.settings.bus.stream;
        NatsHandled { context: self.context.clone(), bucket, kept: stream.max_age, replicas: stream.replicas }
    }

    async fn open(&self) -> Result<Open, SourceError> {
        let stream_settings = &self.settings.bus.stream;
        let name = dead_letter::stream_name(&stream_settings.name);
        let dead_letters = Config {
            description: Some("Events that consumers of Vestibule set aside".to_owned()),
            subjects: vec![format!("{name}.>")],
            name,
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_age: DEAD_LETTERS_KEPT,
            max_bytes: DEAD_LETTERS_BYTES_MAX,
            num_replicas: stream_settings.replicas,
            ..Config::default()
        };
        let dead_letters = self.context.get_or_create_stream(dead_letters).await.map_err(failed)?;
        let stream = self.context.get_stream(&stream_settings.name).await.map_err(failed)?;
        let events = self.messages(&stream, &self.settings.subjects).await?;
        let again = again_subject(&stream_settings.name, &self.settings.name, ">");
        let again = match self.messages(&dead_letters, &[again]).await {
            Ok(again) => Some(again),
            Err(error) => {
                // Events are worth more than what was set aside.
                tracing::warn!(
                    consumer = self.settings.name,
                    error = &error as &dyn std::error::Error,
                    "what was set aside cannot be tried again: declare the consumer for `vestibule nats apply`"
                );
                None
            }
        };
        Ok(Open { events, again })
    }

    /// What our consumer of a stream is delivered.
    async fn messages(&self, stream: &Stream, subjects: &[String]) -> Result<pull::Stream, SourceError> {
        let wanted = config(&self.settings.name, subjects);
        // Who may not make consumers finds the one that `vestibule nats apply` has made.
        let consumer: PullConsumer = match stream.get_consumer(&self.settings.name).await {
            Ok(found) if is_as_wanted(&found, &wanted) => found,
            Ok(_) | Err(_) => stream.create_consumer(wanted).await.map_err(failed)?,
        };
        consumer.stream().max_messages_per_batch(PENDING_MAX).messages().await.map_err(failed)
    }
}

/// A durable consumer of these subjects, as every consumer of ours is.
pub(crate) fn config(name: &str, subjects: &[String]) -> pull::Config {
    pull::Config {
        durable_name: Some(name.to_owned()),
        description: Some("A consumer of Vestibule's events".to_owned()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        // The consumer itself decides when nothing helps.
        max_deliver: -1,
        max_ack_pending: i64::try_from(PENDING_MAX).unwrap_or(i64::MAX),
        filter_subjects: subjects.to_vec(),
        ..pull::Config::default()
    }
}

fn is_as_wanted(found: &PullConsumer, wanted: &pull::Config) -> bool {
    let is = &found.cached_info().config;
    let mut subjects = (is.filter_subjects.clone(), wanted.filter_subjects.clone());
    subjects.0.sort_unstable();
    subjects.1.sort_unstable();
    subjects.0 == subjects.1
        && is.ack_policy == wanted.ack_policy
        && is.ack_wait == wanted.ack_wait
        && is.max_deliver == wanted.max_deliver
        && is.max_ack_pending == wanted.max_ack_pending
}

#[async_trait]
impl Source for NatsSource {
    async fn next(&mut self) -> Result<Box<dyn Delivery>, SourceError> {
        if self.open.is_none() {
            self.open = Some(self.open().await?);
        }
        let next = match &mut self.open {
            Some(Open { events, again: None }) => events.next().await,
            Some(Open { events, again: Some(again) }) => tokio::select! {
                next = events.next() => next,
                next = again.next() => next,
            },
            None => None,
        };
        match next {
            Some(Ok(message)) => Ok(Box::new(NatsDelivery::new(message, self.context.clone(), &self.settings))),
            Some(Err(error)) => {
                // The consumer may be gone with the server: it is looked for anew.
                self.open = None;
                Err(failed(error))
            }
            None => {
                self.open = None;
                Err(SourceError("the consumer has ended".into()))
            }
        }
    }
}

struct NatsDelivery {
    message: Message,
    delivered: jetstream::Message,
    context: Context,
    /// The stream of events, and who consumes it.
    stream: String,
    consumer: String,
}

impl NatsDelivery {
    fn new(delivered: jetstream::Message, context: Context, settings: &ConsumerSettings) -> Self {
        let named = |(name, values): (&header::HeaderName, &Vec<header::HeaderValue>)| {
            values.iter().map(|value| (name.to_string(), value.as_str().to_owned())).collect::<Vec<_>>()
        };
        let headers = delivered.headers.iter().flat_map(|headers| headers.iter().flat_map(named)).collect();
        let message = Message { headers, body: delivered.payload.to_vec() };
        let (stream, consumer) = (settings.bus.stream.name.clone(), settings.name.clone());
        Self { message, delivered, context, stream, consumer }
    }

    /// Under which subject it was published, also when it was set aside before.
    fn subject(&self) -> &str {
        let subject = self.delivered.subject.as_str();
        let again = again_subject(&self.stream, &self.consumer, "");
        subject.strip_prefix(&again).unwrap_or(subject)
    }

    async fn acknowledge(&self, kind: AckKind) -> Result<(), SourceError> {
        self.delivered.ack_with(kind).await.map_err(SourceError)
    }
}

#[async_trait]
impl Delivery for NatsDelivery {
    fn message(&self) -> &Message {
        &self.message
    }

    fn patience(&self) -> Duration {
        ACK_WAIT
    }

    async fn working(&self) -> Result<(), SourceError> {
        self.acknowledge(AckKind::Progress).await
    }

    /// Waits until the server has heard it.
    async fn done(&self) -> Result<(), SourceError> {
        match timeout(ANSWER_TIMEOUT, self.delivered.double_ack()).await {
            Ok(heard) => heard.map_err(SourceError),
            Err(late) => Err(failed(late)),
        }
    }

    async fn set_aside(&self, reason: &str) -> Result<(), SourceError> {
        let mut headers = HeaderMap::new();
        // What the relay told the server about the event's own stream would be held against this one.
        for (name, value) in self.message.headers.iter().filter(|(name, _)| is_of_event(name)) {
            headers.insert(name.as_str(), value.as_str());
        }
        let place = self.delivered.info().map_err(SourceError)?;
        // Set aside twice by one consumer, it is there once; by two consumers, or tried again and set aside anew, twice.
        let id = format!("{}:{}:{}", self.consumer, place.stream, place.stream_sequence);
        headers.insert(header::NATS_MESSAGE_ID, id);
        headers.insert(dead_letter::REASON, reason);
        headers.insert(dead_letter::SUBJECT, self.subject());
        headers.insert(dead_letter::CONSUMER, self.consumer.as_str());
        let subject = set_aside_subject(&self.stream, &self.consumer, self.subject());
        let stored = self.context.publish_with_headers(subject, headers, self.delivered.payload.clone()).await;
        stored.map_err(failed)?.await.map_err(failed)?;
        self.acknowledge(AckKind::Term).await
    }
}

/// Remembers in a key-value bucket which events were handled.
pub struct NatsHandled {
    context: Context,
    bucket: String,
    kept: Duration,
    replicas: usize,
}

impl NatsHandled {
    async fn store(&self) -> Result<kv::Store, SourceError> {
        if let Ok(known) = self.context.get_key_value(&self.bucket).await {
            return Ok(known);
        }
        let config = kv::Config {
            bucket: self.bucket.clone(),
            description: "Events that were handled".to_owned(),
            max_age: self.kept,
            num_replicas: self.replicas,
            ..kv::Config::default()
        };
        self.context.create_key_value(config).await.map_err(failed)
    }
}

#[async_trait]
impl Handled for NatsHandled {
    async fn was(&self, id: &str) -> Result<bool, SourceError> {
        Ok(self.store().await?.get(id).await.map_err(failed)?.is_some())
    }

    async fn note(&self, id: &str) -> Result<(), SourceError> {
        self.store().await?.put(id, "".into()).await.map_err(failed)?;
        Ok(())
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    SourceError(Box::new(error))
}
