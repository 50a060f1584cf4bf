use std::pin::Pin;

use futures_util::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};
use vestibule_bus::Event;
use vestibule_host::Resources;
use vestibule_rpc::{
    Confined,
    events::v1::{
        self as pb, ListEventsRequest, ListEventsResponse, SubscribeEventsRequest, SubscribeEventsResponse,
        event_service_server::EventService, subscribe_events_response,
    },
    proto_timestamp, resource,
};

use super::refused;
use crate::{
    Config,
    events::{From, Selection, Teller, Told, cursor, page_size},
};

/// Serves the events.
pub(crate) struct EventsApi {
    teller: Teller,
}

impl EventsApi {
    pub(crate) fn new(resources: &Resources, config: &Config) -> Self {
        Self { teller: Teller::new(resources, config.events_progress()) }
    }
}

#[tonic::async_trait]
impl EventService for EventsApi {
    type SubscribeEventsStream = Pin<Box<dyn Stream<Item = Result<SubscribeEventsResponse, Status>> + Send>>;

    #[tracing::instrument(name = "events.list_events", skip_all)]
    async fn list_events(&self, request: Request<ListEventsRequest>) -> Result<Response<ListEventsResponse>, Status> {
        let ListEventsRequest { organization, types, after, page_size: size } = request.get_ref();
        let selection = Selection::read(organization, types).and_then(|wanted| wanted.within(Confined::of(&request)));
        let selection = selection.map_err(refused)?;
        let (after, size) = (cursor(after).map_err(refused)?, page_size(*size).map_err(refused)?);
        let listed = self.teller.list(&selection, after, size).await.map_err(refused)?;
        Ok(Response::new(ListEventsResponse {
            events: listed.events.into_iter().map(message).collect(),
            next: listed.next.to_string(),
            at_end: listed.at_head,
        }))
    }

    #[tracing::instrument(name = "events.subscribe_events", skip_all)]
    async fn subscribe_events(
        &self,
        request: Request<SubscribeEventsRequest>,
    ) -> Result<Response<Self::SubscribeEventsStream>, Status> {
        let SubscribeEventsRequest { organization, types, from } = request.get_ref();
        let selection = Selection::read(organization, types).and_then(|wanted| wanted.within(Confined::of(&request)));
        let selection = selection.map_err(refused)?;
        let from = From::read(from.as_ref()).map_err(refused)?;
        let subscription = self.teller.subscribe(selection, from).await.map_err(refused)?;
        let told = subscription.told().map(|told| told.map(answer).map_err(refused));
        Ok(Response::new(Box::pin(told)))
    }
}

fn answer(told: Told) -> SubscribeEventsResponse {
    let message = match told {
        Told::Event(event) => subscribe_events_response::Message::Event(message(*event)),
        Told::Progress { cursor, at_head } => {
            let progress = pb::Progress { cursor: cursor.to_string(), at_end: at_head };
            subscribe_events_response::Message::Progress(progress)
        }
    };
    SubscribeEventsResponse { message: Some(message) }
}

fn message(event: Event) -> pb::Event {
    pb::Event {
        id: event.id.to_string(),
        r#type: event.type_name(),
        source: event.source,
        subject: event.subject,
        time: Some(proto_timestamp(event.time)),
        cursor: event.cursor.to_string(),
        organization: event.organization.map(resource::organization_name).unwrap_or_default(),
        traceparent: event.traceparent.unwrap_or_default(),
        data: event.body,
    }
}
