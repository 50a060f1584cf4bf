use std::{
    error::Error,
    io::{self, Write},
};

use serde_json::{Value, json};
use vestibule_kernel::Chain;

/// Writes a line of JSON to the function's log.
pub fn line(record: &Value) {
    // Where nobody can read it, nobody can be told so.
    let _ = writeln!(io::stdout().lock(), "{record}");
}

/// Says why there will be no invocations at all.
pub(crate) fn start_failure(error: &dyn Error) {
    line(&json!({"level": "FATAL", "message": Chain(error).to_string()}));
}
