//! `bootstrap`: what AWS Lambda starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule_trigger::run()
}
