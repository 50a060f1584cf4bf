use std::sync::Arc;

use vestibule_bus_nats::NatsPublisher;

use crate::{
    server::Server,
    world::{World, database},
};

const ORGANIZATIONS: u128 = 16;

/// The server is killed and started again while events are recorded and published, and is gone when the relay starts.
async fn survives_restarts(world: World, mut server: Server) {
    server.kill();
    let publisher = Arc::new(NatsPublisher::connect(server.settings()).await.unwrap());
    let mut relay = world.relay(publisher);
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
