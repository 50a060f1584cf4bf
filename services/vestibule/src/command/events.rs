//! `vestibule events`: what is published, as a server tells it.

use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::time::sleep;
use tonic::{Code, Status};
use vestibule_bus::{CONTENT_TYPE, SPEC_VERSION, TYPE_PREFIX};
use vestibule_rpc::{
    Channel,
    events::v1::{
        Event, ListEventsRequest, SubscribeEventsRequest, event_service_client::EventServiceClient,
        subscribe_events_request, subscribe_events_response,
    },
};

use super::{Operator, org};
use crate::output::{Format, moment, note, still_read};

/// The largest answer: a page of large events.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Events that are asked for at once.
const PAGE_EVENTS: i32 = 100;

/// How long a server that does not answer is left alone.
const RETRY_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print events that have happened, oldest first, and where to go on.
    List {
        #[command(flatten)]
        selection: Selection,
        /// Only those behind this cursor; from the beginning when absent.
        #[arg(long, value_name = "CURSOR", default_value = "")]
        from: String,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Print events as they happen, until interrupted. Goes on where it was when the server was away.
    Tail {
        #[command(flatten)]
        selection: Selection,
        /// `end`, `start`, or the cursor behind which to begin.
        #[arg(long, value_name = "PLACE", default_value = "end")]
        from: String,
    },
}

/// Which events; with `--json` each is a line, a `CloudEvent` in structured mode.
#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Only those of this organization: slug, id or name.
    #[arg(long)]
    org: Option<String>,
    /// Only those of this type, such as `person.deactivated`, or `person.*`; repeat for more.
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    match command {
        Command::List { selection, from, limit } => list(operator, &selection, from, limit).await,
        Command::Tail { selection, from } => tail(operator, &selection, &from).await,
    }
}

impl Selection {
    async fn read(&self, operator: &Operator) -> anyhow::Result<(String, Vec<String>)> {
        let organization = match &self.org {
            Some(org) => org::name_of(operator, org).await?,
            None => String::new(),
        };
        let whole = |name: &String| {
            let name = name.strip_prefix(TYPE_PREFIX).unwrap_or(name);
            format!("{TYPE_PREFIX}{name}")
        };
        Ok((organization, self.types.iter().map(whole).collect()))
    }
}

fn client(operator: &Operator) -> EventServiceClient<Channel> {
    EventServiceClient::new(operator.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
}

async fn list(operator: &Operator, selection: &Selection, from: String, limit: usize) -> anyhow::Result<()> {
    let (mut client, (organization, types)) = (client(operator), selection.read(operator).await?);
    let (mut after, mut left) = (from, limit);
    loop {
        let page_size = i32::try_from(left).unwrap_or(PAGE_EVENTS).min(PAGE_EVENTS);
        if page_size == 0 {
            break;
        }
        let (organization, types) = (organization.clone(), types.clone());
        let request = ListEventsRequest { organization, types, after, page_size };
        let page = client.list_events(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        left = left.saturating_sub(page.events.len());
        after = page.next;
        for event in &page.events {
            if !print(operator.format, event)? {
                return Ok(());
            }
        }
        if page.at_end {
            break;
        }
    }
    note(&format!("go on with --from {after}"));
    Ok(())
}

async fn tail(operator: &Operator, selection: &Selection, from: &str) -> anyhow::Result<()> {
    let (organization, types) = selection.read(operator).await?;
    let mut from = match from {
        "end" => Some(subscribe_events_request::From::End(true)),
        "start" => None,
        cursor => Some(subscribe_events_request::From::After(cursor.to_owned())),
    };
    let mut answered = false;
    loop {
        let (organization, types) = (organization.clone(), types.clone());
        let request = SubscribeEventsRequest { organization, types, from: from.clone() };
        match follow(operator, request, &mut from, &mut answered).await? {
            Ended::NotRead => return Ok(()),
            // What has answered once is waited for; what never did may be the wrong address.
            Ended::Away(_) if answered => {
                note("the server is away; going on as soon as it answers");
                sleep(RETRY_WAIT).await;
            }
            Ended::Away(status) => return Err(operator.refused(&status)),
        }
    }
}

/// Why a subscription is over.
enum Ended {
    /// Nobody reads what is printed.
    NotRead,
    /// The server does not answer, or not any more.
    Away(Status),
}

/// Prints what a subscription tells, and keeps how far it came in `from`.
async fn follow(
    operator: &Operator,
    request: SubscribeEventsRequest,
    from: &mut Option<subscribe_events_request::From>,
    answered: &mut bool,
) -> anyhow::Result<Ended> {
    let ended = |status: Status| match status.code() {
        Code::Unavailable | Code::Cancelled | Code::Unknown => Ok(Ended::Away(status)),
        _ => Err(operator.refused(&status)),
    };
    let mut told = match client(operator).subscribe_events(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => return ended(status),
    };
    loop {
        let message = match told.message().await {
            Ok(Some(message)) => message.message,
            Ok(None) => return Ok(Ended::Away(Status::unavailable("the server has ended"))),
            Err(status) => return ended(status),
        };
        *answered = true;
        match message {
            Some(subscribe_events_response::Message::Event(event)) => {
                if !print(operator.format, &event)? {
                    return Ok(Ended::NotRead);
                }
                *from = Some(subscribe_events_request::From::After(event.cursor));
            }
            Some(subscribe_events_response::Message::Progress(progress)) => {
                *from = Some(subscribe_events_request::From::After(progress.cursor));
            }
            None => {}
        }
    }
}

/// Prints one event; whether somebody reads it.
fn print(format: Format, event: &Event) -> anyhow::Result<bool> {
    Ok(still_read(&match format {
        Format::Json => structured(event)?.to_string(),
        Format::Human => {
            let name = event.r#type.strip_prefix(TYPE_PREFIX).unwrap_or(&event.r#type);
            format!("{}  {name}  {}  {}", moment(event.time.as_ref()), event.subject, event.data)
        }
    }))
}

/// The event in structured mode: its JSON format (CloudEvents 1.0 JSON, section 3).
fn structured(event: &Event) -> anyhow::Result<Value> {
    let data: Value = serde_json::from_str(&event.data).context("the event's data is not JSON")?;
    let mut whole = json!({
        "specversion": SPEC_VERSION,
        "id": event.id,
        "source": event.source,
        "type": event.r#type,
        "subject": event.subject,
        "time": moment(event.time.as_ref()),
        "cursor": event.cursor,
        "datacontenttype": CONTENT_TYPE,
        "data": data,
    });
    if let Some(fields) = whole.as_object_mut() {
        let organization = event.organization.strip_prefix("organizations/");
        fields.extend(organization.map(|organization| ("organization".to_owned(), json!(organization))));
        let traceparent = Some(&event.traceparent).filter(|text| !text.is_empty());
        fields.extend(traceparent.map(|text| ("traceparent".to_owned(), json!(text))));
    }
    Ok(whole)
}
