use std::{fmt, str::FromStr};

/// A place in the global order of a log: everything up to it has been seen. Opaque to its users: keep it, hand it back.
///
/// It names the log it belongs to, so that a cursor of another deployment, or of the time before a restore, is refused
/// instead of silently skipping events.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Cursor {
    epoch: u64,
    position: u64,
}

impl Cursor {
    /// For stores: the cursor behind `position` of the log with this epoch.
    #[must_use]
    pub const fn at(epoch: u64, position: u64) -> Self {
        Self { epoch, position }
    }

    /// For stores: the epoch of the log it belongs to.
    #[must_use]
    pub const fn epoch(self) -> u64 {
        self.epoch
    }

    /// For stores: the last position that has been seen; 0 for none.
    #[must_use]
    pub const fn position(self) -> u64 {
        self.position
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.epoch, self.position)
    }
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a cursor of this log")]
pub struct ParseCursorError;

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, position) = text.split_once('-').ok_or(ParseCursorError)?;
        let cursor = Self {
            epoch: u64::from_str_radix(epoch, 16).map_err(|_| ParseCursorError)?,
            position: u64::from_str_radix(position, 16).map_err(|_| ParseCursorError)?,
        };
        if cursor.to_string() == text { Ok(cursor) } else { Err(ParseCursorError) }
    }
}
