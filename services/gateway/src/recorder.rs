use std::sync::Arc;

use tokio::sync::mpsc;
use vestibule_kernel::{Chain, Clock};
use vestibule_storage::{RecordedSignIn, SignInTrace};

use crate::{
    limit::{TRACE_KEEP, TRACE_QUEUE_MAX},
    report::Report,
    telemetry,
};

/// Writes sign-ins to the trace.
///
/// A refusal is written before the person reads its reference id. A success is written beside the login path: nobody
/// waits for it.
#[derive(Clone)]
pub(crate) struct Recorder {
    trace: Arc<dyn SignInTrace>,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<RecordedSignIn>,
}

impl Recorder {
    /// Starts the task that writes the queue; it ends, with the queue written, after the last clone is gone.
    pub(crate) fn start(trace: Arc<dyn SignInTrace>, clock: Arc<dyn Clock>) -> Self {
        let (queue, mut waiting) = mpsc::channel::<RecordedSignIn>(TRACE_QUEUE_MAX);
        let writer = Arc::clone(&trace);
        tokio::spawn(async move {
            while let Some(sign_in) = waiting.recv().await {
                write(&*writer, &sign_in).await;
            }
        });
        Self { trace, clock, queue }
    }

    /// Counts and writes a sign-in that was refused.
    pub(crate) async fn refused(&self, report: Report) {
        telemetry::count(report.stage, &report.reason);
        tracing::info!(
            sign_in = %report.sign_in,
            stage = report.stage.as_str(),
            reason = %report.reason,
            connection = report.connection.map(tracing::field::display),
            "sign-in refused"
        );
        write(&*self.trace, &report.into_record(self.clock.now())).await;
    }

    /// Counts a sign-in that was accepted and leaves the writing to the background.
    pub(crate) fn accepted(&self, report: Report) {
        telemetry::count(report.stage, &report.reason);
        if self.queue.try_send(report.into_record(self.clock.now())).is_err() {
            tracing::warn!("the trace of sign-ins cannot keep up: an accepted sign-in is not in it");
        }
    }
}

/// A trace that cannot be written must not keep anybody from signing in, nor hide why they could not.
async fn write(trace: &dyn SignInTrace, sign_in: &RecordedSignIn) {
    if let Err(error) = trace.record(sign_in, TRACE_KEEP).await {
        tracing::error!(sign_in = %sign_in.id, error = %Chain(&error), "the trace of sign-ins cannot be written");
    }
}
