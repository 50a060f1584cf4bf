//! How long an event is tried, with a bus that is a channel.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use vestibule_consumer::{
    ATTEMPTS_MAX, Delivery, Event, HandleError, Handled, HandledInMemory, Handler, Message, Source, SourceError,
    consume,
};

/// What the bus was told.
#[derive(Debug, Eq, PartialEq)]
enum Told {
    Working,
    Done,
    SetAside(String),
}

struct Letter {
    message: Message,
    patience: Duration,
    told: UnboundedSender<Told>,
}

impl Letter {
    fn tell(&self, told: Told) -> Result<(), SourceError> {
        self.told.send(told).map_err(|error| SourceError(error.to_string().into()))
    }
}

#[async_trait]
impl Delivery for Letter {
    fn message(&self) -> &Message {
        &self.message
    }

    fn patience(&self) -> Duration {
        self.patience
    }

    async fn working(&self) -> Result<(), SourceError> {
        self.tell(Told::Working)
    }

    async fn done(&self) -> Result<(), SourceError> {
        self.tell(Told::Done)
    }

    async fn set_aside(&self, reason: &str) -> Result<(), SourceError> {
        self.tell(Told::SetAside(reason.to_owned()))
    }
}

/// One message, and nothing behind it.
struct One(Option<Letter>);

#[async_trait]
impl Source for One {
    async fn next(&mut self) -> Result<Box<dyn Delivery>, SourceError> {
        match self.0.take() {
            Some(letter) => Ok(Box::new(letter)),
            None => std::future::pending().await,
        }
    }
}

/// Fails as often as it is told to.
struct Fails {
    attempts_max: Option<u32>,
    left: AtomicU32,
}

#[async_trait]
impl Handler for Fails {
    async fn handle(&self, _event: &Event) -> Result<(), HandleError> {
        let failed = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if failed.is_ok() { Err(HandleError::Again("it is away".into())) } else { Ok(()) }
    }

    fn attempts_max(&self) -> Option<u32> {
        self.attempts_max
    }
}

/// Takes as long as somebody else wants it to.
struct Slow(tokio::sync::Semaphore);

#[async_trait]
impl Handler for Slow {
    async fn handle(&self, _event: &Event) -> Result<(), HandleError> {
        self.0.acquire().await.map(drop).map_err(|closed| HandleError::Never(closed.into()))
    }
}

/// A memory that is away as often as it is told to.
struct Forgetful {
    left: AtomicU32,
    memory: HandledInMemory,
}

impl Forgetful {
    fn is_there(&self) -> Result<(), SourceError> {
        let away = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if away.is_ok() { Err(SourceError("the bucket is away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Handled for Forgetful {
    async fn was(&self, id: &str) -> Result<bool, SourceError> {
        self.is_there()?;
        self.memory.was(id).await
    }

    async fn note(&self, id: &str) -> Result<(), SourceError> {
        self.is_there()?;
        self.memory.note(id).await
    }
}

/// Consumes one message; what the bus hears of it.
fn consumed(handler: Arc<dyn Handler>, patience: Duration) -> UnboundedReceiver<Told> {
    consumed_with(handler, HandledInMemory::new(1), patience)
}

fn consumed_with(
    handler: Arc<dyn Handler>,
    memory: impl Handled + 'static,
    patience: Duration,
) -> UnboundedReceiver<Told> {
    let (told, hears) = unbounded_channel();
    tokio::spawn(async move {
        let mut source = One(Some(Letter { message: crate::message(|_| {}, b"{}"), patience, told }));
        consume(&mut source, &*handler, &memory, &CancellationToken::new()).await;
    });
    hears
}

/// The first thing that ends it.
async fn end(mut hears: UnboundedReceiver<Told>) -> Option<Told> {
    loop {
        match hears.recv().await {
            Some(Told::Working) => {}
            end => return end,
        }
    }
}

#[tokio::test]
async fn an_event_is_tried_as_often_as_its_handler_says() {
    let fails = |attempts_max, times| Arc::new(Fails { attempts_max, left: AtomicU32::new(times) });
    let patience = Duration::from_secs(30);
    assert_eq!(end(consumed(fails(Some(2), 1), patience)).await, Some(Told::Done));
    assert_eq!(end(consumed(fails(Some(2), 2), patience)).await, Some(Told::SetAside("it is away".to_owned())));
    assert_eq!(end(consumed(fails(None, 3), patience)).await, Some(Told::Done));
    assert_eq!(Handler::attempts_max(&Slow(tokio::sync::Semaphore::new(0))), Some(ATTEMPTS_MAX), "unless it says so");
}

#[tokio::test]
async fn a_memory_that_is_away_is_no_fault_of_the_event() {
    let handler = Arc::new(Fails { attempts_max: Some(1), left: AtomicU32::new(0) });
    let memory = Forgetful { left: AtomicU32::new(2), memory: HandledInMemory::new(1) };
    assert_eq!(end(consumed_with(handler, memory, Duration::from_secs(30))).await, Some(Told::Done));
}

#[tokio::test]
async fn the_bus_hears_of_an_event_for_as_long_as_it_is_worked_on() {
    let slow = Arc::new(Slow(tokio::sync::Semaphore::new(0)));
    let mut hears = consumed(slow.clone(), Duration::from_millis(30));
    for _ in 0..3 {
        assert_eq!(hears.recv().await, Some(Told::Working));
    }
    slow.0.add_permits(1);
    assert_eq!(end(hears).await, Some(Told::Done));
}
