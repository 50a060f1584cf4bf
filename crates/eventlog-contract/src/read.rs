//! Reading the global order.

use vestibule_eventlog::{Cursor, Filter, ReadError, Store, StreamId, Version};
use vestibule_kernel::{IdSource as _, OrganizationId, SystemIds};

use crate::fixture::{Stores, append_of, commit, event_id, everything, prepared, simple, stream};

fn start(store: &impl Store) -> Cursor {
    Cursor::at(store.epoch(), 0)
}

/// Small pages, one after the other, are the whole log; the last one says that it is at the head.
pub async fn pages_cover_everything_once(store: impl Stores) {
    let empty = store.read_all(start(&store), &Filter::default(), 10).await.unwrap();
    assert!(empty.events.is_empty() && empty.at_head && empty.next == start(&store));
    for batch in 0..5 {
        commit(&store, simple(&stream("one"), batch * 4, 4)).await.unwrap();
    }
    let (mut cursor, mut seen, mut pages) = (start(&store), Vec::new(), 0);
    loop {
        let page = store.read_all(cursor, &Filter::default(), 3).await.unwrap();
        assert!(page.events.len() <= 3);
        assert_eq!(page.next, page.events.last().unwrap().cursor);
        seen.extend(page.events);
        (cursor, pages) = (page.next, pages + 1);
        if page.at_head {
            break;
        }
    }
    assert_eq!(pages, 7);
    assert_eq!(seen, everything(&store).await);
    assert_eq!(cursor, store.head().await.unwrap());
}

