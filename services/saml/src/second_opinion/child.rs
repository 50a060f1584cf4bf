use std::{io, path::Path, process::Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child as Process, ChildStdin, ChildStdout, Command},
};
use vestibule_second_opinion_protocol::{
    ANSWER_BYTES_MAX, Answer, FrameError, HEAD_BYTES, HELLO_BYTES_MAX, Hello, VERSION, body_length, decode,
};

use super::{
    engine::NoOpinion,
    limit::{CHILD_CPU_SECONDS_MAX, CHILD_FILES_MAX, CHILD_MEMORY_BYTES_MAX},
};

/// A process that is ready for its one question. Whoever lets go of it kills it.
///
/// No two questions are asked of one process, so that nothing which a document of one organization does to the libraries
/// meets a document of another.
pub(super) struct Child {
    process: Process,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

/// Why there is no process to ask.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// The program cannot be run, or not be limited.
    #[error("the program cannot be run")]
    Spawn(#[from] io::Error),
    /// It says no hello.
    #[error("the program does not say that it is ready")]
    Hello(#[source] NoOpinion),
    /// It is of another release.
    #[error("the program speaks version {0} of the protocol, not {VERSION}")]
    Version(u32),
}

impl Child {
    /// Starts the program and waits until it is ready.
    pub(super) async fn start(program: &Path) -> Result<Self, StartError> {
        let program = program.to_owned();
        // Starting a program waits for the system to load it.
        let spawned = tokio::task::spawn_blocking(move || Self::spawn(&program)).await.map_err(io::Error::other)?;
        let mut child = spawned?;
        let hello: Hello = receive(&mut child.stdout, HELLO_BYTES_MAX).await.map_err(StartError::Hello)?;
        if hello.version == VERSION { Ok(child) } else { Err(StartError::Version(hello.version)) }
    }

    fn spawn(program: &Path) -> io::Result<Self> {
        let mut process = Command::new(program)
            // Settings in the environment may be secrets, and none is for this program.
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // The library writes there what documents made it write.
            .stderr(Stdio::null())
            // A terminal's Ctrl-C is for us: sign-ins that are under way end as they should.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        // Before it has been told anything: what it reads later, it reads within these limits.
        restrict(process.id())?;
        Ok(Self { process, stdin, stdout })
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks, and sees the process end as it should: one whose memory was damaged does not.
    pub(super) async fn ask(self, question: &[u8]) -> Result<Answer, NoOpinion> {
        let Self { mut process, mut stdin, mut stdout } = self;
        stdin.write_all(question).await.map_err(FrameError::Io)?;
        // That was all: it is told so.
        drop(stdin);
        let answer = receive(&mut stdout, ANSWER_BYTES_MAX).await?;
        let mut more = [0; 1];
        if stdout.read(&mut more).await.map_err(FrameError::Io)? > 0 {
            return Err(FrameError::TooLong { bytes: 1, limit: 0 }.into());
        }
        let status = process.wait().await.map_err(FrameError::Io)?;
        if status.success() { Ok(answer) } else { Err(NoOpinion::Ended) }
    }
}

async fn receive<T: DeserializeOwned>(from: &mut ChildStdout, limit: usize) -> Result<T, NoOpinion> {
    let mut head = [0; HEAD_BYTES];
    from.read_exact(&mut head).await.map_err(FrameError::Io)?;
    let mut body = vec![0; body_length(head, limit)?];
    from.read_exact(&mut body).await.map_err(FrameError::Io)?;
    Ok(decode(&body)?)
}

/// Limits that the process cannot raise again, unless it is root's.
fn restrict(id: Option<u32>) -> io::Result<()> {
    let id = id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    // Without an id it has ended; and limits without an id would be our own.
    let Some(id) = id else { return Err(io::Error::other("it has ended already")) };
    for (resource, most) in [
        (Resource::As, CHILD_MEMORY_BYTES_MAX),
        (Resource::Cpu, CHILD_CPU_SECONDS_MAX),
        (Resource::Nofile, CHILD_FILES_MAX),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nproc, 0),
    ] {
        prlimit(Some(id), resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
