//! What our AWS Lambda functions have in common: they read their settings from the environment once ([`Settings`]), answer
//! invocations until Lambda ends the process ([`run`]), and write lines of JSON for their log ([`line()`]).
//!
//! A function that links this links no TLS stack and no client of its own with it.

mod program;
mod record;
mod settings;

pub use lambda_runtime::{Context, Diagnostic};
pub use program::{Function, NotLambda, run};
pub use record::line;
pub use settings::{SettingError, Settings};
