//! What was set aside: whose it is, and how it gets another turn.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_nats::HeaderMap;
use async_trait::async_trait;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use vestibule_bus_nats::{ConsumerSettings, DeadLetter, DeadLetterError, DeadLetters, NatsPublisher, NatsSource};
use vestibule_consumer::{Event, HandleError, Handler, consume};

use crate::{
    server::{STREAM, Server},
    world::World,
};

const SUBJECT: &str = "vestibule.test.01890a5d-0000-7000-8000-000000000001.organization.updated";

/// Refuses some events for good, as long as it is told to.
#[derive(Clone)]
struct Picky {
    refuses: Arc<Mutex<HashSet<&'static str>>>,
    handled: watch::Sender<Vec<String>>,
}

#[async_trait]
impl Handler for Picky {
    async fn handle(&self, event: &Event) -> Result<(), HandleError> {
        if self.refuses.lock().unwrap().contains(event.id.as_str()) {
            return Err(HandleError::Never("it will not do".into()));
        }
        self.handled.send_modify(|ids| ids.push(event.id.clone()));
        Ok(())
    }
}

/// A consumer that runs.
struct Running {
    picky: Picky,
    task: JoinHandle<()>,
    _stop: DropGuard,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    async fn start(server: &Server, name: &str, refuses: &[&'static str]) -> Self {
        let settings = ConsumerSettings {
            bus: server.settings(),
            name: name.to_owned(),
            subjects: vec!["vestibule.test.*.organization.updated".to_owned()],
        };
        let mut source = NatsSource::connect(settings).await.unwrap();
        let refuses = Arc::new(Mutex::new(refuses.iter().copied().collect()));
        let picky = Picky { refuses, handled: watch::Sender::new(Vec::new()) };
        let stop = CancellationToken::new();
        let (handler, memory, stopped) = (picky.clone(), source.handled(), stop.clone());
        let task = tokio::spawn(async move { consume(&mut source, &handler, &memory, &stopped).await });
        Self { picky, task, _stop: stop.drop_guard() }
    }

    async fn has_handled(&self, ids: &[&str]) {
        let mut handled = self.picky.handled.subscribe();
        let found = handled.wait_for(|handled| handled.len() >= ids.len());
        let found = tokio::time::timeout(Duration::from_secs(30), found).await.unwrap().unwrap().clone();
        assert_eq!(found, ids);
    }
}

async fn publish(server: &Server, id: &str) {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("Nats-Msg-Id", id),
        ("ce-specversion", "1.0"),
        ("ce-id", id),
        ("ce-type", "vestibule.organization.updated"),
        ("ce-subject", "organizations/x"),
        ("ce-time", "2026-11-21T10:00:00Z"),
        ("ce-organization", "x"),
    ] {
        headers.insert(name, value);
    }
    let context = server.context().await;
    context.publish_with_headers(SUBJECT, headers, "{}".into()).await.unwrap().await.unwrap();
}

/// A server with a stream.
async fn server(test: &str) -> Option<Server> {
    let server = Server::scratch(test).await?;
    let world = World::sqlite().await;
    world.append(1, 0, 1).await;
    world.relay(Arc::new(NatsPublisher::connect(server.settings()).await.unwrap())).caught_up(&world).await;
    Some(server)
}

