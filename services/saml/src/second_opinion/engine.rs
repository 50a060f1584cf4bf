use vestibule_second_opinion_protocol::{Answer, FrameError, Question};

/// Where a second opinion comes from.
#[tonic::async_trait]
pub(super) trait Engine: Send + Sync {
    /// Asks; whoever asks limits the time.
    async fn ask(&self, question: &Question) -> Result<Answer, NoOpinion>;

    /// Why nothing can be asked now, if so.
    fn check(&self) -> Result<(), String>;
}

/// Why there is no opinion. Nothing that a document or the program says is in the texts.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoOpinion {
    /// It does not start, or does not say that it is ready.
    #[error("its program does not start")]
    NotStarted,
    /// The connection asks too often.
    #[error("the connection asks more often than it may")]
    Limited,
    /// Neither a free process nor an answer in time.
    #[error("it did not answer in time")]
    Late,
    /// What came is no message, or more than one.
    #[error("its program did not answer as it should")]
    Frame(#[from] FrameError),
    /// It ended before it answered, or failed after it.
    #[error("its program ended with an error")]
    Ended,
}
