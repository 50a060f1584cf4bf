use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use vestibule_kernel::Chain;
use vestibule_second_opinion_protocol::{Answer, QUESTION_BYTES_MAX, Question, encode};

use super::{
    child::Child,
    engine::{Engine, NoOpinion},
    limit::{RESTART_AFTER, START_TIMEOUT},
};

/// Processes that are started ahead of the questions, so that nobody waits for a start.
pub(super) struct Pool {
    ready: tokio::sync::Mutex<mpsc::Receiver<Ready>>,
    health: Arc<Health>,
}

/// A process, and its place among those that may be there at once.
struct Ready {
    child: Child,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    /// Keeps at most `children_max` processes, ready ones and busy ones together, until `stop`.
    pub(super) fn start(program: PathBuf, children_max: usize, stop: CancellationToken) -> Self {
        let (sender, receiver) = mpsc::channel(children_max);
        let health = Arc::new(Health::default());
        let places = Arc::new(Semaphore::new(children_max));
        let keeper = Keeper { program: program.into(), sender, health: Arc::clone(&health), stop };
        tokio::spawn(keeper.keep(places));
        Self { ready: tokio::sync::Mutex::new(receiver), health }
    }

    async fn next(&self) -> Result<Ready, NoOpinion> {
        let mut ready = self.ready.lock().await;
        loop {
            let mut next = match ready.try_recv() {
                Ok(next) => next,
                // Nobody waits for a program that does not start.
                Err(_) if self.health.is_bad() => return Err(NoOpinion::NotStarted),
                Err(_) => ready.recv().await.ok_or(NoOpinion::NotStarted)?,
            };
            // One may have been killed while it waited, by an operator or for want of memory.
            if next.child.is_alive() {
                return Ok(next);
            }
        }
    }
}

#[tonic::async_trait]
impl Engine for Pool {
    async fn ask(&self, question: &Question) -> Result<Answer, NoOpinion> {
        let question = encode(question, QUESTION_BYTES_MAX)?;
        let Ready { child, _place } = self.next().await?;
        child.ask(&question).await
    }

    fn check(&self) -> Result<(), String> {
        self.health.trouble().map_or(Ok(()), Err)
    }
}

/// Starts a process for each place that is free.
#[derive(Clone)]
struct Keeper {
    program: Arc<Path>,
    sender: mpsc::Sender<Ready>,
    health: Arc<Health>,
    stop: CancellationToken,
}

impl Keeper {
    async fn keep(self, places: Arc<Semaphore>) {
        let stop = self.stop.clone();
        let work = async {
            while let Ok(place) = Arc::clone(&places).acquire_owned().await {
                tokio::spawn(self.clone().fill(place));
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => {}
        }
    }

    async fn fill(self, place: OwnedSemaphorePermit) {
        let work = async {
            match timeout(START_TIMEOUT, Child::start(&self.program)).await {
                Ok(Ok(child)) => {
                    self.health.good();
                    // As many fit as there are places. Nobody takes it when the service has ended.
                    let _ = self.sender.send(Ready { child, _place: place }).await;
                }
                failed => {
                    let why = match &failed {
                        Ok(Err(error)) => Chain(error).to_string(),
                        _ => format!("it was not ready within {} seconds", START_TIMEOUT.as_secs()),
                    };
                    self.health.bad(why);
                    sleep(RESTART_AFTER).await;
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Whether the program starts.
#[derive(Default)]
struct Health(Mutex<State>);

#[derive(Default, Eq, PartialEq)]
enum State {
    #[default]
    Starting,
    Good,
    Bad(String),
}

impl Health {
    fn trouble(&self) -> Option<String> {
        match &*self.state() {
            State::Starting => Some("its program has not started yet".to_owned()),
            State::Good => None,
            State::Bad(why) => Some(why.clone()),
        }
    }

    /// Whether the last start failed.
    fn is_bad(&self) -> bool {
        matches!(&*self.state(), State::Bad(_))
    }

    fn good(&self) {
        if std::mem::replace(&mut *self.state(), State::Good) != State::Good {
            tracing::info!("the program of the second opinion is ready");
        }
    }

    /// Tells the operator once for each new reason.
    fn bad(&self, why: String) {
        let mut state = self.state();
        let now = State::Bad(why);
        if *state != now {
            if let State::Bad(why) = &now {
                tracing::error!(why, "the program of the second opinion does not start");
            }
            *state = now;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
