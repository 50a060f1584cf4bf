use vestibule_bus::Message;
use vestibule_rpc::{
    events::v1::{Event, ListEventsRequest, SubscribeEventsRequest},
    from_proto_timestamp,
    registry::v1::{
        CreateDomainRequest, CreateOrganizationRequest, CreateUserPoolRequest, Domain,
        domain_service_client::DomainServiceClient, organization_service_client::OrganizationServiceClient,
        user_pool_service_client::UserPoolServiceClient,
    },
};

use super::world::World;
use crate::registry::{organization, pool};

/// An event as the bus carries it: headers and body.
fn as_message(event: &Event) -> (Vec<(&'static str, String)>, String) {
    let time = from_proto_timestamp(event.time.as_ref().unwrap()).unwrap();
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", event.id.clone()),
        ("ce-source", event.source.clone()),
        ("ce-type", event.r#type.clone()),
        ("ce-subject", event.subject.clone()),
        ("ce-time", time.to_string()),
        ("ce-cursor", event.cursor.clone()),
    ];
    let organization = event.organization.strip_prefix("organizations/");
    headers.extend(organization.map(|organization| ("ce-organization", organization.to_owned())));
    if !event.traceparent.is_empty() {
        headers.push(("ce-traceparent", event.traceparent.clone()));
    }
    (headers, event.data.clone())
}

fn assert_same(events: &[Event], messages: &[Message]) {
    assert_eq!(events.len(), messages.len());
    for (event, message) in events.iter().zip(messages) {
        assert_eq!(as_message(event), (message.headers.clone(), message.body.clone()));
    }
}

async fn events_are_the_same_as_on_a_bus(world: World) {
    let new = CreateUserPoolRequest { user_pool: Some(pool("eu-west-1_Shared1")), request_id: String::new() };
    let pool = UserPoolServiceClient::new(world.channel.clone()).create_user_pool(new).await.unwrap().into_inner();
    let acme = Some(organization("acme", &pool.user_pool.unwrap().name));
    let new = CreateOrganizationRequest { organization: acme, request_id: String::new() };
    let mut organizations = OrganizationServiceClient::new(world.channel.clone());
    let acme = organizations.create_organization(new).await.unwrap().into_inner().organization.unwrap();
    let domain = Some(Domain { domain_name: "acme.test".to_owned(), ..Domain::default() });
    let new = CreateDomainRequest { parent: acme.name, domain, request_id: String::new() };
    DomainServiceClient::new(world.channel.clone()).create_domain(new).await.unwrap();
    for number in 1..=9 {
        world.happen(number, 0).await;
        world.person(number, 100 + number, "Ada Lovelace").await;
    }
    let messages = world.messages().await;
    assert!(messages.len() > 20, "{}", messages.len());
    assert!(messages.iter().any(|message| message.body.contains("Ada Lovelace")));

    // The secret of the pool was recorded, and stays inside.
    let head = world.resources.log.head().await.unwrap();
    assert!(head.position() > messages.len() as u64);
    let (mut listed, mut after) = (Vec::new(), String::new());
    loop {
        let request = ListEventsRequest { after: after.clone(), page_size: 4, ..ListEventsRequest::default() };
        let page = world.list(request).await.unwrap();
        assert!(page.events.len() <= 4);
        listed.extend(page.events);
        after = page.next;
        if page.at_end {
            break;
        }
    }
    assert_same(&listed, &messages);
    assert_eq!(after, head.to_string());
    let mut subscribed = world.subscribe(SubscribeEventsRequest::default()).await.unwrap();
    assert_same(&subscribed.events(messages.len()).await, &messages);
    assert_eq!(subscribed.progress().await.cursor, head.to_string());
}

#[tokio::test]
async fn events_are_the_same_as_on_a_bus_on_sqlite() {
    events_are_the_same_as_on_a_bus(World::sqlite().await).await;
}

#[tokio::test]
async fn events_are_the_same_as_on_a_bus_on_postgres() {
    let Some(world) = World::postgres("events_are_the_same_as_on_a_bus_on_postgres").await else { return };
    events_are_the_same_as_on_a_bus(world).await;
}
