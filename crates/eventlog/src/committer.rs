//! Commits what callers append at the same moment as one group, because a COMMIT costs the same for one as for many.
//!
//! It never waits for a group to fill: while one group commits, the next one gathers. It only lets tasks that can run
//! already go first.

use std::{slice, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::sleep,
};
use vestibule_kernel::Chain;

use crate::{AppendError, Appended, Cursor, Prepared, ReadError, Store, limit};

/// How often an unknown outcome is asked for.
const SETTLE_ATTEMPTS_MAX: u32 = 5;

/// The wait before the second attempt; doubles each time.
const SETTLE_WAIT: Duration = Duration::from_millis(50);

/// After so many failures in a row it is not the transactions' fault, and the rest of the group is not tried.
const SINGLE_FAILURES_MAX: usize = 4;

type Answer = Result<Appended, AppendError>;

/// A transaction that waits to be committed, and where its answer goes.
pub(crate) struct Job {
    pub(crate) transaction: Prepared,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// The committer has ended, with the runtime it lived in.
#[derive(Debug, thiserror::Error)]
#[error("the event log is shutting down")]
pub(crate) struct Gone;

/// The database failed for the transactions before this one, so this one was not tried.
#[derive(Debug, thiserror::Error)]
#[error("the store failed for the rest of the group")]
struct NotTried;

/// The store neither has the transaction nor takes it.
#[derive(Debug, thiserror::Error)]
#[error("the outcome could not be read back")]
struct NotSettled;

/// Commits jobs until the last sender is gone and all are answered.
pub(crate) async fn run(store: Arc<dyn Store>, mut jobs: mpsc::Receiver<Job>) {
    let mut held_over = None;
    loop {
        let Some(first) = (match held_over.take() {
            Some(job) => Some(job),
            None => jobs.recv().await,
        }) else {
            return;
        };
        let mut bytes = size_bytes(&first.transaction);
        let (mut group, mut replies) = (vec![first.transaction], vec![first.reply]);
        while group.len() < limit::GROUP_TRANSACTIONS_MAX {
            let Ok(job) = jobs.try_recv() else { break };
            bytes += size_bytes(&job.transaction);
            if bytes > limit::GROUP_BYTES_MAX {
                held_over = Some(job);
                break;
            }
            group.push(job.transaction);
            replies.push(job.reply);
        }
        let answers = commit(&*store, &group).await;
        for (reply, answer) in replies.into_iter().zip(answers) {
            // Who has gone away does not want to know.
            let _ = reply.send(answer);
        }
        // Lets those who were answered come back before the next group is gathered. Without it two halves of busy
        // callers would take turns, each waiting for the COMMIT of the other.
        yield_now().await;
    }
}

fn size_bytes(transaction: &Prepared) -> usize {
    transaction.streams.iter().flat_map(|append| &append.events).map(crate::PreparedEvent::size_bytes).sum()
}

/// One answer for each transaction, in order.
async fn commit(store: &dyn Store, group: &[Prepared]) -> Vec<Answer> {
    match store.commit(group).await {
        Ok(answers) => answers,
        Err(error @ AppendError::Unknown(_)) => {
            tracing::warn!(error = %Chain(&error), appends = group.len(), "the answer to COMMIT was lost: reading back");
            let mut answers = Vec::with_capacity(group.len());
            for transaction in group {
                answers.push(settle(store, transaction).await);
            }
            answers
        }
        Err(error) if group.len() == 1 => vec![Err(error)],
        Err(error) => {
            tracing::warn!(error = %Chain(&error), appends = group.len(), "a group failed as a whole: one by one");
            one_by_one(store, group).await
        }
    }
}

/// Nothing of the group was stored, so each transaction can be tried alone: what one of them does to the database does
/// not hit its neighbours.
async fn one_by_one(store: &dyn Store, group: &[Prepared]) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(group.len());
    let mut failures = 0;
    for transaction in group {
        if failures == SINGLE_FAILURES_MAX {
            answers.push(Err(AppendError::Unavailable(Box::new(NotTried))));
            continue;
        }
        let answer = match alone(store, transaction).await {
            Err(AppendError::Unknown(_)) => settle(store, transaction).await,
            answer => answer,
        };
        failures =
            if matches!(answer, Err(AppendError::Unavailable(_) | AppendError::Unknown(_))) { failures + 1 } else { 0 };
        answers.push(answer);
    }
    answers
}

async fn alone(store: &dyn Store, transaction: &Prepared) -> Answer {
    store.commit(slice::from_ref(transaction)).await?.pop().unwrap_or(Err(AppendError::Unavailable(Box::new(NotTried))))
}

/// Finds out what became of a transaction whose COMMIT was not answered. First the log is asked for its first event;
/// when that is not there, the transaction is committed again: the store takes the writer lock, so it waits for the
/// lost COMMIT to end, and it knows the ids of what is stored, so nothing is stored twice.
async fn settle(store: &dyn Store, transaction: &Prepared) -> Answer {
    let mut wait = SETTLE_WAIT;
    let mut unknown: Box<dyn std::error::Error + Send + Sync> = Box::new(NotSettled);
    for attempt in 0..SETTLE_ATTEMPTS_MAX {
        if attempt > 0 {
            sleep(wait).await;
            wait *= 2;
        }
        match read_back(store, transaction).await {
            Ok(Some(answer)) => return answer,
            Ok(None) => match alone(store, transaction).await {
                Err(AppendError::Duplicate) => {}
                Err(AppendError::Unknown(error) | AppendError::Unavailable(error)) => unknown = error,
                answer => return answer,
            },
            Err(error) => unknown = Box::new(error),
        }
    }
    Err(AppendError::Unknown(unknown))
}

/// What the log says of a transaction; `None` when its first event is not there.
async fn read_back(store: &dyn Store, transaction: &Prepared) -> Result<Option<Answer>, ReadError> {
    let first = transaction.streams.iter().find_map(|append| Some((append, append.events.first()?)));
    let Some((append, event)) = first else { return Ok(None) };
    let Some(found) = store.find(event.id).await? else { return Ok(None) };
    let ours = found.stream == append.stream
        && found.version == append.expected.plus(1)
        && found.recorded_at == transaction.recorded_at
        && found.data == event.data
        // The nonce in front of it is random: this is not another attempt of the same command.
        && found.personal == event.personal;
    if !ours {
        return Ok(Some(Err(AppendError::Duplicate)));
    }
    // A transaction's events lie side by side, because the writer lock was held.
    let events: usize = transaction.streams.iter().map(|append| append.events.len()).sum();
    let last = found.cursor.position() + (events as u64).saturating_sub(1);
    let versions = transaction.streams.iter().map(|append| append.expected.plus(append.events.len() as u64)).collect();
    let cursor = Cursor::at(found.cursor.epoch(), last);
    Ok(Some(Ok(Appended { versions, cursor, recorded_at: found.recorded_at })))
}
