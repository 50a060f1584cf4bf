use async_nats::jetstream::{
    Context, ErrorCode,
    consumer::{AckPolicy, Config, DeliverPolicy},
    context::{ConsumerInfoErrorKind, GetStreamErrorKind},
};

use super::{
    ApplyError, ConsumerDeclaration,
    change::{Danger, Differences, Planned, Write, if_narrower, listed},
};
use crate::consumer::config;

/// What the server has under this name; `None` also when there is no stream yet.
pub(super) async fn find(context: &Context, declared: &ConsumerDeclaration) -> Result<Option<Config>, ApplyError> {
    let unreadable = |source| ApplyError::Read { object: object(declared), source };
    let stream = match context.get_stream(&declared.stream).await {
        Ok(stream) => stream,
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(answer) if answer.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                return Ok(None);
            }
            _ => return Err(unreadable(error.into())),
        },
    };
    match stream.consumer_info(&declared.name).await {
        Ok(info) => Ok(Some(info.config)),
        Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(error.into())),
    }
}

pub(super) fn compare(declared: &ConsumerDeclaration, found: Option<Config>) -> Option<Planned> {
    let mut differences = Differences::of(object(declared));
    let wanted = config(&declared.name, &declared.subjects);
    let write = Write::Consumer { stream: declared.stream.clone(), config: Box::new(wanted.clone()) };
    let Some(is) = found else { return Some(Planned { changes: differences.absent(), write }) };
    let subjects = if is.filter_subjects.is_empty() { vec![is.filter_subject.clone()] } else { is.filter_subjects };
    let narrower = if_narrower(&subjects, &wanted.filter_subjects, "it is not told of the others any more");
    differences.field("subjects", (listed(&subjects), listed(&wanted.filter_subjects)), narrower);
    differences.field("ack_wait_seconds", (is.ack_wait.as_secs(), wanted.ack_wait.as_secs()), None);
    differences.field("max_ack_pending", (is.max_ack_pending, wanted.max_ack_pending), None);
    let gives_up = Some(Danger::Loses("an event that is not handled is given up"));
    differences.field(
        "max_deliver",
        (is.max_deliver, wanted.max_deliver),
        gives_up.filter(|_| wanted.max_deliver >= 0),
    );
    let unchangeable = Some(Danger::Impossible);
    let explicit = |policy| if policy == AckPolicy::Explicit { "explicit" } else { "not explicit" };
    differences.field("acknowledgement", (explicit(is.ack_policy), "explicit"), unchangeable);
    let all = |policy| if policy == DeliverPolicy::All { "all" } else { "not all" };
    differences.field("delivery", (all(is.deliver_policy), "all"), unchangeable);
    let changes = differences.into_changes();
    (!changes.is_empty()).then_some(Planned { changes, write })
}

fn object(declared: &ConsumerDeclaration) -> String {
    format!("consumer {} of {}", declared.name, declared.stream)
}
