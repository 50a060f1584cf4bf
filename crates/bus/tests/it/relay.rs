use std::{io, sync::Arc};

use vestibule_bus::{IN_FLIGHT_MAX, Phase, PublishError, Publisher, Receipt, RelayStatus, StopReason};
use vestibule_eventlog::{Draft, StreamAppend, StreamId, Transaction, Version};

use crate::{
    bus::Bus,
    harness::{Stalling, World, mapping, metadata},
};

fn caught_up(position: u64) -> impl FnMut(&RelayStatus) -> bool {
    move |status| status.checkpoint.is_some_and(|checkpoint| checkpoint.position() == position)
}

#[tokio::test]
async fn events_reach_the_bus_in_order_and_organizations_do_not_wait_for_each_other() {
    let world = World::new().await;
    world.append(8, 0, 20).await;
    let bus = Bus::holding();
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    relay.until(|status| status.in_flight == 8).await;
    assert_eq!(bus.flying_most(), 8, "one of each organization");
    bus.acknowledge(1_000);
    relay.until(caught_up(160)).await;
    world.append(8, 20, 1).await;
    relay.until(caught_up(168)).await;
    bus.assert_whole(168);
}

#[tokio::test]
async fn no_more_is_in_flight_than_allowed() {
    let world = World::new().await;
    world.append(8, 0, 2).await;
    let bus = Bus::holding();
    let mut relay = world.relay(Arc::new(bus.clone()), 3);
    relay.until(|status| status.in_flight == 3 && status.waiting == 16).await;
    bus.acknowledge(1_000);
    relay.until(caught_up(16)).await;
    assert_eq!(bus.flying_most(), 3);
    bus.assert_whole(16);
}

#[tokio::test]
async fn the_checkpoint_waits_for_the_oldest_and_a_crash_sends_nothing_twice() {
    let world = World::new().await;
    world.append(4, 0, 5).await;
    let bus = Bus::holding();
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    relay.until(|status| status.in_flight == 4).await;
    bus.acknowledge(2);
    relay.until(|status| status.published == 2).await;
    relay.kill().await;
    let stored = bus.stored().len();
    assert!(stored >= 4, "stored, and some not acknowledged");

    // The killed relay has not given its lease back, so the next one waits for its end. Meanwhile the bus forgets ids.
    bus.forget_ids();
    bus.acknowledge(1_000);
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    assert_eq!(relay.status.borrow().phase, Phase::Standby);
    relay.until(caught_up(20)).await;
    bus.assert_whole(20);
    relay.end().await;
}

#[tokio::test]
async fn a_checkpoint_that_takes_its_time_holds_nothing_up() {
    let world = World::new().await;
    world.append(4, 0, 5).await;
    let (bus, views) = (Bus::default(), Stalling::new(&world.store));
    let mut relay = world.relay_with(views.clone(), Arc::new(bus.clone()), IN_FLIGHT_MAX);
    relay.until(|status| status.published == 20).await;
    world.append(4, 5, 5).await;
    let status = relay.until(|status| status.published == 40).await;
    assert_eq!(status.checkpoint, None, "nothing is stored yet");
    views.go_on();
    relay.until(caught_up(40)).await;
    relay.end().await;
    bus.assert_whole(40);
}

/// As many as `LOOKED_AT_AGAIN_MAX` says: then the relay waits for its checkpoint. Whoever takes over, with a bus that
/// remembers no id, finds what is there, and publishes what is not.
#[tokio::test]
async fn what_is_looked_at_again_after_a_crash_is_bounded_and_sent_once() {
    const AT_ONCE: usize = 1_000;
    const BOUND: u64 = 32_768;
    let world = World::new().await;
    for round in 0..3 {
        for organization in 1..=12 {
            world.append_at_once(organization, round * AT_ONCE as u64, AT_ONCE).await;
        }
    }
    let (bus, views) = (Bus::default(), Stalling::new(&world.store));
    let mut relay = world.relay_with(views, Arc::new(bus.clone()), IN_FLIGHT_MAX);
    let full = |status: &RelayStatus| status.published >= BOUND && status.waiting == 0;
    assert_eq!(relay.until(full).await.published, BOUND);
    relay.kill().await;

    bus.forget_ids();
    assert_eq!(bus.stored().len() as u64, BOUND, "it waited for its checkpoint");
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    let status = relay.until(caught_up(36_000)).await;
    assert_eq!(status.duplicates, BOUND, "looked at again, and found");
    bus.assert_whole(36_000);
}

