use std::time::Duration;

use async_nats::{
    HeaderMap, header,
    jetstream::{
        self, AckKind, Context,
        consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull},
        context::ContextBuilder,
        kv,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::time::timeout;
use vestibule_consumer::{Delivery, Handled, Message, PENDING_MAX, Source, SourceError};

use crate::{ConnectError, Settings, connect::connect};

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

/// A durable consumer of a `JetStream` stream: the server remembers how far it came.
pub struct NatsSource {
    settings: ConsumerSettings,
    context: Context,
    messages: Option<pull::Stream>,
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
        Ok(Self { settings, context, messages: None })
    }

    /// What remembers which events were handled, in a bucket of its own, as long as the stream keeps events.
    #[must_use]
    pub fn handled(&self) -> NatsHandled {
        let bucket = format!("{}-{}-handled", self.settings.bus.stream.name, self.settings.name);
        let stream = &self.settings.bus.stream;
        NatsHandled { context: self.context.clone(), bucket, kept: stream.max_age, replicas: stream.replicas }
    }

    /// The stream of events that nothing could be done about: `<stream>-dead-letters`.
    fn dead_letters(&self) -> String {
        format!("{}-dead-letters", self.settings.bus.stream.name)
    }

    async fn open(&self) -> Result<pull::Stream, SourceError> {
        let stream_settings = &self.settings.bus.stream;
        let dead_letters = Config {
            name: self.dead_letters(),
            description: Some("Events that consumers of Vestibule set aside".to_owned()),
            subjects: vec![format!("{}.>", self.dead_letters())],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_age: DEAD_LETTERS_KEPT,
            max_bytes: DEAD_LETTERS_BYTES_MAX,
            num_replicas: stream_settings.replicas,
            ..Config::default()
        };
        self.context.get_or_create_stream(dead_letters).await.map_err(failed)?;
        let stream = self.context.get_stream(&stream_settings.name).await.map_err(failed)?;
        let wanted = config(&self.settings.name, &self.settings.subjects);
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
        if self.messages.is_none() {
            self.messages = Some(self.open().await?);
        }
        let next = match &mut self.messages {
            Some(messages) => messages.next().await,
            None => None,
        };
        match next {
            Some(Ok(message)) => Ok(Box::new(NatsDelivery::new(message, self.context.clone(), self.dead_letters()))),
            Some(Err(error)) => {
                // The consumer may be gone with the server: it is looked for anew.
                self.messages = None;
                Err(failed(error))
            }
            None => {
                self.messages = None;
                Err(SourceError("the consumer has ended".into()))
            }
        }
    }
}

struct NatsDelivery {
    message: Message,
    delivered: jetstream::Message,
    context: Context,
    dead_letters: String,
}

impl NatsDelivery {
    fn new(delivered: jetstream::Message, context: Context, dead_letters: String) -> Self {
        let named = |(name, values): (&header::HeaderName, &Vec<header::HeaderValue>)| {
            values.iter().map(|value| (name.to_string(), value.as_str().to_owned())).collect::<Vec<_>>()
        };
        let headers = delivered.headers.iter().flat_map(|headers| headers.iter().flat_map(named)).collect();
        let message = Message { headers, body: delivered.payload.to_vec() };
        Self { message, delivered, context, dead_letters }
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
        for (name, value) in self.message.headers.iter().filter(|(name, _)| !name.starts_with("Nats-")) {
            headers.insert(name.as_str(), value.as_str());
        }
        if let Some(id) = self.message.header(header::NATS_MESSAGE_ID.as_ref()) {
            // Set aside twice, it is there once.
            headers.insert(header::NATS_MESSAGE_ID, id);
        }
        headers.insert("vestibule-dead-letter-reason", reason);
        headers.insert("vestibule-dead-letter-subject", self.delivered.subject.as_str());
        let subject = format!("{}.{}", self.dead_letters, self.delivered.subject);
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
