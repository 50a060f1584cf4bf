use std::time::Duration;

use async_trait::async_trait;

/// A message of the bus.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// By name, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// The value of a header; names are compared without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The bus does not answer, or refuses.
#[derive(Debug, thiserror::Error)]
#[error("the bus does not answer")]
pub struct SourceError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where events come from.
#[async_trait]
pub trait Source: Send {
    /// The next message; waits for one. After an error the next call tries again.
    async fn next(&mut self) -> Result<Box<dyn Delivery>, SourceError>;
}

/// A message that was delivered, and the bus that waits to hear of it.
#[async_trait]
pub trait Delivery: Send + Sync {
    /// The message.
    fn message(&self) -> &Message;
    /// After how long without a word the bus delivers it again.
    fn patience(&self) -> Duration;
    /// It is still being worked on.
    async fn working(&self) -> Result<(), SourceError>;
    /// It was handled.
    async fn done(&self) -> Result<(), SourceError>;
    /// Nothing helps: sets it aside with the reason, and never delivers it again.
    async fn set_aside(&self, reason: &str) -> Result<(), SourceError>;
}
