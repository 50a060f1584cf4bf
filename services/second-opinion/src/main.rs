//! `vestibule-second-opinion`: says hello, takes one question, gives one answer, and ends. It has no options; whoever
//! starts it sets the limits of its memory and time.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use vestibule_second_opinion::{confine, opinion, proven};
use vestibule_second_opinion_protocol::{
    ANSWER_BYTES_MAX, FrameError, HELLO_BYTES_MAX, Hello, QUESTION_BYTES_MAX, Question, VERSION, read, write,
};

fn main() -> ExitCode {
    // What the libraries load at first use is loaded now, while that is allowed.
    if !proven() {
        return ended("the engine does not tell a genuine document from a forged one");
    }
    if let Err(error) = confine() {
        return ended(&format!("what is not needed cannot be given up: {error}"));
    }
    // Libraries of another version may need more than was kept: they are found out before a sign-in finds out.
    if !proven() {
        return ended("the engine does not work when it is confined");
    }
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        // The service went away, or had no question: its right.
        Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => ExitCode::SUCCESS,
        Err(error) => ended(&format!("no question: {error}")),
    }
}

fn answer() -> Result<(), FrameError> {
    let (mut from, mut into) = (io::stdin().lock(), io::stdout().lock());
    let hello = Hello { version: VERSION, engine: "samael 0.0.22, libxmlsec1".to_owned() };
    write(&mut into, &hello, HELLO_BYTES_MAX)?;
    let question: Question = read(&mut from, QUESTION_BYTES_MAX)?;
    write(&mut into, &opinion(&question), ANSWER_BYTES_MAX)
}

/// Tells whoever tries the program by hand; the service does not listen to this stream.
fn ended(why: &str) -> ExitCode {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "vestibule-second-opinion: {why}");
    ExitCode::FAILURE
}
