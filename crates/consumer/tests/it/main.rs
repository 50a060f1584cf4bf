//! What counts as an event, and what does not. Consuming from a real bus is tested with `vestibule-bus-nats`.

mod patience;

use vestibule_consumer::{BODY_BYTES_MAX, Event, Handled as _, HandledInMemory, Message};

fn message(change: impl FnOnce(&mut Vec<(String, String)>), body: &[u8]) -> Message {
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("ce-source", "https://login.example"),
        ("CE-Type", "vestibule.person.deactivated"),
        ("ce-subject", "organizations/o/persons/p"),
        ("ce-time", "2026-11-21T10:00:00Z"),
        ("ce-organization", "o"),
        ("ce-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    let mut headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    change(&mut headers);
    Message { headers, body: body.to_vec() }
}

#[test]
fn an_event_is_read_with_its_attributes() {
    let event = Event::read(&message(|_| {}, b"{\"person\":\"p\"}")).unwrap();
    assert_eq!((event.name.as_str(), event.organization.as_deref()), ("person.deactivated", Some("o")));
    assert_eq!((event.resource.as_str(), &event.data["person"]), ("organizations/o/persons/p", &"p".into()));
    assert!(event.traceparent.is_some_and(|traceparent| traceparent.starts_with("00-0af")));
    // What belongs to the deployment has no organization, and not everything happens in a trace.
    let without = |headers: &mut Vec<(String, String)>| headers.truncate(7);
    let event = Event::read(&message(without, b"{}")).unwrap();
    assert_eq!((event.organization, event.traceparent), (None, None));
}

#[test]
fn what_is_no_event_of_ours_is_refused() {
    let replaced = |name: &'static str, value: &str| {
        let value = value.to_owned();
        message(move |headers| headers.iter_mut().find(|(known, _)| known == name).unwrap().1 = value, b"{}")
    };
    for (refused, why) in [
        (replaced("ce-specversion", "0.3"), "the message is no CloudEvent of Vestibule"),
        (replaced("CE-Type", "com.example.created"), "the message is no CloudEvent of Vestibule"),
        (replaced("ce-id", ""), "ce-id is missing or longer than 1024 bytes"),
        (replaced("ce-time", &"x".repeat(1025)), "ce-time is missing or longer than 1024 bytes"),
        (message(|headers| headers.retain(|(name, _)| name != "ce-subject"), b"{}"), "ce-subject is missing"),
        (message(|_| {}, b"[]"), "the body is not a JSON object"),
        (message(|_| {}, b"{"), "the body is not a JSON object"),
        (message(|_| {}, &vec![b' '; BODY_BYTES_MAX + 1]), "the body is larger than"),
        (Message::default(), "ce-specversion is missing"),
    ] {
        let said = Event::read(&refused).unwrap_err().to_string();
        assert!(said.starts_with(why), "{why}: {said}");
    }
}

#[tokio::test]
async fn memory_is_bounded() {
    let memory = HandledInMemory::new(2);
    for id in ["a", "b", "b", "c"] {
        memory.note(id).await.unwrap();
    }
    assert_eq!([memory.was("a").await.unwrap(), memory.was("b").await.unwrap()], [false, true]);
    assert!(memory.was("c").await.unwrap());
}
