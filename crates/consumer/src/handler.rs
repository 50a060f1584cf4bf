use async_trait::async_trait;

use crate::{ATTEMPTS_MAX, Event};

/// What is done about events.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does it. May be called again with an event that was handled before.
    ///
    /// # Errors
    /// [`HandleError`] says whether trying again can help.
    async fn handle(&self, event: &Event) -> Result<(), HandleError>;

    /// How often an event is tried before it is set aside; `None`: until it succeeds, however long what it needs is away. The
    /// events of its organization wait as long.
    fn attempts_max(&self) -> Option<u32> {
        Some(ATTEMPTS_MAX)
    }
}

/// An event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Something is not available, or is too busy.
    #[error("not now")]
    Again(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It will never be handled.
    #[error("never")]
    Never(#[source] Box<dyn std::error::Error + Send + Sync>),
}
