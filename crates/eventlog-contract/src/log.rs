//! The handle that services hold, on a store.

use futures_util::StreamExt as _;
use vestibule_eventlog::{AppendError, CommandError, Cursor, Filter, Transaction, Version};
use vestibule_kernel::{Explain as _, IdSource as _, PersonId, SystemIds};

use crate::fixture::{
    Counter, CounterCommand, CounterEvent, Full, Stores, actor, adding, amount, commit, counter, event_log, everything,
    key_store, simple, stream,
};

/// Loaded, decided, appended; a rejection and a command that asks for what is so already append nothing.
pub async fn a_command_is_executed(store: impl Stores) {
    let (log, counter) = (event_log(&store), counter("one"));
    let first = log.execute::<Counter>(&counter, None, actor(), &CounterCommand::Add(600)).await.unwrap();
    assert_eq!((first.state.total, first.version), (600, Version(1)));
    let second = log.execute::<Counter>(&counter, None, actor(), &CounterCommand::Add(300)).await.unwrap();
    assert_eq!((second.state.total, second.version), (900, Version(2)));
    let rejected = log.execute::<Counter>(&counter, None, actor(), &CounterCommand::Add(200)).await.unwrap_err();
    assert!(matches!(rejected, CommandError::Rejected(Full)));
    assert_eq!(rejected.explain().reason, "COUNTER_FULL");
    let same = log.execute::<Counter>(&counter, None, actor(), &CounterCommand::Add(0)).await.unwrap();
    let loaded = log.load::<Counter>(&counter).await.unwrap();
    for current in [&same, &loaded] {
        assert_eq!((&current.state, current.version, current.cursor), (&second.state, second.version, second.cursor));
        assert_eq!(current.first_recorded_at, first.first_recorded_at);
        assert_eq!(current.last_recorded_at, second.last_recorded_at);
    }
    assert_eq!(second.cursor, Some(store.head().await.unwrap()));
    assert_eq!(log.load::<Counter>(&stream("none")).await.unwrap().version, Version::EMPTY);
}

/// The caller has seen another version.
pub async fn a_command_on_a_stale_etag_is_refused(store: impl Stores) {
    let (log, counter) = (event_log(&store), counter("one"));
    let add = CounterCommand::Add(1);
    log.execute::<Counter>(&counter, Some(Version::EMPTY), actor(), &add).await.unwrap();
    let stale = log.execute::<Counter>(&counter, Some(Version::EMPTY), actor(), &add).await.unwrap_err();
    assert!(matches!(stale, CommandError::Stale { expected: Version(0), actual: Version(1) }));
    log.execute::<Counter>(&counter, Some(Version(1)), actor(), &add).await.unwrap();
}

