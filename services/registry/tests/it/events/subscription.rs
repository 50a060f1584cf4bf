use std::sync::Arc;

use vestibule_eventlog::StreamId;
use vestibule_kernel::PersonId;
use vestibule_rpc::events::v1::{ListEventsRequest, SubscribeEventsRequest, subscribe_events_request::From};
use vestibule_tenancy::person;

use super::world::{World, ids, organization_id, organization_name, profile};

fn from(cursor: &str) -> SubscribeEventsRequest {
    SubscribeEventsRequest { from: Some(From::After(cursor.to_owned())), ..SubscribeEventsRequest::default() }
}

/// Writers append, and a reader loses its connection again and again.
async fn who_begins_again_misses_and_repeats_nothing(world: World) {
    const WRITERS: u128 = 8;
    const EACH: u64 = 40;
    let (world, total) = (Arc::new(world), 8 * 40);
    let writers: Vec<_> = (1..=WRITERS)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for version in 0..EACH {
                    world.happen(number, version).await;
                }
            })
        })
        .collect();
    let (mut read, mut cursor) = (Vec::new(), String::new());
    for length in 1.. {
        let mut subscribed = world.subscribe(from(&cursor)).await.unwrap();
        let events = subscribed.events(length.min(total - read.len())).await;
        cursor = events.last().map_or(cursor, |event| event.cursor.clone());
        read.extend(events);
        if read.len() == total {
            break;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let messages = world.messages().await;
    let published: Vec<String> = messages.iter().map(|message| message.id.to_string()).collect();
    assert_eq!(ids(&read), published);
    // Nothing is behind it, and the next one comes.
    let mut subscribed = world.subscribe(from(&cursor)).await.unwrap();
    let progress = subscribed.progress().await;
    assert_eq!((progress.cursor, progress.at_end), (cursor, true));
    world.happen(1, EACH).await;
    assert_eq!(subscribed.event().await.unwrap().subject, organization_name(1));
}

#[tokio::test]
async fn who_begins_again_misses_and_repeats_nothing_on_sqlite() {
    who_begins_again_misses_and_repeats_nothing(World::sqlite().await).await;
}

#[tokio::test]
async fn who_begins_again_misses_and_repeats_nothing_on_postgres() {
    let Some(world) = World::postgres("who_begins_again_misses_and_repeats_nothing_on_postgres").await else { return };
    who_begins_again_misses_and_repeats_nothing(world).await;
}

#[tokio::test]
async fn an_organization_and_types_can_be_chosen() {
    let world = World::sqlite().await;
    for number in 1..=3 {
        for version in 0..4 {
            world.happen(number, version).await;
        }
        world.person(number, 100 + number, "Ada").await;
    }
    let chosen = async |organization: &str, types: &[&str]| {
        let types = types.iter().map(|name| (*name).to_owned()).collect();
        let request = ListEventsRequest { organization: organization.to_owned(), types, ..Default::default() };
        let listed = world.list(request).await.unwrap();
        assert!(listed.at_end);
        listed.events.into_iter().map(|event| (event.organization, event.r#type)).collect::<Vec<_>>()
    };
    let two = organization_name(2);
    let of_two = chosen(&two, &[]).await;
    assert_eq!(of_two.len(), 5);
    assert!(of_two.iter().all(|(organization, _)| *organization == two), "{of_two:?}");
    assert_eq!(chosen("", &["vestibule.person.first_seen"]).await.len(), 3);
    let both = chosen(&two, &["vestibule.person.*", "vestibule.organization.suspended"]).await;
    assert_eq!(both.len(), 3, "{both:?}");
    assert_eq!(chosen(&organization_name(9), &[]).await, []);

    let types = vec!["vestibule.organization.reinstated".to_owned()];
    let request = SubscribeEventsRequest { organization: two.clone(), types, ..Default::default() };
    let mut subscribed = world.subscribe(request).await.unwrap();
    for event in subscribed.events(2).await {
        assert_eq!((event.organization, event.r#type.as_str()), (two.clone(), "vestibule.organization.reinstated"));
    }
}

#[tokio::test]
async fn who_waits_for_what_is_rare_learns_how_far_the_log_was_read() {
    let world = World::sqlite().await;
    world.happen(1, 0).await;
    let types = vec!["vestibule.domain.released".to_owned()];
    let request = SubscribeEventsRequest { types, from: Some(From::End(true)), ..Default::default() };
    let mut subscribed = world.subscribe(request.clone()).await.unwrap();
    let before = subscribed.progress().await;
    assert_eq!(before.cursor, world.resources.log.head().await.unwrap().to_string());
    world.happen(1, 1).await;
    let head = world.resources.log.head().await.unwrap().to_string();
    // Without an event of the chosen type, its place moves on with the log, and a word comes although nothing happens.
    while subscribed.progress().await.cursor != head {}
    assert_eq!(subscribed.progress().await.cursor, head);

    let again = SubscribeEventsRequest { from: Some(From::After(head.clone())), ..request };
    assert_eq!(world.subscribe(again).await.unwrap().progress().await.cursor, head);
}

/// What is not read yet is not opened yet: whose key is destroyed meanwhile is not told.
#[tokio::test]
async fn the_server_waits_for_a_slow_reader() {
    const EVENTS: u64 = 6_000;
    let world = World::sqlite().await;
    world.person(1, 7, "Ada").await;
    let id: PersonId = "00000000-0000-0000-0000-000000000007".parse().unwrap();
    let stream = StreamId::of_id(person::CATEGORY, Some(organization_id(1)), id.uuid());
    let updated = person::Event::Updated(person::Updated { person: id, profile: Some(profile(&"Ada ".repeat(700))) });
    let batch = vec![updated; 100];
    for from in (1..EVENTS).step_by(100) {
        world.append(stream.clone(), from, &batch).await;
    }
    let mut subscribed = world.subscribe(SubscribeEventsRequest::default()).await.unwrap();
    assert!(subscribed.event().await.unwrap().data.contains("Ada"));
    world.resources.keys.destroy("person", &id.to_string()).await.unwrap();
    let rest = subscribed.events(6_000).await;
    let opened = rest.iter().filter(|event| event.data.contains("Ada")).count();
    assert!((1..6_000).contains(&opened), "{opened}");
    assert!(rest.last().unwrap().data.contains("\"profile\":null"));
}
