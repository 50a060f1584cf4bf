use vestibule_kernel::Explain;

use crate::DomainEvent;

/// An aggregate: the state that one stream folds to, and the rules for adding to it.
///
/// The default value is the state of an empty stream.
pub trait Decider: Clone + Default + Send + Sync + 'static {
    /// The category of the aggregate's streams, such as `connection`. Stable for ever: it is part of stream names.
    const CATEGORY: &'static str;
    /// What can be asked of the aggregate. Carries time and new ids as data.
    type Command: Clone + Send + Sync;
    /// What can have happened to it.
    type Event: DomainEvent;
    /// Why a command can be refused.
    type Rejection: Explain + Send + Sync + 'static;

    /// The facts that `command` adds, none when it asks for what is already so.
    ///
    /// # Errors
    /// The domain's own rejection. Synchronous and without any effect: the caller may decide again on a newer state.
    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The state after `event`. Total: history is never refused.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;

    /// The state after a whole history.
    #[must_use]
    fn replay<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self
    where
        Self::Event: 'a,
    {
        events.into_iter().fold(Self::default(), Self::evolve)
    }
}
