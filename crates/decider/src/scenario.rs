use std::fmt::Debug;

use crate::Decider;

/// A test of an aggregate, told as given, when, then. Needs no store.
#[derive(Debug)]
pub struct Scenario<D: Decider> {
    state: D,
    outcome: Option<Result<Vec<D::Event>, D::Rejection>>,
}

impl<D: Decider> Scenario<D>
where
    D::Event: Debug + PartialEq,
    D::Rejection: PartialEq,
{
    /// What has happened before.
    #[must_use]
    pub fn given(history: impl IntoIterator<Item = impl Into<D::Event>>) -> Self {
        let state = history.into_iter().fold(D::default(), |state, event| state.evolve(&event.into()));
        Self { state, outcome: None }
    }

    /// Nothing has happened before.
    #[must_use]
    pub fn given_nothing() -> Self {
        Self { state: D::default(), outcome: None }
    }

    /// What is asked.
    #[must_use]
    pub fn when(mut self, command: &D::Command) -> Self {
        self.outcome = Some(self.state.decide(command));
        self
    }

    /// The facts that must come of it.
    ///
    /// # Panics
    /// When something else came of it.
    pub fn then(self, expected: impl IntoIterator<Item = impl Into<D::Event>>) {
        let expected: Vec<D::Event> = expected.into_iter().map(Into::into).collect();
        match self.outcome {
            Some(Ok(events)) => assert_eq!(events, expected),
            other => assert_eq!(format!("{other:?}"), format!("{expected:?}"), "not the expected facts"),
        }
    }

    /// Nothing may come of it: what was asked is so already.
    ///
    /// # Panics
    /// When something came of it.
    pub fn then_nothing(self) {
        self.then(Vec::<D::Event>::new());
    }

    /// The rejection that must come of it.
    ///
    /// # Panics
    /// When something else came of it.
    pub fn then_rejected(self, expected: &D::Rejection) {
        match self.outcome {
            Some(Err(ref rejection)) => assert_eq!(rejection, expected),
            other => assert_eq!(format!("{other:?}"), format!("{expected:?}"), "not the expected rejection"),
        }
    }
}
