use std::collections::HashMap;

use vestibule_eventlog::{EventLog, Filter, Link, ORIGIN, Recorded};

pub(crate) async fn everything(log: &EventLog) -> Vec<Recorded> {
    let mut events = Vec::new();
    let mut cursor = log.start();
    loop {
        let page = log.read_all(cursor, &Filter::default(), 500).await.unwrap();
        events.extend(page.events);
        cursor = page.next;
        if page.at_head {
            return events;
        }
    }
}

/// Positions without holes, versions without holes, every hash in its chain.
pub(crate) fn check_chains(events: &[Recorded]) {
    let mut heads = HashMap::new();
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.cursor.position(), position);
        let (version, hash) = heads.get(&event.stream).copied().unwrap_or((0, ORIGIN));
        assert_eq!(event.version.0, version + 1);
        assert_eq!(event.hash, Link::from(event).hash(&hash));
        heads.insert(event.stream.clone(), (event.version.0, event.hash));
    }
}