/// So many dead letters, when they are there.
async fn letters(server: &Server, consumer: Option<&str>, count: usize) -> Vec<DeadLetter> {
    let wait = async {
        loop {
            if let Ok(letters) = DeadLetters::connect(&server.settings()).await {
                let (mut found, mut after) = (Vec::new(), 0);
                while let Some(letter) = letters.next(consumer, after).await.unwrap() {
                    after = letter.sequence;
                    found.push(letter);
                }
                if found.len() == count {
                    return found;
                }
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.unwrap()
}

async fn redrive(server: &Server, letter: &DeadLetter) {
    DeadLetters::connect(&server.settings()).await.unwrap().redrive(letter).await.unwrap();
}

#[tokio::test]
async fn what_was_set_aside_gets_another_turn_from_its_own_consumer_only() {
    let test = "what_was_set_aside_gets_another_turn_from_its_own_consumer_only";
    let Some(server) = server(test).await else { return };
    let none = DeadLetters::connect(&server.settings()).await.err();
    assert!(matches!(&none, Some(DeadLetterError::NoStream(name)) if name == "vestibule-dead-letters"), "{none:?}");
    let crm = Running::start(&server, "crm", &["a", "b"]).await;
    let hr = Running::start(&server, "hr", &["a"]).await;
    for id in ["a", "b", "c"] {
        publish(&server, id).await;
    }
    // Each has its own, also of the same event.
    let all = letters(&server, None, 3).await;
    let mut whose: Vec<(&str, &str)> = all.iter().map(|one| (one.consumer.as_str(), one.id.as_str())).collect();
    whose.sort_unstable();
    assert_eq!(whose, [("crm", "a"), ("crm", "b"), ("hr", "a")]);
    for one in &all {
        assert_eq!((one.name.as_str(), one.resource.as_str()), ("vestibule.organization.updated", "organizations/x"));
        assert!(one.reason == "it will not do" && one.unix_seconds > 1_700_000_000, "{one:?}");
    }
    crm.has_handled(&["c"]).await;
    hr.has_handled(&["b", "c"]).await;

    // What helps now is handled; what does not comes back, and is no endless story.
    crm.picky.refuses.lock().unwrap().remove("a");
    let of_crm = letters(&server, Some("crm"), 2).await;
    let last = DeadLetters::connect(&server.settings()).await.unwrap().last();
    for one in &of_crm {
        redrive(&server, one).await;
    }
    crm.has_handled(&["c", "a"]).await;
    let left = letters(&server, Some("crm"), 1).await;
    assert_eq!((left[0].id.as_str(), left[0].reason.as_str()), ("b", "it will not do"));
    assert!(left[0].sequence > last, "it is a new one");
    crm.picky.refuses.lock().unwrap().clear();
    redrive(&server, &left[0]).await;
    crm.has_handled(&["c", "a", "b"]).await;
    assert_eq!(letters(&server, None, 1).await[0].consumer, "hr", "the other one's stay where they are");
    hr.has_handled(&["b", "c"]).await;
    // Nothing of it came into the stream of events.
    let mut events = server.context().await.get_stream(STREAM).await.unwrap();
    assert_eq!(events.info().await.unwrap().state.messages, 4);
}

#[tokio::test]
async fn what_is_given_again_waits_for_its_consumer_and_is_handled_once() {
    let test = "what_is_given_again_waits_for_its_consumer_and_is_handled_once";
    let Some(mut server) = server(test).await else { return };
    let crm = Running::start(&server, "crm", &["a"]).await;
    publish(&server, "a").await;
    let waiting = letters(&server, Some("crm"), 1).await;
    drop(crm);
    // Moved, and moved once more by somebody who had not heard that it was.
    let again = DeadLetters::connect(&server.settings()).await.unwrap();
    again.redrive(&waiting[0]).await.unwrap();
    assert!(matches!(again.redrive(&waiting[0]).await, Err(DeadLetterError::Bus(_))));
    assert_eq!(again.next(None, 0).await.unwrap(), None, "what waits to be tried again is no dead letter");
    server.kill();
    server.start().await;
    let crm = Running::start(&server, "crm", &[]).await;
    publish(&server, "b").await;
    let mut handled = crm.picky.handled.subscribe();
    let found = tokio::time::timeout(Duration::from_mins(1), handled.wait_for(|ids| ids.len() == 2)).await;
    let mut found = found.unwrap().unwrap().clone();
    found.sort();
    assert_eq!(found, ["a", "b"]);
}
