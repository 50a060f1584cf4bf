//! What a file declares, made of a real server: once, again, and not when it loses something.

use async_nats::jetstream::{
    consumer::{AckPolicy, pull},
    stream::{Config, StorageType},
};
use vestibule_bus::Publisher as _;
use vestibule_bus_nats::{
    Administrator, ApplyError, Danger, Declaration, InvalidDeclaration, NatsPublisher, Plan, WhenFull,
};

use crate::server::{STREAM, Server, settings};

/// The one that is delivered.
fn declaration() -> Declaration {
    let text = include_str!("../../../../deploy/nats/jetstream.toml");
    toml::from_str::<Declaration>(text).unwrap().of_deployment("test", STREAM).unwrap()
}

async fn administrator(server: &Server) -> Administrator {
    Administrator::connect(&server.settings()).await.unwrap()
}

fn told(plan: &Plan) -> Vec<String> {
    plan.changes().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_is_declared_is_made_once_and_then_nothing_differs() {
    let Some(server) = Server::scratch("what_is_declared_is_made_once_and_then_nothing_differs").await else { return };
    let (administrator, declaration) = (administrator(&server).await, declaration());
    let plan = administrator.plan(&declaration).await.unwrap();
    assert_eq!(told(&plan).len(), declaration.streams.len() + declaration.buckets.len() + declaration.consumers.len());
    assert!(told(&plan).iter().all(|change| change.ends_with(": is not there")), "{:?}", told(&plan));
    assert_eq!(plan.dangers().count(), 0);
    administrator.apply(plan).await.unwrap();
    assert_eq!(told(&administrator.plan(&declaration).await.unwrap()), [""; 0]);

    // What the relay and a consumer would make is the same, so neither changes it.
    let mut same = server.settings();
    let stream = &declaration.streams[0];
    same.stream.max_age = std::time::Duration::from_hours(stream.retention_hours.into());
    same.stream.max_bytes = i64::from(stream.max_megabytes) * 1024 * 1024;
    same.stream.dedupe_window = std::time::Duration::from_secs(stream.dedupe_window_seconds.into());
    declaration.agrees_with(&same.stream).unwrap();
    NatsPublisher::connect(same).await.unwrap().last("vestibule.test.x.>").await.unwrap();
    assert!(administrator.plan(&declaration).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_change_is_told_and_made_and_one_that_loses_something_is_called_so() {
    let test = "a_change_is_told_and_made_and_one_that_loses_something_is_called_so";
    let Some(server) = Server::scratch(test).await else { return };
    let (administrator, before) = (administrator(&server).await, declaration());
    administrator.apply(administrator.plan(&before).await.unwrap()).await.unwrap();

    let mut more = before.clone();
    more.streams[0].retention_hours = 200;
    more.streams[0].subjects.push("elsewhere.>".to_owned());
    more.consumers[0].subjects.push("vestibule.test.*.person.updated".to_owned());
    more.buckets[0].retention_hours = 300;
    let plan = administrator.plan(&more).await.unwrap();
    assert_eq!(plan.dangers().count(), 0, "{:?}", told(&plan));
    assert!(told(&plan).contains(&"stream vestibule: retention_hours is 168, declared 200".to_owned()));
    assert_eq!(told(&plan).len(), 4, "{:?}", told(&plan));
    administrator.apply(plan).await.unwrap();
    assert!(administrator.plan(&more).await.unwrap().is_empty());

    // Back again: each of it loses something.
    let plan = administrator.plan(&before).await.unwrap();
    assert_eq!(plan.dangers().count(), 4, "{:?}", told(&plan));
    let mut worse = before.clone();
    worse.streams[0].max_megabytes = 1;
    worse.streams[0].when_full = WhenFull::DropOldest;
    worse.streams[0].dedupe_window_seconds = 1;
    let plan = administrator.plan(&worse).await.unwrap();
    assert_eq!(plan.dangers().count(), 7, "{:?}", told(&plan));
    assert!(plan.dangers().all(|(_, danger)| matches!(danger, Danger::Loses(_))));
    // Whoever means it gets it.
    administrator.apply(plan).await.unwrap();
    assert!(administrator.plan(&worse).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_server_cannot_change_is_said_and_what_is_not_declared_stays() {
    let test = "what_the_server_cannot_change_is_said_and_what_is_not_declared_stays";
    let Some(server) = Server::scratch(test).await else { return };
    let context = server.context().await;
    let memory = Config {
        name: STREAM.to_owned(),
        subjects: vec!["vestibule.test.>".to_owned()],
        storage: StorageType::Memory,
        description: Some("made by hand".to_owned()),
        ..Config::default()
    };
    let stream = context.create_stream(memory).await.unwrap();
    let config = pull::Config {
        durable_name: Some("cognito-sign-out".to_owned()),
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    stream.create_consumer(config).await.unwrap();
    let other = pull::Config { durable_name: Some("another".to_owned()), ..pull::Config::default() };
    stream.create_consumer(other).await.unwrap();

    let administrator = administrator(&server).await;
    let plan = administrator.plan(&declaration()).await.unwrap();
    let impossible: Vec<String> = plan
        .dangers()
        .filter(|(_, danger)| *danger == Danger::Impossible)
        .map(|(change, _)| change.to_string())
        .collect();
    assert_eq!(
        impossible,
        [
            "stream vestibule: storage is memory, declared file (this cannot be changed)",
            "consumer cognito-sign-out of vestibule: acknowledgement is not explicit, declared explicit (this cannot be \
             changed)",
        ]
    );
    assert!(!told(&plan).iter().any(|change| change.contains("another")));
    assert!(matches!(administrator.apply(plan).await, Err(ApplyError::Write { .. })), "the server refuses as well");
    let found = context.get_stream(STREAM).await.unwrap();
    assert_eq!(found.cached_info().config.description.as_deref(), Some("made by hand"));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let of = |text: &str| toml::from_str::<Declaration>(text).map(|found| found.of_deployment("test", STREAM));
    let stream = |name: &str, replicas: u32, hours: u32| {
        format!(
            "[[streams]]\nname = \"{name}\"\nsubjects = [\"a.>\"]\nreplicas = {replicas}\nretention_hours = {hours}\n\
             max_megabytes = 1\nwhen_full = \"refuse\"\ndedupe_window_seconds = 10\n"
        )
    };
    assert!(of(&stream("{stream}", 1, 1)).unwrap().is_ok());
    assert!(matches!(of(&stream("a.b", 1, 1)).unwrap(), Err(InvalidDeclaration::Name(_))));
    assert!(matches!(of(&stream("a", 2, 1)).unwrap(), Err(InvalidDeclaration::Range { field: "replicas", .. })));
    assert!(matches!(of(&stream("a", 1, 0)).unwrap(), Err(InvalidDeclaration::Range { .. })), "for ever is not meant");
    let twice = stream("a", 1, 1) + &stream("a", 1, 1);
    assert_eq!(of(&twice).unwrap(), Err(InvalidDeclaration::Twice("stream a".to_owned())));
    let nothing = "[[consumers]]\nname = \"a\"\nstream = \"b\"\nsubjects = []\n";
    assert!(matches!(of(nothing).unwrap(), Err(InvalidDeclaration::NoSubject(_))));
    assert!(of("[[streams]]\nname = \"a\"\n").is_err());
    assert!(of("surprise = 1\n").is_err(), "unknown keys are refused");

    // Two who keep one stream in two ways would change it back and forth.
    let set = settings("nats://127.0.0.1:1".to_owned()).stream;
    let contradiction = declaration().agrees_with(&set).unwrap_err();
    assert!(
        matches!(contradiction, InvalidDeclaration::Contradiction { field: "retention_hours", .. }),
        "{contradiction}"
    );
}
