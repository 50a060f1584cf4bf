//! The relay against bare async-nats, in one run, with both sides taking turns: 10,000 events of 256 organizations, each
//! acknowledged. The clock of the relay starts before it connects, reads its checkpoint and takes its lease; that of bare
//! async-nats, which is connected, with the messages made. And how long after its COMMIT an event is in the stream at 500
//! events a second.
//!
//! `VESTIBULE_TEST_NATS_SERVER=.../nats-server cargo bench -p vestibule-bus-nats`; with `VESTIBULE_TEST_POSTGRES_URL`, on
//! PostgreSQL, otherwise on SQLite.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "in a benchmark a panic is the report")]
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]
#![expect(dead_code, reason = "it borrows from the tests")]

#[path = "../../tests/it/server.rs"]
mod server;
#[path = "../../tests/it/world.rs"]
mod world;

use std::{
    collections::HashMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::{HeaderMap, jetstream};
use futures_util::{StreamExt as _, stream};
use tokio::time::interval;
use vestibule_bus::{Mapping, Message};
use vestibule_bus_nats::NatsPublisher;
use vestibule_eventlog::Filter;

use server::{STREAM, Server};
use world::{World, database};

const EVENTS: u64 = 10_000;
const ORGANIZATIONS: u64 = 256;
const ROUNDS: usize = 11;
const IN_FLIGHT: usize = 256;

const LAG_EVENTS: usize = 5_000;
const LAG_EVERY: Duration = Duration::from_millis(2);

#[tokio::main]
async fn main() {
    let Some(server) = Server::scratch("the benchmark of the relay").await else { return };
    let context = server.context().await;
    let config = jetstream::stream::Config {
        name: "bare".to_owned(),
        subjects: vec!["vestibule.bare.>".to_owned()],
        ..jetstream::stream::Config::default()
    };
    context.create_stream(config).await.unwrap();
    // The stream of the relay is there before it is measured.
    let warm = world().await;
    warm.append(1, 0, 1).await;
    relayed(&warm, &server, 1).await;

    let (mut of_bare, mut of_lanes, mut spent) = (Vec::new(), Vec::new(), [0; 3]);
    for round in 1..=ROUNDS {
        let world = world().await;
        fill(&world).await;
        let messages = messages(&world, "bare").await;
        // Both begin with an empty stream; that of the relay is not so large that it takes all rounds.
        for stream in ["bare", STREAM] {
            context.get_stream(stream).await.unwrap().purge().await.unwrap();
        }
        let before = cpu_millis();
        let bare = bare(&context, &messages).await;
        let after_bare = cpu_millis();
        let relay = relayed(&world, &server, EVENTS).await;
        let after_relay = cpu_millis();
        let lanes = held_to_their_ends(&context, &messages).await;
        let ends = [before, after_bare, after_relay, cpu_millis()];
        spent.iter_mut().zip(ends.windows(2)).for_each(|(spent, ends)| *spent += ends[1] - ends[0]);
        let rate = |took: Duration| 10_000.0 / took.as_secs_f64();
        println!(
            "round {round}: relay {:.0}/s, bare {:.0}/s, bare with the ends of lanes {:.0}/s",
            rate(relay),
            rate(bare),
            rate(lanes)
        );
        of_bare.push(bare.as_secs_f64() / relay.as_secs_f64());
        of_lanes.push(lanes.as_secs_f64() / relay.as_secs_f64());
    }
    let events = u32::try_from(EVENTS * ROUNDS as u64).unwrap();
    let [bare, relay, lanes] = spent.map(|millis| Duration::from_millis(millis) / events);
    println!("CPU of this process an event: relay {relay:?}, bare {bare:?}, with the ends of lanes {lanes:?}");
    for (name, mut ratios) in [("bare with the ends of lanes", of_lanes), ("bare", of_bare)] {
        ratios.sort_by(f64::total_cmp);
        let (median, least, most) = (ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
        println!("relay / {name}: median {median:.2} (from {least:.2} to {most:.2})");
    }
    lag(&server).await;
}

/// What all threads of this process have used so far. Linux counts it in hundredths of a second.
fn cpu_millis() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    [fields[11], fields[12]].iter().map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum()
}

async fn world() -> World {
    match std::env::var("VESTIBULE_TEST_POSTGRES_URL") {
        Ok(_) => World::postgres(&database("the benchmark").await.unwrap()).await,
        Err(_) => World::sqlite().await,
    }
}

/// 39 events of each organization, and one more of some.
async fn fill(world: &World) {
    let each = EVENTS / ORGANIZATIONS;
    world.append(ORGANIZATIONS.into(), 0, each).await;
    world.append((EVENTS - each * ORGANIZATIONS).into(), each, 1).await;
}

async fn messages(world: &World, environment: &str) -> Vec<Message> {
    let mapping = Mapping::new(environment, "https://login.example");
    let (mut messages, mut after) = (Vec::new(), world.log.start());
    loop {
        let page = world.log.read_all(after, &Filter::default(), 1_000).await.unwrap();
        for recorded in &page.events {
            messages.extend(mapping.message(&world.log, recorded).await.unwrap());
        }
        after = page.next;
        if page.at_head {
            return messages;
        }
    }
}

/// What the client does when nothing else is asked of it: the same messages, as many in flight, each acknowledged.
async fn bare(context: &jetstream::Context, messages: &[Message]) -> Duration {
    let begin = Instant::now();
    let mut acknowledged = stream::iter(messages)
        .map(|message| async move {
            let mut headers = HeaderMap::new();
            for (name, value) in &message.headers {
                headers.insert(*name, value.as_str());
            }
            headers.insert("Nats-Msg-Id", message.id.to_string());
            let body = message.body.clone().into();
            context.publish_with_headers(message.subject.clone(), headers, body).await.unwrap().await.unwrap()
        })
        .buffer_unordered(IN_FLIGHT);
    while acknowledged.next().await.is_some() {}
    begin.elapsed()
}

/// The same promise as the relay's: one in flight in each lane, and each states the end of the lane that it extends.
async fn held_to_their_ends(context: &jetstream::Context, messages: &[Message]) -> Duration {
    context.get_stream("bare").await.unwrap().purge().await.unwrap();
    let mut lanes: HashMap<&str, Vec<&Message>> = HashMap::new();
    for message in messages {
        lanes.entry(&message.lane).or_default().push(message);
    }
    let begin = Instant::now();
    let published = lanes.into_iter().map(|(lane, messages)| async move {
        let mut end = 0;
        for message in messages {
            let mut headers = HeaderMap::new();
            for (name, value) in &message.headers {
                headers.insert(*name, value.as_str());
            }
            headers.insert("Nats-Expected-Last-Subject-Sequence-Subject", lane);
            headers.insert("Nats-Expected-Last-Subject-Sequence", end.to_string());
            // Another id than before, which the stream would know.
            headers.insert("Nats-Msg-Id", format!("{}-held", message.id));
            let body = message.body.clone().into();
            let sent = context.publish_with_headers(message.subject.clone(), headers, body).await.unwrap();
            end = sent.await.unwrap().sequence;
        }
    });
    futures_util::future::join_all(published).await;
    begin.elapsed()
}

/// From the start of the relay until everything is acknowledged. Its checkpoint follows a quarter of a second later at most.
async fn relayed(world: &World, server: &Server, events: u64) -> Duration {
    let begin = Instant::now();
    let publisher = Arc::new(NatsPublisher::connect(server.settings()).await.unwrap());
    let relay = world.relay(publisher);
    // Looked at now and then, so that nobody has to be woken each time it moves.
    let mut looks = interval(Duration::from_millis(1));
    while relay.status.borrow().published < events {
        looks.tick().await;
    }
    begin.elapsed()
}

async fn lag(server: &Server) {
    let world = Arc::new(world().await);
    world.append(ORGANIZATIONS.into(), 0, 1).await;
    let _relay = {
        let mut relay = world.relay(Arc::new(NatsPublisher::connect(server.settings()).await.unwrap()));
        relay.caught_up(&world).await;
        relay
    };
    let stream = server.context().await.get_stream(STREAM).await.unwrap();
    let config = jetstream::consumer::push::OrderedConfig {
        deliver_subject: "lag".to_owned(),
        deliver_policy: jetstream::consumer::DeliverPolicy::New,
        ..jetstream::consumer::push::OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.unwrap();
    let mut arriving = consumer.messages().await.unwrap();
    let arrived = tokio::spawn(async move {
        let mut arrived = HashMap::new();
        while arrived.len() < LAG_EVENTS {
            let message = arriving.next().await.unwrap().unwrap();
            let text = message.headers.as_ref().unwrap().get("ce-cursor").unwrap().as_str().to_owned();
            arrived.insert(text, Instant::now());
        }
        arrived
    });
    let mut ticks = interval(LAG_EVERY);
    let mut recording = Vec::new();
    for number in 0..LAG_EVENTS {
        ticks.tick().await;
        let world = Arc::clone(&world);
        let (organization, version) = (number as u64 % ORGANIZATIONS + 1, number as u64 / ORGANIZATIONS + 1);
        recording.push(tokio::spawn(async move {
            let cursor = world.happen(organization.into(), version).await;
            (cursor.to_string(), Instant::now())
        }));
    }
    let mut recorded = Vec::new();
    for one in recording {
        recorded.push(one.await.unwrap());
    }
    let arrived = arrived.await.unwrap();
    let lag = |(cursor, at): &(String, Instant)| arrived[cursor].saturating_duration_since(*at).as_secs_f64() * 1_000.0;
    let mut lags: Vec<f64> = recorded.iter().map(lag).collect();
    lags.sort_by(f64::total_cmp);
    let at = |share: usize| lags[(lags.len() * share / 1_000).min(lags.len() - 1)];
    println!("lag at 500 events/s: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms", at(500), at(990), at(1_000));
}
