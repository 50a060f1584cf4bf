//! The second opinion: what another engine, in another language, makes of a document that the first engine has accepted.
//!
//! samael verifies with libxmlsec1, libxml2 and OpenSSL. Facing the internet alone it would fetch addresses out of
//! documents, run transforms that burn processor time, and take XML that is none. Here it is handed only what the first
//! engine has accepted, whose policy excludes all of that, with only the certificates that verified, in a process that
//! answers one question, and that has given up whatever it does not need for that.
//!
//! - [`opinion`]: the answer to a question.
//! - [`proven`]: the program proves to itself that the engine tells a genuine document from a forged one.
//! - [`confine`]: gives up what is not needed.
//!
//! Of samael two parts are used: the verification that returns the very bytes libxmlsec1 computed the digest over
//! (`ReduceMode::PreDigest`; the other modes match trees, with a cost that whoever signs can make grow exponentially), and
//! its reader of those bytes. What it says about time, audience or recipient is not asked: the service compares what was read.

mod confine;
mod profile;
mod proof;
mod reading;
mod verify;

pub use confine::{ConfineError, confine};
pub use proof::proven;
pub use verify::opinion;
