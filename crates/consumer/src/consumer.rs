use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    pin::pin,
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{Delivery, Event, HandleError, Handled, Handler, Source, SourceError};

/// How many deliveries wait or are worked on at a time.
pub const PENDING_MAX: usize = 256;

/// How often an event is tried, unless its handler says otherwise.
pub const ATTEMPTS_MAX: u32 = 12;

/// The longest wait between two attempts; the first is 200 ms, and each is twice the one before.
pub const WAIT_MAX: Duration = Duration::from_mins(1);

const WAIT_FIRST: Duration = Duration::from_millis(200);

/// How long a bus that fails is left alone.
const SOURCE_PAUSE: Duration = Duration::from_secs(1);

/// How often the bus is told of events that wait for their turn. Shorter than the patience of any bus.
const REMIND_EVERY: Duration = Duration::from_secs(5);

/// The longest reason of a dead letter.
const REASON_CHARS_MAX: usize = 500;

/// Handles what the source delivers until `stop`. What was not acknowledged by then is delivered again, to whoever consumes
/// next.
pub async fn consume(source: &mut dyn Source, handler: &dyn Handler, memory: &dyn Handled, stop: &CancellationToken) {
    let mut lanes: HashMap<String, VecDeque<Box<dyn Delivery>>> = HashMap::new();
    let mut running = FuturesUnordered::new();
    let mut pending = 0_usize;
    let mut reminder = interval(REMIND_EVERY);
    reminder.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = reminder.tick() => {
                // What waits behind another event of its organization is not forgotten.
                for waiting in lanes.values().flatten() {
                    tell(waiting.working().await);
                }
            }
            Some(lane) = running.next(), if !running.is_empty() => {
                pending -= 1;
                let waiting: Option<Box<dyn Delivery>> = lanes.get_mut(&lane).and_then(VecDeque::pop_front);
                match waiting {
                    Some(delivery) => running.push(work(lane, delivery, handler, memory)),
                    // Nobody waits: the next one of this lane begins at once.
                    None => { lanes.remove(&lane); }
                }
            }
            delivered = source.next(), if pending < PENDING_MAX => match delivered {
                Ok(delivery) => {
                    pending += 1;
                    let lane = delivery.message().header("ce-organization").unwrap_or_default().to_owned();
                    if let Some(waiting) = lanes.get_mut(&lane) {
                        waiting.push_back(delivery);
                    } else {
                        lanes.insert(lane.clone(), VecDeque::new());
                        running.push(work(lane, delivery, handler, memory));
                    }
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn Error, "no events can be had at the moment");
                    let _ = timeout(SOURCE_PAUSE, stop.cancelled()).await;
                }
            },
        }
    }
}

/// Handles one delivery, and answers its lane.
async fn work(lane: String, delivery: Box<dyn Delivery>, handler: &dyn Handler, memory: &dyn Handled) -> String {
    let event = match Event::read(delivery.message()) {
        Ok(event) => event,
        Err(malformed) => {
            set_aside(&*delivery, "unreadable", &malformed).await;
            return lane;
        }
    };
    let span = tracing::info_span!("event.handle", event.id, event.name, event.traceparent, organization = lane);
    attempts(&*delivery, &event, handler, memory).instrument(span).await;
    lane
}

async fn attempts(delivery: &dyn Delivery, event: &Event, handler: &dyn Handler, memory: &dyn Handled) {
    let mut wait = WAIT_FIRST;
    let mut attempt = 0_u32;
    loop {
        match remembered(delivery, attempt_once(event, handler, memory)).await {
            Attempt::Done => {
                // When the bus does not hear it, it delivers the event again, which is known then.
                tell(delivery.done().await);
                tracing::debug!(monotonic_counter.vestibule_consumer_handled = 1_u64);
                return;
            }
            Attempt::Handled(HandleError::Never(error)) => {
                set_aside(delivery, &event.name, &*error).await;
                return;
            }
            Attempt::Handled(HandleError::Again(error)) => {
                attempt = attempt.saturating_add(1);
                tracing::debug!(monotonic_counter.vestibule_consumer_retries = 1_u64);
                tracing::warn!(attempt, error = chain(&*error), "an event was not handled");
                if is_last(attempt, handler.attempts_max()) {
                    set_aside(delivery, &event.name, &*error).await;
                    return;
                }
            }
            Attempt::Forgetful(error) => {
                // No fault of the event, which would have to be set aside on the same bus.
                tracing::warn!(error = chain(&error), "it cannot be known whether an event was handled");
            }
        }
        pause(delivery, wait).await;
        wait = (wait * 2).min(WAIT_MAX);
    }
}

fn is_last(attempt: u32, attempts_max: Option<u32>) -> bool {
    attempts_max.is_some_and(|most| attempt >= most)
}

/// What came of an attempt.
enum Attempt {
    Done,
    /// What the handler said.
    Handled(HandleError),
    /// What was handled cannot be remembered.
    Forgetful(SourceError),
}

async fn attempt_once(event: &Event, handler: &dyn Handler, memory: &dyn Handled) -> Attempt {
    match memory.was(&event.id).await {
        Ok(true) => return Attempt::Done,
        Ok(false) => {}
        Err(error) => return Attempt::Forgetful(error),
    }
    if let Err(error) = handler.handle(event).await {
        return Attempt::Handled(error);
    }
    match memory.note(&event.id).await {
        Ok(()) => Attempt::Done,
        Err(error) => Attempt::Forgetful(error),
    }
}

/// Works, and tells the bus often enough that nobody has forgotten the event.
async fn remembered<R>(delivery: &dyn Delivery, work: impl Future<Output = R>) -> R {
    let mut work = pin!(work);
    let often = delivery.patience() / 3;
    loop {
        match timeout(often, &mut work).await {
            Ok(done) => return done,
            Err(_) => tell(delivery.working().await),
        }
    }
}

/// Waits, and tells the bus often enough that nobody has forgotten the event.
async fn pause(delivery: &dyn Delivery, wait: Duration) {
    let end = Instant::now() + wait;
    let often = delivery.patience() / 3;
    while Instant::now() < end {
        tell(delivery.working().await);
        sleep_until(end.min(Instant::now() + often)).await;
    }
    tell(delivery.working().await);
}

async fn set_aside(delivery: &dyn Delivery, what: &str, error: &(dyn Error + Send + Sync)) {
    let reason = chain(error);
    // Apart from the words: what stands beside a metric becomes a label of it, and has to be of a few kinds.
    tracing::debug!(monotonic_counter.vestibule_consumer_dead_letters = 1_u64);
    tracing::error!(event = what, reason, "an event is set aside");
    tell(delivery.set_aside(&reason).await);
}

/// The error and what caused it, in one line.
fn chain(error: &(dyn Error + Send + Sync)) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason.push_str(": ");
        reason.push_str(&cause.to_string());
        source = cause.source();
    }
    reason.chars().filter(|each| !each.is_control()).take(REASON_CHARS_MAX).collect()
}

fn tell(told: Result<(), SourceError>) {
    if let Err(error) = told {
        tracing::warn!(error = &error as &dyn Error, "the bus does not hear what became of an event");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_for_as_long_as_it_takes_never_gives_up() {
        assert_eq!([ATTEMPTS_MAX - 1, ATTEMPTS_MAX].map(|attempt| is_last(attempt, Some(ATTEMPTS_MAX))), [false, true]);
        assert!(!is_last(u32::MAX, None));
    }
}
