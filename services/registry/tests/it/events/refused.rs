use tonic::Code;
use vestibule_eventlog::{Draft, Metadata, StreamAppend, StreamId, Transaction, Version};
use vestibule_rpc::events::v1::{ListEventsRequest, SubscribeEventsRequest, subscribe_events_request::From};

use super::world::{Subscribed, World};
use crate::registry::{assert_field, assert_refused};

/// What the server says of a subscription, whether at once or as its first word.
async fn refusal(world: &World, request: SubscribeEventsRequest) -> Result<(), tonic::Status> {
    world.subscribe(request).await?.told().await.map(|_| ())
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let world = World::sqlite().await;
    world.happen(1, 0).await;
    let epoch = world.resources.log.start().epoch();
    let cases = [
        ("CURSOR_INVALID", "after", ListEventsRequest { after: "7".to_owned(), ..Default::default() }),
        ("CURSOR_INVALID", "after", ListEventsRequest { after: "x".repeat(100_000), ..Default::default() }),
        ("PAGE_SIZE_INVALID", "page_size", ListEventsRequest { page_size: 501, ..Default::default() }),
        ("PAGE_SIZE_INVALID", "page_size", ListEventsRequest { page_size: -1, ..Default::default() }),
        (
            "RESOURCE_NAME_INVALID",
            "organization",
            ListEventsRequest { organization: "acme".to_owned(), ..Default::default() },
        ),
        ("EVENT_TYPES_TOO_MANY", "types", types(&["vestibule.person.*"; 33])),
        ("EVENT_TYPE_UNKNOWN", "types", types(&["vestibule.person.deactivate"])),
        // What is recorded and not published is as unknown as what does not exist.
        ("EVENT_TYPE_UNKNOWN", "types", types(&["vestibule.user_pool.secret_added"])),
        ("EVENT_TYPE_UNKNOWN", "types", types(&["person.deactivated"])),
        ("EVENT_TYPE_UNKNOWN", "types", types(&["vestibule.*"])),
        ("EVENT_TYPE_UNKNOWN", "types", types(&["vestibule.per*"])),
        ("EVENT_TYPE_UNKNOWN", "types", types(&[""])),
    ];
    for (reason, field, request) in cases {
        let ListEventsRequest { organization, types, after, page_size } = request.clone();
        assert_field(world.list(request).await, reason, field);
        if page_size == 0 {
            let from = Some(From::After(after));
            assert_field(refusal(&world, SubscribeEventsRequest { organization, types, from }).await, reason, field);
        }
    }
    // Of another log, and of a future that this one does not have.
    for cursor in [format!("{:016x}-1", epoch ^ 1), format!("{epoch:016x}-ffff")] {
        let request = ListEventsRequest { after: cursor.clone(), ..Default::default() };
        assert_refused(world.list(request).await, Code::InvalidArgument, "CURSOR_FOREIGN");
        let request = SubscribeEventsRequest { from: Some(From::After(cursor)), ..Default::default() };
        assert_refused(refusal(&world, request).await, Code::InvalidArgument, "CURSOR_FOREIGN");
    }
}

fn types(types: &[&str]) -> ListEventsRequest {
    let types = types.iter().map(|name| (*name).to_owned()).collect();
    ListEventsRequest { types, ..Default::default() }
}

#[tokio::test]
async fn a_process_serves_so_many_subscriptions_and_no_more() {
    let world = World::sqlite().await;
    let mut subscribed: Vec<Subscribed> = Vec::new();
    for _ in 0..64 {
        subscribed.push(world.subscribe(SubscribeEventsRequest::default()).await.unwrap());
    }
    let more = refusal(&world, SubscribeEventsRequest::default()).await;
    assert_refused(more, Code::ResourceExhausted, "SUBSCRIPTIONS_EXHAUSTED");
    assert!(world.list(ListEventsRequest::default()).await.is_ok());
    subscribed.clear();
    // The server learns of it a little later.
    while let Err(status) = refusal(&world, SubscribeEventsRequest::default()).await {
        assert_eq!(status.code(), Code::ResourceExhausted);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn subscriptions_end_with_the_process_and_say_so() {
    let world = World::sqlite().await;
    let mut subscribed = world.subscribe(SubscribeEventsRequest::default()).await.unwrap();
    subscribed.progress().await;
    world.resources.ending.cancel();
    assert_refused(subscribed.told().await, Code::Unavailable, "SERVER_ENDING");
}

#[tokio::test]
async fn what_cannot_be_read_ends_what_is_told_behind_everything_before_it() {
    let world = World::sqlite().await;
    for version in 0..3 {
        world.happen(1, version).await;
    }
    let unknown = Draft {
        id: None,
        name: "weather.changed",
        revision: 1,
        data: "{}".to_owned(),
        personal: None,
        reservations: Vec::new(),
    };
    let stream = StreamId::new("weather", None, None, "today").unwrap();
    let append = StreamAppend { stream, expected: Version::EMPTY, drafts: vec![unknown] };
    let metadata = Metadata { actor: "operator".to_owned(), ..Metadata::default() };
    world.resources.log.append(Transaction { metadata, appends: vec![append] }).await.unwrap();
    world.happen(1, 3).await;

    let mut subscribed = world.subscribe(SubscribeEventsRequest::default()).await.unwrap();
    assert_eq!(subscribed.events(3).await.len(), 3);
    assert_refused(subscribed.told().await, Code::DataLoss, "EVENT_UNREADABLE");
    let listed = world.list(ListEventsRequest::default()).await.unwrap();
    assert_eq!((listed.events.len(), listed.at_end), (3, false));
    let behind = ListEventsRequest { after: listed.next, ..Default::default() };
    assert_refused(world.list(behind).await, Code::DataLoss, "EVENT_UNREADABLE");
}
