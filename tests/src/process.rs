use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// How long the state that is waited for may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// A running program; killed when it is dropped. What it prints is kept for the messages of a test that fails.
pub struct Process {
    child: Child,
    ended: Option<ExitStatus>,
    stdout: Printed,
    stderr: Printed,
}

/// What a program has printed so far.
struct Printed {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `command`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", command.get_program().to_string_lossy()))?;
        let stdout = Printed::of(child.stdout.take());
        let stderr = Printed::of(child.stderr.take());
        Ok(Self { child, ended: None, stdout, stderr })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed to standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has printed to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// How it ended, when it has ended.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        if self.ended.is_some() {
            // Whatever it said last is part of what it said.
            self.stdout.close();
            self.stderr.close();
        }
        Ok(self.ended)
    }

    /// Ends it as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        if let Some(ended) = self.ended()? {
            return Ok(ended);
        }
        self.child.kill()?;
        let ended = self.child.wait()?;
        self.ended = Some(ended);
        Ok(ended)
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// When the system refuses.
    pub fn ask_to_end(&self) -> Result<()> {
        self.signal("-TERM")
    }

    /// Sends it a signal, such as `-STOP`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status()?;
        ensure!(sent.success(), "kill ended with {sent}");
        Ok(())
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        if self.ended()?.is_none() {
            self.ask_to_end()?;
        }
        self.wait().await
    }

    /// Waits until it has ended, after [`Self::ask_to_end`]: asked a second time, it would end at once.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn wait(&mut self) -> Result<ExitStatus> {
        let started = Instant::now();
        loop {
            if let Some(ended) = self.ended()? {
                return Ok(ended);
            }
            ensure!(started.elapsed() < PATIENCE, "it goes on after SIGTERM\n{}", self.stderr());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

impl Printed {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let reader = pipe.map(|pipe| {
            let text = Arc::clone(&text);
            thread::spawn(move || {
                let mut lines = BufReader::new(pipe);
                let mut line = Vec::new();
                while lines.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                    text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            })
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn close(&mut self) {
        if let Some(reader) = self.reader.take() {
            // A reader that panicked has kept what it read.
            let _ = reader.join();
        }
    }
}

/// Looks again and again until there is an answer, for at most a minute.
///
/// # Errors
/// The look's own error at once; otherwise `what` was waited for in vain.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("waited in vain for {what}")
}