/// By category, by organization, by both; the cursor moves over what was left out.
pub async fn filters_leave_out_the_rest(store: impl Stores) {
    let (ours, theirs) = organizations();
    fill(&store, ours, theirs, 3).await;
    let read = async |categories: &[&'static str], organization| {
        let filter = Filter { categories: categories.to_vec(), organization };
        let page = store.read_all(start(&store), &filter, 100).await.unwrap();
        assert!(page.at_head);
        assert_eq!(page.next, store.head().await.unwrap());
        page.events.iter().map(|event| event.stream.key().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(read(&["red"], None).await, ["a", "b", "a", "b", "a", "b"]);
    assert_eq!(read(&["blue", "red"], None).await, ["a", "b", "c", "a", "b", "c", "a", "b", "c"]);
    assert_eq!(read(&[], Some(ours)).await, ["a", "c", "a", "c", "a", "c"]);
    assert_eq!(read(&["red"], Some(theirs)).await, ["b", "b", "b"]);
    assert_eq!(read(&["green"], None).await, Vec::<String>::new());
}

/// The same with thousands of events in between, in pages, where stores go another way.
pub async fn a_filtered_reader_far_behind_catches_up(store: impl Stores) {
    let (ours, theirs) = organizations();
    fill(&store, ours, theirs, 2).await;
    for batch in 0..6 {
        commit(&store, simple(&stream("noise"), batch * 1_000, 1_000)).await.unwrap();
    }
    fill_from(&store, ours, theirs, 2, 4).await;
    let filters = [
        Filter { categories: vec!["red", "blue"], organization: None },
        Filter { categories: Vec::new(), organization: Some(ours) },
        Filter { categories: vec!["red"], organization: Some(theirs) },
    ];
    for (filter, expected) in filters.into_iter().zip([12, 8, 4]) {
        let (mut cursor, mut seen, mut pages) = (start(&store), Vec::new(), 0);
        loop {
            let page = store.read_all(cursor, &filter, 5).await.unwrap();
            assert!(page.events.len() <= 5);
            assert!(page.events.iter().all(|event| {
                cursor.position() < event.cursor.position() && event.cursor.position() <= page.next.position()
            }));
            seen.extend(page.events.iter().map(|event| event.cursor.position()));
            cursor = page.next;
            pages += 1;
            if page.at_head {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{filter:?}");
        assert!(seen.is_sorted_by(|earlier, later| earlier < later));
        assert_eq!(cursor, store.head().await.unwrap());
        assert!(pages < 20, "{pages} pages for {expected} events: {filter:?}");
    }
}

/// A cursor is kept as text.
pub async fn a_cursor_survives_its_text(store: impl Stores) {
    commit(&store, simple(&stream("one"), 0, 3)).await.unwrap();
    let events = everything(&store).await;
    let cursor: Cursor = events[1].cursor.to_string().parse().unwrap();
    let page = store.read_all(cursor, &Filter::default(), 10).await.unwrap();
    assert_eq!(page.events, events[2..]);
    for broken in ["", "1", "1-1", "x-1", "0000000000000001-01", "0000000000000001-", "+000000000000001-1"] {
        assert!(broken.parse::<Cursor>().is_err(), "{broken}");
    }
}

/// Of another log, or behind the end of this one.
pub async fn a_foreign_cursor_is_refused(store: impl Stores) {
    commit(&store, simple(&stream("one"), 0, 1)).await.unwrap();
    for cursor in [Cursor::at(store.epoch() ^ 2, 0), Cursor::at(store.epoch(), 2)] {
        let refused = store.read_all(cursor, &Filter::default(), 10).await;
        assert!(matches!(refused, Err(ReadError::ForeignCursor)), "{refused:?}");
    }
}

/// How an unknown outcome becomes known.
pub async fn an_event_is_found_by_its_id(store: impl Stores) {
    commit(&store, simple(&stream("one"), 0, 3)).await.unwrap();
    let events = everything(&store).await;
    assert_eq!(Store::find(&store, events[1].id).await.unwrap().as_ref(), Some(&events[1]));
    assert_eq!(Store::find(&store, event_id()).await.unwrap(), None);
}

/// From any version on, never more than asked for.
pub async fn a_stream_is_read_in_pages(store: impl Stores) {
    let one = stream("one");
    commit(&store, prepared(vec![append_of(&stream("zero"), 0, 1), append_of(&one, 0, 5)])).await.unwrap();
    let versions = async |after, max| {
        let events = store.read_stream(&one, Version(after), max).await.unwrap();
        events.iter().map(|event| event.version.0).collect::<Vec<_>>()
    };
    assert_eq!(versions(0, 10).await, [1, 2, 3, 4, 5]);
    assert_eq!(versions(0, 2).await, [1, 2]);
    assert_eq!(versions(2, 2).await, [3, 4]);
    assert_eq!(versions(5, 2).await, [] as [u64; 0]);
}

/// An append changes what `changes` shows, after it can be read.
pub async fn readers_are_woken(store: impl Stores) {
    let mut changes = store.changes();
    changes.mark_unchanged();
    let reader = store.clone();
    let woken = tokio::spawn(async move {
        loop {
            changes.changed().await.unwrap();
            if reader.head().await.unwrap().position() == 1 {
                return;
            }
        }
    });
    commit(&store, simple(&stream("one"), 0, 1)).await.unwrap();
    woken.await.unwrap();
}

fn organizations() -> (OrganizationId, OrganizationId) {
    (OrganizationId::from_uuid(SystemIds.uuid_v4()), OrganizationId::from_uuid(SystemIds.uuid_v4()))
}

async fn fill(store: &impl Stores, ours: OrganizationId, theirs: OrganizationId, rounds: u64) {
    fill_from(store, ours, theirs, 0, rounds).await;
}

async fn fill_from(store: &impl Stores, ours: OrganizationId, theirs: OrganizationId, from: u64, to: u64) {
    let of = |category, organization, key| StreamId::new(category, organization, None, key).unwrap();
    for round in from..to {
        let streams = [
            of("red", Some(ours), "a"),
            of("red", Some(theirs), "b"),
            of("blue", Some(ours), "c"),
            of("grey", None, "d"),
        ];
        let appends = streams.iter().map(|stream| append_of(stream, round, 1)).collect();
        commit(store, prepared(appends)).await.unwrap();
    }
}
