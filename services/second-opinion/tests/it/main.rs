//! The program of the second opinion, as the service meets it and as a hostile document would have it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up fails")]

mod confinement;
mod program;
