use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use vestibule_bus::{Last, Message, PublishError, Publisher, Receipt};
use vestibule_kernel::EventId;

/// A bus in memory that keeps to the port: lanes, expected ends, ids that are recognised.
#[derive(Clone, Default)]
pub(crate) struct Bus(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// How many more messages may be acknowledged.
    acknowledgements: Semaphore,
}

impl Default for Shared {
    fn default() -> Self {
        Self { state: Mutex::default(), acknowledgements: Semaphore::new(Semaphore::MAX_PERMITS) }
    }
}

#[derive(Default)]
struct State {
    stored: Vec<Message>,
    ids: HashMap<EventId, u64>,
    lanes: HashMap<String, Last>,
    /// Answers to the next attempts, instead of storing.
    faults: Vec<PublishError>,
    /// The window is over: no id is recognised any more.
    forgetful: bool,
    flying: HashMap<String, usize>,
    flying_most: usize,
    overlapped: bool,
}

impl Bus {
    /// A bus that acknowledges nothing until [`Self::acknowledge`].
    pub(crate) fn holding() -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), acknowledgements: Semaphore::new(0) }))
    }

    pub(crate) fn acknowledge(&self, count: usize) {
        self.0.acknowledgements.add_permits(count);
    }

    pub(crate) fn fail_next(&self, fault: PublishError) {
        self.0.state.lock().unwrap().faults.push(fault);
    }

    pub(crate) fn forget_ids(&self) {
        let mut state = self.0.state.lock().unwrap();
        state.ids.clear();
        state.forgetful = true;
    }

    pub(crate) fn stored(&self) -> Vec<Message> {
        self.0.state.lock().unwrap().stored.clone()
    }

    pub(crate) fn flying_most(&self) -> usize {
        self.0.state.lock().unwrap().flying_most
    }

    /// What is stored is, lane by lane, in the order of the log, each event once.
    pub(crate) fn assert_whole(&self, events: usize) {
        let state = self.0.state.lock().unwrap();
        assert!(!state.overlapped, "two messages of one lane were in flight");
        let mut ends = HashMap::new();
        for message in &state.stored {
            let position = message.cursor.position();
            let before = ends.insert(&message.lane, position).unwrap_or(0);
            assert!(before < position, "{} behind {before} in {}", position, message.lane);
        }
        assert_eq!(state.stored.len(), events);
    }

    fn store(&self, message: &Message, expected: u64) -> Result<Receipt, PublishError> {
        let mut state = self.0.state.lock().unwrap();
        if let Some(fault) = state.faults.pop() {
            return Err(fault);
        }
        if let Some(sequence) = state.ids.get(&message.id) {
            return Ok(Receipt { sequence: *sequence, duplicate: true });
        }
        if state.lanes.get(&message.lane).map_or(0, |last| last.sequence) != expected {
            return Err(PublishError::Moved);
        }
        state.stored.push(message.clone());
        let sequence = state.stored.len() as u64;
        if !state.forgetful {
            state.ids.insert(message.id, sequence);
        }
        let last = Last { sequence, cursor: Some(message.cursor), id: Some(message.id) };
        state.lanes.insert(message.lane.clone(), last);
        Ok(Receipt { sequence, duplicate: false })
    }
}

#[async_trait]
impl Publisher for Bus {
    async fn last(&self, lane: &str) -> Result<Last, PublishError> {
        Ok(self.0.state.lock().unwrap().lanes.get(lane).copied().unwrap_or_default())
    }

    async fn publish(&self, message: &Message, expected: u64) -> Result<Receipt, PublishError> {
        {
            let mut state = self.0.state.lock().unwrap();
            let flying = state.flying.entry(message.lane.clone()).or_default();
            *flying += 1;
            let overlapped = *flying > 1;
            state.overlapped |= overlapped;
            let all = state.flying.values().sum();
            state.flying_most = state.flying_most.max(all);
        }
        let _landing = Landing(self, &message.lane);
        let receipt = self.store(message, expected);
        // Stored, and the answer takes its time.
        self.0.acknowledgements.acquire().await.unwrap().forget();
        receipt
    }
}

/// A message that is not in flight any more, also when its sender is gone.
struct Landing<'a>(&'a Bus, &'a str);

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        *self.0.0.state.lock().unwrap().flying.get_mut(self.1).unwrap() -= 1;
    }
}
