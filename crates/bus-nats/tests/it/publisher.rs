use std::sync::Arc;

use vestibule_bus::{Last, Mapping, Message, PublishError, Publisher as _, Receipt};
use vestibule_bus_nats::NatsPublisher;
use vestibule_eventlog::Filter;

use crate::{
    server::{STREAM, Server},
    world::World,
};

async fn messages(world: &World) -> Vec<Message> {
    let page = world.log.read_all(world.log.start(), &Filter::default(), 100).await.unwrap();
    let mapping = Mapping::new("test", "https://login.example");
    let mut messages = Vec::new();
    for recorded in &page.events {
        messages.push(mapping.message(&world.log, recorded).await.unwrap().unwrap());
    }
    messages
}

#[tokio::test]
async fn the_server_holds_every_lane_to_its_end() {
    let Some(server) = Server::scratch("the_server_holds_every_lane_to_its_end").await else { return };
    let world = World::sqlite().await;
    world.append(2, 0, 3).await;
    let messages = messages(&world).await;
    let (one, other): (Vec<&Message>, Vec<&Message>) = messages.iter().partition(|m| m.lane == messages[0].lane);
    let publisher = NatsPublisher::connect(server.settings()).await.unwrap();

    assert_eq!(publisher.last(&one[0].lane).await.unwrap(), Last::default());
    assert_eq!(publisher.publish(one[0], 0).await.unwrap(), Receipt { sequence: 1, duplicate: false });
    assert_eq!(publisher.publish(other[0], 0).await.unwrap(), Receipt { sequence: 2, duplicate: false });
    // Another subject of the same lane would do as well: what counts is the lane.
    assert_eq!(publisher.publish(one[1], 1).await.unwrap(), Receipt { sequence: 3, duplicate: false });
    // A leader of the past that wakes up: with what was published, and with what would come later.
    let again = publisher.publish(one[1], 1).await;
    let known = matches!(again, Err(PublishError::Moved) | Ok(Receipt { sequence: 3, duplicate: true }));
    assert!(known, "{again:?}");
    assert!(matches!(publisher.publish(one[2], 1).await, Err(PublishError::Moved)));

    let last = publisher.last(&one[0].lane).await.unwrap();
    assert_eq!(last, Last { sequence: 3, cursor: Some(one[1].cursor), id: Some(one[1].id) });
    assert_eq!(server.everything().await.len(), 3);
}

#[tokio::test]
async fn a_full_stream_says_so_and_drops_nothing() {
    let Some(server) = Server::scratch("a_full_stream_says_so_and_drops_nothing").await else { return };
    let world = World::sqlite().await;
    world.append(1, 0, 40).await;
    let mut small = server.settings();
    small.stream.max_bytes = 4_096;
    let publisher = NatsPublisher::connect(small).await.unwrap();
    let mut sequence = 0;
    for message in messages(&world).await {
        match publisher.publish(&message, sequence).await {
            Ok(receipt) => sequence = receipt.sequence,
            Err(PublishError::Full(_)) => break,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!((1..40).contains(&sequence), "{sequence}");
    assert_eq!(server.everything().await.len() as u64, sequence);

    // An operator makes room; the relay brings the rest.
    let publisher = Arc::new(NatsPublisher::connect(server.settings()).await.unwrap());
    let mut relay = world.relay(publisher);
    relay.caught_up(&world).await;
    world.assert_published(&server.everything().await).await;
}

#[tokio::test]
async fn a_stream_of_somebody_else_is_not_touched() {
    let Some(server) = Server::scratch("a_stream_of_somebody_else_is_not_touched").await else { return };
    let foreign = async_nats::jetstream::stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["orders.>".to_owned()],
        ..Default::default()
    };
    server.context().await.create_stream(foreign).await.unwrap();
    let publisher = NatsPublisher::connect(server.settings()).await.unwrap();
    let refused = publisher.last("vestibule.test.x.>").await;
    assert!(matches!(refused, Err(PublishError::Unavailable(_))), "{refused:?}");
    let stream = server.context().await.get_stream(STREAM).await.unwrap();
    assert_eq!(stream.cached_info().config.subjects, ["orders.>"]);
}
