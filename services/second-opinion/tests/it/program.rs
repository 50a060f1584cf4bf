use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use vestibule_second_opinion_protocol::{
    ANSWER_BYTES_MAX, Answer, HELLO_BYTES_MAX, Hello, QUESTION_BYTES_MAX, Question, VERSION, encode, read, write,
};

const RESPONSE: &str = include_str!("../../src/proof/response.xml");
const CERTIFICATE: &[u8] = include_bytes!("../../src/proof/certificate.der");

fn question(document: impl Into<String>) -> Question {
    Question { document: document.into(), certificates: vec![BASE64_STANDARD.encode(CERTIFICATE)] }
}

fn start() -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule-second-opinion"));
    command.env_clear().current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let hello: Hello = read(child.stdout.as_mut().unwrap(), HELLO_BYTES_MAX).unwrap();
    assert_eq!(hello.version, VERSION);
    child
}

/// What it says after this, and how it ends.
fn told(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut child = start();
    // It need not listen to the end.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let mut said = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
    (said, child.wait().unwrap().success())
}

#[test]
fn one_question_one_answer_and_the_end() {
    let question = question(RESPONSE);
    let mut child = start();
    let mut stdin = child.stdin.take().unwrap();
    write(&mut stdin, &question, QUESTION_BYTES_MAX).unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let answer: Answer = read(&mut stdout, ANSWER_BYTES_MAX).unwrap();
    let Answer::Verified { reading } = answer else { panic!("{answer:?}") };
    assert_eq!(reading.name_id.unwrap().value, "genuine");
    // It ends although the service has not hung up, and answers no second question.
    assert!(child.wait().unwrap().success());
    let mut more = Vec::new();
    stdout.read_to_end(&mut more).unwrap();
    assert_eq!(more, b"");
}

#[test]
fn a_forgery_is_rejected_by_the_process_as_well() {
    let forged = RESPONSE.replace("genuine", "forged!");
    let (said, ended_well) = told(&encode(&question(forged), QUESTION_BYTES_MAX).unwrap());
    assert_eq!(read::<Answer>(&mut said.as_slice(), ANSWER_BYTES_MAX).unwrap(), Answer::Rejected);
    assert!(ended_well);
}

#[test]
fn what_is_no_question_has_no_answer() {
    for bytes in [
        b"\xff\xff\xff\xff".as_slice(),
        b"\x00\x08\x00\x01{}",
        b"\x00\x00\x00\x02{}",
        b"\x00\x00\x00\x04\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00\x00\x35{\"document\":\"\",\"certificates\":[],\"program\":\"/bin/sh\"}",
    ] {
        assert_eq!(told(bytes), (Vec::new(), false), "{bytes:?}");
    }
    // Nobody asked, or not to the end: no fault of the program's.
    for bytes in [b"".as_slice(), b"\x00", b"\x00\x00\x00\x02{"] {
        assert_eq!(told(bytes), (Vec::new(), true), "{bytes:?}");
    }
}
