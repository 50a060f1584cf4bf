use std::sync::{Mutex, MutexGuard, PoisonError};

/// How it goes with one service, for whoever asks whether the process is well.
#[derive(Debug, Default)]
pub(crate) struct Status {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_reconciled: bool,
    trouble: Option<String>,
}

impl Status {
    /// Why nothing can be done at the moment.
    pub(crate) fn troubled(&self, why: &str) {
        self.state().trouble = Some(why.to_owned());
    }

    pub(crate) fn well(&self) {
        self.state().trouble = None;
    }

    pub(crate) fn reconciled(&self) {
        self.state().is_reconciled = true;
    }

    /// Well, and as the registry knows it since the process began.
    pub(crate) fn ready(&self) -> Result<(), String> {
        let state = self.state();
        match &state.trouble {
            Some(trouble) => Err(trouble.clone()),
            None if !state.is_reconciled => Err("not reconciled yet".to_owned()),
            None => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
