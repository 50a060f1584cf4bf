//! The handbook of Vestibule, for those who use, operate and change it. The README says what Vestibule is and how to begin.
//!
//! | page | answers |
//! |---|---|
//! | [`cognito`] | What does Amazon Cognito do that I have to know? |
//! | [`operations`] | How do I run it, back it up, watch it, prove it whole? |
//! | [`limits`] | How large, how many, how long? |
//! | [`threats`] | What may an attacker try, what stops it, which test says so? |
//! | [`events`] | What is stored for ever? |
//! | [`how_to`] | How do I add an aggregate, an event, an RPC, a setting, a check, a view? |
//! | [`decisions`] | Why is it built this way? |
//! | [`benchmarks`] | How fast is it, and how do I measure it? |
//!
//! Every page is held to the code by `crates/manual/tests`: links resolve, files that are named exist, so do tests; the
//! catalogue of events and the table of limits say what the code says.

pub mod benchmarks;
pub mod cognito;
pub mod decisions;
pub mod events;
pub mod how_to;
pub mod limits;
pub mod operations;
pub mod threats;