#[tokio::test]
async fn a_lost_answer_and_a_full_bus_are_late_and_not_lost() {
    let world = World::new().await;
    world.append(2, 0, 3).await;
    let bus = Bus::default();
    let cause = || Box::new(io::Error::from(io::ErrorKind::TimedOut));
    bus.fail_next(PublishError::Unavailable(cause()));
    bus.fail_next(PublishError::Full(cause()));
    bus.fail_next(PublishError::Moved);
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    let status = relay.until(caught_up(6)).await;
    assert!((2..=3).contains(&status.failures), "{status:?}");
    bus.assert_whole(6);
}

#[tokio::test]
async fn a_poison_event_stops_the_relay_behind_everything_before_it() {
    let world = World::new().await;
    world.append(3, 0, 2).await;
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
    world.log.append(Transaction { metadata: metadata(), appends: vec![append] }).await.unwrap();
    world.append(3, 2, 1).await;

    let bus = Bus::default();
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    let status = relay.until(|status| status.phase == Phase::Stopped).await;
    assert!(matches!(status.stopped.as_deref(), Some(StopReason::Poison { position: 7, .. })), "{status:?}");
    assert_eq!(status.checkpoint.unwrap().position(), 6);
    bus.assert_whole(6);
    relay.end().await;
}

#[tokio::test]
async fn what_the_bus_refuses_for_good_stops_the_relay() {
    let world = World::new().await;
    world.append(1, 0, 2).await;
    let bus = Bus::default();
    bus.fail_next(PublishError::Refused(Box::new(io::Error::from(io::ErrorKind::InvalidData))));
    let mut relay = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    let status = relay.until(|status| status.phase == Phase::Stopped).await;
    assert!(matches!(status.stopped.as_deref(), Some(StopReason::Refused { position: 1, .. })), "{status:?}");
    bus.assert_whole(0);
}

#[tokio::test]
async fn one_relay_leads_and_another_takes_over_at_once_when_it_ends() {
    let world = World::new().await;
    world.append(2, 0, 2).await;
    let bus = Bus::default();
    let mut first = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    first.until(caught_up(4)).await;
    let mut second = world.relay(Arc::new(bus.clone()), IN_FLIGHT_MAX);
    assert_eq!(second.status.borrow_and_update().phase, Phase::Standby);
    first.end().await;
    second.until(|status| status.phase == Phase::Leading).await;
    world.append(2, 2, 2).await;
    second.until(caught_up(8)).await;
    bus.assert_whole(8);
}

/// What a leader does that was paused between looking at its lease and sending.
#[tokio::test]
async fn a_leader_of_the_past_cannot_reorder_a_lane() {
    let world = World::new().await;
    world.append(1, 0, 4).await;
    let page = world.log.read_all(world.log.start(), &vestibule_eventlog::Filter::default(), 10).await.unwrap();
    let mut messages = Vec::new();
    for recorded in &page.events {
        messages.push(mapping().message(&world.log, recorded).await.unwrap().unwrap());
    }
    let bus = Bus::default();
    let publish = |index: usize, expected| {
        let (bus, message) = (bus.clone(), messages[index].clone());
        async move { bus.publish(&message, expected).await }
    };
    assert_eq!(publish(0, 0).await.unwrap(), Receipt { sequence: 1, duplicate: false });
    // The successor goes on; then the past wakes up with the second message, and with the third.
    publish(1, 1).await.unwrap();
    publish(2, 2).await.unwrap();
    bus.forget_ids();
    assert!(matches!(publish(1, 1).await, Err(PublishError::Moved)));
    assert!(matches!(publish(2, 1).await, Err(PublishError::Moved)));
    let last = bus.last(&messages[0].lane).await.unwrap();
    assert!(last.covers(messages[1].id, messages[1].cursor) && last.covers(messages[2].id, messages[2].cursor));
    assert!(!last.covers(messages[3].id, messages[3].cursor));
    bus.assert_whole(3);
}
