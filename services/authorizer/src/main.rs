//! What AWS Lambda starts, by the name `bootstrap`.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule_authorizer::run()
}
