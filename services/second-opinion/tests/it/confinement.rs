use std::{
    env,
    fs::File,
    net::TcpStream,
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
};

use vestibule_second_opinion::confine;

const CONFINED: &str = "VESTIBULE_TEST_CONFINED";
const BAD_SYSTEM_CALL: i32 = 31;

/// Runs one test of this program again, on its own and confined, and returns the signal that ended it.
fn confined(attempt: &str) -> Option<i32> {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "confinement::attempt", "--test-threads", "1"]).env(CONFINED, attempt);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().signal()
}

/// Does nothing unless it is run by another test.
#[test]
fn attempt() {
    let Ok(attempt) = env::var(CONFINED) else { return };
    confine().unwrap();
    match attempt.as_str() {
        "read a file" => drop(File::open("/etc/passwd")),
        "write a file" => drop(File::create("/tmp/vestibule-second-opinion-test")),
        "connect" => drop(TcpStream::connect("127.0.0.1:1")),
        "run a program" => drop(Command::new("/bin/true").status()),
        "start a thread" => drop(std::thread::Builder::new().spawn(|| {})),
        other => assert_eq!(other, "compute"),
    }
    // Every attempt but the last has ended the process by now.
    let numbers: Vec<u64> = (0..1_000_000).collect();
    std::process::exit(i32::from(numbers.len() != 1_000_000));
}

#[test]
fn a_confined_program_computes_and_nothing_else() {
    for forbidden in ["read a file", "write a file", "connect", "run a program", "start a thread"] {
        assert_eq!(confined(forbidden), Some(BAD_SYSTEM_CALL), "{forbidden}");
    }
    assert_eq!(confined("compute"), None);
}
