use vestibule_kernel::{Explain, Explanation};

use crate::limit;

/// What travels beside a request and comes back unchanged: at most 80 bytes (SAML bindings section 3.4.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RelayState(String);

/// The RelayState is empty or longer than 80 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a RelayState has 1 to {} bytes", limit::RELAY_STATE_BYTES_MAX)]
pub struct RelayStateError;

impl Explain for RelayStateError {
    fn explain(&self) -> Explanation {
        Explanation::field("RELAY_STATE_INVALID", "relay_state", self.to_string())
    }
}

impl RelayState {
    /// Takes a value of 1 to 80 bytes.
    ///
    /// # Errors
    /// When it is empty or longer.
    pub fn new(value: impl Into<String>) -> Result<Self, RelayStateError> {
        let value = value.into();
        if value.is_empty() || value.len() > limit::RELAY_STATE_BYTES_MAX {
            Err(RelayStateError)
        } else {
            Ok(Self(value))
        }
    }

    /// Takes over what an identity provider sent beside its own request, to be given back to it unchanged: senders are
    /// not all as short as the limit of 80 bytes asks. `None` when it is empty, or longer than
    /// [`limit::FOREIGN_RELAY_STATE_BYTES_MAX`].
    #[must_use]
    pub fn of_others(value: impl Into<String>) -> Option<Self> {
        Some(value.into()).filter(|value| (1..=limit::FOREIGN_RELAY_STATE_BYTES_MAX).contains(&value.len())).map(Self)
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
