//! A consumer of a real stream: in order, once, retried, and set aside when nothing helps.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_nats::{HeaderMap, jetstream};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use vestibule_bus_nats::{ConsumerSettings, NatsPublisher, NatsSource};
use vestibule_consumer::{Event, HandleError, Handler, consume};

use crate::{server::Server, world::World};

/// Notes what it handles; some of it not at the first time, some never.
struct Notes {
    handled: watch::Sender<Vec<Event>>,
    failures: Mutex<HashMap<String, u32>>,
}

/// How often the first event of a lane fails.
const FAILS: u32 = 2;

#[async_trait]
impl Handler for Notes {
    async fn handle(&self, event: &Event) -> Result<(), HandleError> {
        if event.data.get("never").is_some() {
            return Err(HandleError::Never("it will not do".into()));
        }
        let mut failures = self.failures.lock().unwrap();
        let failed = failures.entry(event.organization.clone().unwrap_or_default()).or_default();
        if *failed < FAILS {
            *failed += 1;
            return Err(HandleError::Again("not yet".into()));
        }
        self.handled.send_modify(|events| events.push(event.clone()));
        Ok(())
    }
}

struct Running {
    events: watch::Receiver<Vec<Event>>,
    task: JoinHandle<()>,
    _stop: DropGuard,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    async fn handled(&mut self, count: usize) -> Vec<Event> {
        self.events.wait_for(|events| events.len() >= count).await.unwrap().clone()
    }
}

async fn start(server: &Server) -> Running {
    let settings = ConsumerSettings {
        bus: server.settings(),
        name: "offboarding".to_owned(),
        subjects: vec!["vestibule.test.*.organization.>".to_owned()],
    };
    let mut source = NatsSource::connect(settings).await.unwrap();
    let (handled, events) = watch::channel(Vec::new());
    let stop = CancellationToken::new();
    let (notes, memory, stopped) = (Notes { handled, failures: Mutex::default() }, source.handled(), stop.clone());
    let task = tokio::spawn(async move { consume(&mut source, &notes, &memory, &stopped).await });
    Running { events, task, _stop: stop.drop_guard() }
}

#[tokio::test]
async fn events_are_handled_once_and_in_the_order_of_their_organization_across_failures_and_restarts() {
    let test = "events_are_handled_once_and_in_the_order_of_their_organization_across_failures_and_restarts";
    let Some(mut server) = Server::scratch(test).await else { return };
    // The consumer is there before the stream is.
    let mut consumer = start(&server).await;
    let world = World::sqlite().await;
    world.append(3, 0, 5).await;
    let mut relay = world.relay(Arc::new(NatsPublisher::connect(server.settings()).await.unwrap()));
    relay.caught_up(&world).await;
    let mut all = consumer.handled(15).await;
    drop(consumer);

    // Another process, after the server was killed: it goes on where the first one ended.
    server.kill();
    server.start().await;
    world.append(3, 5, 5).await;
    relay.caught_up(&world).await;
    let mut consumer = start(&server).await;
    all.extend(consumer.handled(15).await);

    let ids: HashSet<&str> = all.iter().map(|event| event.id.as_str()).collect();
    assert_eq!((all.len(), ids.len()), (30, 30), "each once");
    let positions = world.positions().await;
    let mut ends: HashMap<&str, u64> = HashMap::new();
    for event in &all {
        assert_eq!(event.name, "organization.reinstated");
        let lane = event.organization.as_deref().unwrap();
        assert_eq!(event.data["organization"], lane);
        let position = positions[&event.id];
        let before = ends.insert(lane, position).unwrap_or(0);
        assert!(before < position, "{position} behind {before} in {lane}");
    }
    assert_eq!(ends.len(), 3);
}

#[tokio::test]
async fn what_nothing_helps_is_set_aside_with_its_reason_and_the_next_one_is_handled() {
    let test = "what_nothing_helps_is_set_aside_with_its_reason_and_the_next_one_is_handled";
    let Some(server) = Server::scratch(test).await else { return };
    let world = World::sqlite().await;
    world.append(1, 0, 1).await;
    let mut relay = world.relay(Arc::new(NatsPublisher::connect(server.settings()).await.unwrap()));
    relay.caught_up(&world).await;
    drop(relay);
    let mut consumer = start(&server).await;
    consumer.handled(1).await;

    let context = server.context().await;
    let subject = "vestibule.test.01890a5d-0000-7000-8000-000000000001.organization.updated";
    for (id, body) in [("poison", "{\"never\": true}"), ("twice", "{}"), ("twice-again", "{}"), ("no-json", "[")] {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        for (name, value) in [
            ("ce-specversion", "1.0"),
            ("ce-id", id.trim_end_matches("-again")),
            ("ce-type", "vestibule.organization.updated"),
            ("ce-subject", "organizations/x"),
            ("ce-time", "2026-11-21T10:00:00Z"),
            ("ce-organization", "x"),
        ] {
            headers.insert(name, value);
        }
        let stored = context.publish_with_headers(subject, headers, body.as_bytes().to_vec().into()).await.unwrap();
        stored.await.unwrap();
    }
    let events = consumer.handled(2).await;
    assert_eq!(events[1].id, "twice", "what is behind the poison");
    let letters = dead_letters(&context, 2).await;
    let reasons: Vec<&str> = letters.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(reasons, ["it will not do", "the body is not a JSON object"]);
    assert!(letters.iter().all(|(from, _)| from == subject), "{letters:?}");
    assert_eq!(consumer.events.borrow().len(), 2, "the one that came again was known");
}

/// Where they came from, and why.
async fn dead_letters(context: &jetstream::Context, count: usize) -> Vec<(String, String)> {
    let stream = context.get_stream("vestibule-dead-letters").await.unwrap();
    let config = jetstream::consumer::pull::Config {
        ack_policy: jetstream::consumer::AckPolicy::None,
        ..jetstream::consumer::pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.unwrap();
    let messages = consumer.messages().await.unwrap().take(count);
    let letters = messages.map(|message| {
        let headers = message.unwrap().message.headers.unwrap();
        let header = |name: &str| headers.get(name).unwrap().as_str().to_owned();
        (header("vestibule-dead-letter-subject"), header("vestibule-dead-letter-reason"))
    });
    tokio::time::timeout(Duration::from_secs(20), letters.collect()).await.unwrap()
}
