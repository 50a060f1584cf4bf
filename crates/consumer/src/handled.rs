use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::SourceError;

/// Remembers which events were handled, at least as long as the bus may deliver or the relay may publish them again.
#[async_trait]
pub trait Handled: Send + Sync {
    /// Whether the event with this id was handled.
    async fn was(&self, id: &str) -> Result<bool, SourceError>;
    /// The event with this id was handled.
    async fn note(&self, id: &str) -> Result<(), SourceError>;
}

/// Remembers the last events, as long as the process lives: for handlers that bear to see an event again.
#[derive(Debug)]
pub struct HandledInMemory {
    ids: Mutex<(HashSet<String>, VecDeque<String>)>,
    count_max: usize,
}

impl HandledInMemory {
    /// Remembers as many.
    #[must_use]
    pub fn new(count_max: usize) -> Self {
        Self { ids: Mutex::default(), count_max }
    }
}

#[async_trait]
impl Handled for HandledInMemory {
    async fn was(&self, id: &str) -> Result<bool, SourceError> {
        Ok(self.ids.lock().unwrap_or_else(PoisonError::into_inner).0.contains(id))
    }

    async fn note(&self, id: &str) -> Result<(), SourceError> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, order) = &mut *ids;
        if known.insert(id.to_owned()) {
            order.push_back(id.to_owned());
        }
        while order.len() > self.count_max {
            if let Some(oldest) = order.pop_front() {
                known.remove(&oldest);
            }
        }
        Ok(())
    }
}
