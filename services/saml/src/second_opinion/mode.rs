use serde::{Deserialize, Serialize};

/// What the second opinion is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is not asked.
    #[default]
    Off,
    /// It is asked; when it disagrees, the operator is told, and the sign-in goes on.
    Observe,
    /// Nobody signs in to whom both engines do not agree.
    Require,
}
