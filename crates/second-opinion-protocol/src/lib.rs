//! What the SAML service and the program of the second opinion say to each other, over the program's standard input and
//! output.
//!
//! The program proves to itself that it can verify, gives up what it will not need, and says [`Hello`]. The service asks
//! one [`Question`]; the program gives one [`Answer`] and ends. Each is a frame: its length in four bytes, big-endian,
//! and that many bytes of JSON. Neither side believes the other's length: a frame beyond its limit is never read.
//!
//! The crate has no dependency that links anything native, so that both sides, which share no lock file, can share it.

mod frame;
mod message;

pub use frame::{FrameError, HEAD_BYTES, body_length, decode, encode, read, write};
pub use message::{Answer, Attribute, Confirmation, Hello, NameId, Obstacle, Question, Reading, VERSION};

/// The longest hello.
pub const HELLO_BYTES_MAX: usize = 1024;

/// The longest question: a Response of 128 KiB, every character escaped, and its certificates.
pub const QUESTION_BYTES_MAX: usize = 512 * 1024;

/// The longest answer: what a Response of 128 KiB can hold, every character escaped.
pub const ANSWER_BYTES_MAX: usize = 512 * 1024;
