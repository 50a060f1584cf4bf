use std::sync::Arc;

use vestibule_kernel::{Clock, Timestamp};
use vestibule_lambda::{Context, Diagnostic};

use crate::{
    config::Config,
    enrichment::{Enrichment, SetupError},
    event::{Event, Handling, response_of},
    failure::Failure,
    invocation::Invocation,
    open::{self, OrganizationMarks},
    record::{self, Outcome},
};

/// Answers trigger events.
pub(crate) struct Shim {
    enrichment: Enrichment,
    fail_open_pools: Vec<String>,
    marks: OrganizationMarks,
    clock: Arc<dyn Clock>,
}

impl Shim {
    pub(crate) async fn new(config: Config, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let enrichment = Enrichment::connect(&config).await?;
        Ok(Self { enrichment, fail_open_pools: config.fail_open_pools, marks: config.marks, clock })
    }

    /// The answered event, as JSON text.
    pub(crate) async fn handle(&self, event_json: Option<&str>, context: &Context) -> Result<String, Diagnostic> {
        let now = self.clock.now();
        let invocation = Invocation::of(context, now);
        let event = match event_json.ok_or(Failure::Malformed).and_then(Event::parse) {
            Ok(event) => event,
            Err(failure) => {
                record::write(now, &invocation, None, &Outcome::Failed(&failure), 0);
                return Err(failure.diagnostic(&invocation.reference));
            }
        };
        let (failure, attempts) = match event.handling() {
            Handling::Return => return Ok(event_json.unwrap_or_default().to_owned()),
            Handling::Refuse => (Failure::UnknownTrigger, 0),
            Handling::Forward => match self.forward(&event, &invocation, now).await {
                (Ok(answer), _) => return Ok(answer),
                (Err(failure), attempts) => (failure, attempts),
            },
        };
        let open = self.open_answer(&event, &failure);
        let outcome = if open.is_some() { Outcome::FailedOpen(&failure) } else { Outcome::Failed(&failure) };
        record::write(now, &invocation, Some(&event), &outcome, attempts);
        open.ok_or_else(|| failure.diagnostic(&invocation.reference))
    }

    /// Nothing but the response is taken from the answer, so that what did not leave the function is still there.
    async fn forward(
        &self,
        event: &Event<'_>,
        invocation: &Invocation,
        now: Timestamp,
    ) -> (Result<String, Failure>, u32) {
        let forwarded = match event.to_forward() {
            Ok(forwarded) => forwarded,
            Err(failure) => return (Err(failure), 0),
        };
        let asked = self.enrichment.handle_trigger(forwarded, invocation).await;
        let answer = asked.outcome.and_then(|answer| {
            let response = response_of(&answer).ok_or(Failure::AnswerMalformed)?;
            Ok(event.answered(response))
        });
        if answer.is_ok() && asked.attempts > 1 {
            record::write(now, invocation, Some(event), &Outcome::Retried, asked.attempts);
        }
        (answer, asked.attempts)
    }

    fn open_answer(&self, event: &Event<'_>, failure: &Failure) -> Option<String> {
        if !failure.says_nothing() || !self.fail_open_pools.contains(&event.user_pool) {
            return None;
        }
        // An event that cannot be read has no open answer either.
        let response = open::response(event, &self.marks).ok()??;
        Some(event.answered(&response.to_string()))
    }
}