/// Each decides on the state it really meets, so the limit holds; none is lost.
pub async fn concurrent_commands_decide_again(store: impl Stores) {
    let (log, counter) = (event_log(&store), counter("one"));
    let commands: Vec<_> = (0..8)
        .map(|_| {
            let (log, counter) = (log.clone(), counter.clone());
            tokio::spawn(async move {
                let mut added = 0;
                for _ in 0..20 {
                    match log.execute::<Counter>(&counter, None, actor(), &CounterCommand::Add(10)).await {
                        Ok(_) => added += 10,
                        Err(CommandError::Contended | CommandError::Rejected(Full)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
                added
            })
        })
        .collect();
    let mut added = 0;
    for command in commands {
        added += command.await.unwrap();
    }
    let current = log.load::<Counter>(&counter).await.unwrap();
    assert_eq!(current.state.total, added);
    assert!(added <= 1_000);
}

/// What is stored does not contain the name; destroying the key erases it, and the rest stays.
pub async fn personal_fields_are_sealed_and_can_be_destroyed(store: impl Stores) {
    let (log, counter) = (event_log(&store), counter("one"));
    let person = PersonId::from_uuid(SystemIds.uuid_v4());
    let name = CounterCommand::Name(person, "Ada Lovelace".to_owned());
    log.execute::<Counter>(&counter, None, actor(), &name).await.unwrap();
    log.execute::<Counter>(&counter, None, actor(), &CounterCommand::Add(5)).await.unwrap();
    let stored = everything(&store).await;
    assert!(!stored[0].data.contains("Ada"));
    let sealed = stored[0].personal.as_ref().expect("a personal part");
    assert_eq!(sealed.person, person);
    assert!(!sealed.ciphertext.windows(3).any(|bytes| bytes == b"Ada"));
    // Another instance with the same keys reads it, a reader without keys does not.
    let elsewhere = event_log(&store).load::<Counter>(&counter).await.unwrap();
    assert_eq!(elsewhere.state.name.as_deref(), Some("Ada Lovelace"));
    assert!(matches!(stored[0].decode::<CounterEvent>(), Ok(CounterEvent::Named(named)) if named.name.is_none()));
    // A personal part that was moved to another event does not open.
    let mut moved = stored[1].clone();
    moved.personal.clone_from(&stored[0].personal);
    log.open::<CounterEvent>(&moved).await.unwrap_err();

    key_store(&store).destroy("person", &person.to_string()).await.unwrap();
    let erased = event_log(&store).load::<Counter>(&counter).await.unwrap();
    assert_eq!((erased.state.name, erased.state.total, erased.version), (None, 5, Version(2)));
    let before: Vec<_> = stored.iter().map(|event| event.hash).collect();
    let after: Vec<_> = everything(&store).await.iter().map(|event| event.hash).collect();
    assert_eq!(before, after, "the log itself is as it was");
}

/// Thirty-two callers at once: each gets its own answer, the loser of a conflict alone is refused.
pub async fn concurrent_appends_commit_as_groups(store: impl Stores) {
    let log = event_log(&store);
    let callers: Vec<_> = (0..32_u64)
        .map(|caller| {
            // The last two want the same version of the same stream.
            let transaction = adding(&counter(&format!("c{}", caller.min(30))), 0, caller);
            let log = log.clone();
            tokio::spawn(async move { log.append(transaction).await })
        })
        .collect();
    let mut conflicts = 0;
    let mut positions = Vec::new();
    for caller in callers {
        match caller.await.unwrap() {
            Ok(appended) => positions.push(appended.cursor.position()),
            Err(AppendError::Conflict { .. }) => conflicts += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    positions.sort_unstable();
    assert_eq!((conflicts, positions), (1, (1..=31).collect::<Vec<u64>>()));
}

/// Nothing to append is no error.
pub async fn an_empty_transaction_answers_the_head(store: impl Stores) {
    let log = event_log(&store);
    log.append(adding(&counter("one"), 0, 1)).await.unwrap();
    let appended = log.append(Transaction::new(actor())).await.unwrap();
    assert!(appended.versions.is_empty());
    assert_eq!(appended.cursor, store.head().await.unwrap());
}

/// What one aggregate's state allowed another to do is not done on an older state.
pub async fn a_decision_on_an_unchanged_aggregate_is_bound_to_it(store: impl Stores) {
    let log = event_log(&store);
    log.append(adding(&counter("one"), 0, 1)).await.unwrap();
    let decided = |version| adding(&counter("two"), 0, 1).unchanged(counter("one"), Version(version));
    log.append(adding(&counter("one"), 1, 1)).await.unwrap();
    let late = log.append(decided(1)).await;
    assert!(matches!(late, Err(AppendError::Conflict { stream, .. }) if stream == counter("one")));
    assert_eq!(log.append(decided(2)).await.unwrap().versions, [Version(1), Version(2)]);
    assert_eq!(everything(&store).await.len(), 3);
}

/// From the beginning, from the middle, and on into what is appended later.
pub async fn a_follower_sees_everything_once(store: impl Stores) {
    let (log, one) = (event_log(&store), counter("one"));
    for number in 0..3 {
        log.append(adding(&one, number, number)).await.unwrap();
    }
    commit(&store, simple(&stream("noise"), 0, 5)).await.unwrap();
    let filter = Filter { categories: vec!["counter"], organization: None };
    let mut follower = Box::pin(log.follow(log.start(), filter.clone()));
    let first = follower.next().await.unwrap().unwrap();
    assert_eq!(first.events.iter().map(amount).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(first.at_head);
    assert_eq!(first.next, store.head().await.unwrap());
    let mut resumed = Box::pin(log.follow(first.events[1].cursor, filter));
    let rest = resumed.next().await.unwrap().unwrap();
    assert_eq!(rest.events.iter().map(amount).collect::<Vec<_>>(), [2]);
    let appender = log.clone();
    let appending = tokio::spawn(async move {
        for number in 3..20 {
            appender.append(adding(&counter("one"), number, number)).await.unwrap();
        }
    });
    let mut seen = Vec::new();
    while seen.len() < 17 {
        seen.extend(follower.next().await.unwrap().unwrap().events.iter().map(amount));
    }
    appending.await.unwrap();
    assert_eq!(seen, (3..20).collect::<Vec<u64>>());
    let mut foreign = Box::pin(log.follow(Cursor::at(store.epoch() ^ 2, 0), Filter::default()));
    foreign.next().await.unwrap().unwrap_err();
    assert!(foreign.next().await.is_none(), "the stream ends after an error");
}
