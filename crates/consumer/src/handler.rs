use async_trait::async_trait;

use crate::Event;

/// What is done about events.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does it. May be called again with an event that was handled before.
    ///
    /// # Errors
    /// [`HandleError`] says whether trying again can help.
    async fn handle(&self, event: &Event) -> Result<(), HandleError>;
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
