use std::{fmt::Write as _, fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde::Serialize;
use tempfile::TempDir;
use vestibule_saml_service::{Config, SecondOpinionMode as Mode};
use vestibule_second_opinion_protocol::{Hello, VERSION, encode};

/// A program that says hello, waits for its question, and then does what its script says at that moment.
pub(super) struct Fake {
    pub(super) folder: TempDir,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self::greeting(&Hello { version: VERSION, engine: "a fake".to_owned() })
    }

    pub(super) fn greeting(hello: &Hello) -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        let then = fake.folder.path().join("then");
        fake.write(&format!("{}\nread -r question\n. {}\n", say(hello), then.display()));
        fake
    }

    pub(super) fn write(&self, script: &str) {
        // Another process may still hold a program open that is written in place: it is put there whole.
        let (new, program) = (self.folder.path().join("new"), self.program());
        fs::write(&new, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(new, program).unwrap();
    }

    pub(super) fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    /// What it does with its question.
    pub(super) fn then(&self, script: &str) {
        fs::write(self.folder.path().join("then"), script).unwrap();
    }

    /// Whether anybody asked it, after [`Self::notes_questions`].
    pub(super) fn was_asked(&self) -> bool {
        self.folder.path().join("asked").exists()
    }

    pub(super) fn notes_questions(&self) {
        self.then(&format!(": > {}", self.folder.path().join("asked").display()));
    }

    pub(super) fn config(&self, mode: Mode) -> Config {
        Config {
            second_opinion: mode,
            second_opinion_program: Some(self.program()),
            // Long enough for a busy machine: what is to be too slow here never answers.
            second_opinion_wait_milliseconds: 2_500,
            second_opinion_per_connection_second_max: 1_000,
            ..Config::default()
        }
    }
}

/// Shell that writes a message.
pub(super) fn say(message: &impl Serialize) -> String {
    let frame = encode(message, 1 << 20).unwrap();
    let (head, body) = frame.split_at(4);
    let mut shell = "printf '".to_owned();
    for byte in head {
        write!(shell, "\\{byte:03o}").unwrap();
    }
    write!(shell, "'; printf '%s' '{}'", str::from_utf8(body).unwrap()).unwrap();
    shell
}
