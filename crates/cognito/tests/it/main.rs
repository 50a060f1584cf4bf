//! Black-box tests of Cognito's vocabulary. The events have the shapes that Cognito documents.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a test a panic is the report")]

mod authorize;
mod challenge;
mod guard;
mod naming;
mod trigger;
