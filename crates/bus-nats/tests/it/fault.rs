//! What may happen to NATS, to the database and to relays, with both real: counted at the end.

use std::{sync::Arc, time::Duration};

use vestibule_bus_nats::{NatsPublisher, Settings};

use crate::{
    server::Server,
    world::{World, database},
};

const ORGANIZATIONS: u128 = 16;

async fn publisher(settings: Settings) -> Arc<NatsPublisher> {
    Arc::new(NatsPublisher::connect(settings).await.unwrap())
}

/// The server is killed and started again while events are recorded and published, and is gone when the relay starts.
async fn survives_restarts(world: World, mut server: Server) {
    server.kill();
    let mut relay = world.relay(publisher(server.settings()).await);
    world.append(ORGANIZATIONS, 0, 5).await;
    server.start().await;
    for round in 1..=3 {
        let mut status = relay.status.clone();
        let before = status.borrow().published;
        status.wait_for(|status| status.published > before).await.unwrap();
        server.kill();
        world.append(ORGANIZATIONS, round * 5, 5).await;
        server.start().await;
    }
    relay.caught_up(&world).await;
    let stored = server.everything().await;
    assert_eq!(stored.len(), 16 * 20);
    world.assert_published(&stored).await;
    assert!(relay.status.borrow().failures > 0, "the faults were felt");
}

#[tokio::test]
async fn restarts_of_nats_lose_and_reorder_nothing_on_sqlite() {
    let Some(server) = Server::scratch("restarts_of_nats_lose_and_reorder_nothing_on_sqlite").await else { return };
    survives_restarts(World::sqlite().await, server).await;
}

#[tokio::test]
async fn restarts_of_nats_lose_and_reorder_nothing_on_postgres() {
    let test = "restarts_of_nats_lose_and_reorder_nothing_on_postgres";
    let Some(server) = Server::scratch(test).await else { return };
    let Some(url) = database(test).await else { return };
    survives_restarts(World::postgres(&url).await, server).await;
}

/// The server stands still for longer than an answer may take, with messages of every organization on their way: whether
/// they were stored is not known. When it goes on it takes what lay in its socket, too.
#[tokio::test]
async fn a_server_that_stands_still_gets_nothing_twice_and_nothing_in_another_order() {
    let test = "a_server_that_stands_still_gets_nothing_twice_and_nothing_in_another_order";
    let Some(server) = Server::scratch(test).await else { return };
    let Some(url) = database(test).await else { return };
    let world = World::postgres(&url).await;
    let mut relay = world.relay(publisher(server.settings()).await);
    world.append(ORGANIZATIONS, 0, 1).await;
    relay.caught_up(&world).await;
    for round in 0..2 {
        server.signal("-STOP");
        world.append(ORGANIZATIONS, 1 + round * 4, 4).await;
        // Answers are waited for, and the attempts are given up.
        let (mut status, before) = (relay.status.clone(), relay.status.borrow().failures);
        status.wait_for(|status| status.failures > before).await.unwrap();
        assert!(status.borrow().in_flight <= 16, "one of each organization");
        server.signal("-CONT");
        relay.caught_up(&world).await;
    }
    let stored = server.everything().await;
    assert_eq!(stored.len(), 16 * 9);
    world.assert_published(&stored).await;
}

/// The stream is full in the middle of the work; events wait in the log until an operator has made room.
#[tokio::test]
async fn a_full_stream_holds_the_relay_up_and_loses_nothing() {
    let test = "a_full_stream_holds_the_relay_up_and_loses_nothing";
    let Some(server) = Server::scratch(test).await else { return };
    let Some(url) = database(test).await else { return };
    let world = World::postgres(&url).await;
    let mut small = server.settings();
    small.stream.max_bytes = 16 * 1024;
    world.append(ORGANIZATIONS, 0, 10).await;
    let mut relay = world.relay(publisher(small.clone()).await);
    relay.status.wait_for(|status| status.failures > 0 && status.published > 0).await.unwrap();
    let published = relay.status.borrow().published;
    assert!(published < 160, "{published}");

    let mut context = server.context().await.get_stream("vestibule").await.unwrap().cached_info().config.clone();
    context.max_bytes = 64 * 1024 * 1024;
    server.context().await.update_stream(&context).await.unwrap();
    relay.caught_up(&world).await;
    let stored = server.everything().await;
    assert_eq!(stored.len(), 160);
    world.assert_published(&stored).await;
}

/// The server forgets ids after a moment, and the relay forgets how far it came: what is there already is known by the end
/// of its lane, so that even outside of the window nothing is sent a second time.
#[tokio::test]
async fn outside_of_the_window_the_end_of_a_lane_says_what_is_there() {
    let test = "outside_of_the_window_the_end_of_a_lane_says_what_is_there";
    let Some(server) = Server::scratch(test).await else { return };
    let Some(url) = database(test).await else { return };
    let mut forgetful = server.settings();
    forgetful.stream.dedupe_window = Duration::from_millis(100);
    let world = World::postgres(&url).await;
    world.append(ORGANIZATIONS, 0, 5).await;
    let mut relay = world.relay(publisher(forgetful.clone()).await);
    relay.caught_up(&world).await;
    drop(relay);
    assert_eq!(server.everything().await.len(), 80);
    // The server takes an id again that it has forgotten, if nobody else says that it has been there.
    let again = || async {
        let context = server.context().await;
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("Nats-Msg-Id", "forgotten");
        let stored = context.publish_with_headers("vestibule.test.x.organization.updated", headers, "{}".into()).await;
        stored.unwrap().await.unwrap()
    };
    assert!(!again().await.duplicate);
    while again().await.duplicate {}
    server.context().await.get_stream("vestibule").await.unwrap().purge().filter("vestibule.test.x.>").await.unwrap();

    world.forget_how_far().await;
    world.append(ORGANIZATIONS, 5, 1).await;
    let mut relay = world.relay(publisher(forgetful).await);
    relay.caught_up(&world).await;
    assert!(relay.status.borrow().duplicates >= 80, "each was looked at again");
    let stored = server.everything().await;
    assert_eq!(stored.len(), 96);
    world.assert_published(&stored).await;
}
