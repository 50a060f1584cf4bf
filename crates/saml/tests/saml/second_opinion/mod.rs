//! Beside another engine, in another language: samael on libxmlsec1, as the program that gives second opinions.
//!
//! Whatever ours accepts, it must verify and read alike, except what it says that it cannot process. What it would make of
//! forgeries, if it were asked alone, is printed as a table; the service never asks it about them.

mod difference;
mod document;
mod forged;
mod generated;
mod reading;
mod verification;

use std::{
    env,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_second_opinion_protocol::{
    ANSWER_BYTES_MAX, Answer, HELLO_BYTES_MAX, Hello, QUESTION_BYTES_MAX, Question, encode, read,
};

pub(crate) use difference::{agrees, remember};

const PROGRAM: &str = "VESTIBULE_TEST_SECOND_OPINION";

/// The program, unless this machine has none and that is all right.
fn program() -> Option<PathBuf> {
    let found = env::var_os(PROGRAM).map(PathBuf::from);
    let may_skip = env::var("VESTIBULE_TEST_REQUIRE_ALL").as_deref() != Ok("1");
    assert!(found.is_some() || may_skip, "the program of the second opinion is needed: set {PROGRAM}");
    found
}

/// Says that a test needs the program.
#[expect(clippy::print_stdout, reason = "a test that was left out says so")]
fn skipped(test: &str) -> bool {
    let is_missing = program().is_none();
    if is_missing {
        println!("skipped: {test} needs the program of the second opinion: set {PROGRAM}");
    }
    is_missing
}

/// Asks the program, within limits; `None` when it gives no answer.
fn answer(document: &str, certificates: &[&[u8]]) -> Option<Answer> {
    let certificates = certificates.iter().map(|der| BASE64_STANDARD.encode(der)).collect();
    let question = encode(&Question { document: document.to_owned(), certificates }, QUESTION_BYTES_MAX).unwrap();
    let mut child = Command::new("prlimit")
        .args(["--cpu=2", "--as=268435456", "--core=0"])
        .arg(program().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let _: Hello = read(&mut stdout, HELLO_BYTES_MAX).unwrap();
    // One that gives up need not listen to the end.
    let _ = child.stdin.take().unwrap().write_all(&question);
    let answer = read(&mut stdout, ANSWER_BYTES_MAX).ok();
    let ended_well = child.wait().unwrap().success();
    answer.filter(|_| ended_well)
}
