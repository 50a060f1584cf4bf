//! How much one answer holds, and whose events a token opens.

use tonic::{Code, service::Routes};
use vestibule_rpc::{
    Caller, Channel, Confined,
    events::v1::{ListEventsRequest, SubscribeEventsRequest, event_service_client::EventServiceClient},
    memory,
};

use super::world::{World, ids, organization_id, organization_name};
use crate::registry::assert_refused;

/// Nearly as large as a personal field may come to be: what a client takes holds thirty of them, and not forty-five.
const LARGE: usize = 120 * 1024;

#[tokio::test]
async fn a_page_of_large_events_is_one_that_clients_take() {
    let world = World::sqlite().await;
    for number in 1..=45 {
        world.person(1, number, &"x".repeat(LARGE)).await;
    }
    world.happen(2, 0).await;
    // A client that is told nothing takes 4 MiB.
    let mut client = EventServiceClient::new(world.channel.clone());
    let (mut listed, mut after, mut pages) = (Vec::new(), String::new(), Vec::new());
    loop {
        let request = ListEventsRequest { after, page_size: 500, ..ListEventsRequest::default() };
        let page = client.list_events(request).await.unwrap().into_inner();
        assert!(page.events.iter().map(|event| event.data.len()).sum::<usize>() < 4 * 1024 * 1024);
        pages.push(page.events.len());
        listed.extend(page.events);
        after = page.next;
        if page.at_end {
            break;
        }
    }
    let published: Vec<String> = world.messages().await.iter().map(|message| message.id.to_string()).collect();
    assert_eq!(ids(&listed), published, "nothing is missing, and nothing there twice");
    assert!(pages.len() >= 2 && pages[0] > 20, "{pages:?}");
    // One by one, and of what is small as many as are asked for.
    let one = ListEventsRequest { page_size: 1, ..ListEventsRequest::default() };
    assert_eq!(client.list_events(one).await.unwrap().into_inner().events.len(), 1);
    let types = vec!["vestibule.organization.*".to_owned()];
    let small = ListEventsRequest { types, ..ListEventsRequest::default() };
    assert_eq!(client.list_events(small).await.unwrap().into_inner().events.len(), 1);
}

/// The service as it is for whoever presents the token of one organization.
async fn confined(world: &World, number: u128) -> EventServiceClient<Channel> {
    let config = vestibule_registry_service::Config::default();
    let service = vestibule_registry_service::start(&world.resources, &config).await.unwrap();
    let (caller, own) = (Caller { actor: "events".to_owned() }, Confined(organization_id(number)));
    let router = service.grpc.into_axum_router().layer(axum::Extension(caller)).layer(axum::Extension(own));
    EventServiceClient::new(memory::serve(Routes::from(router)))
}

#[tokio::test]
async fn the_token_of_one_organization_opens_its_events_only() {
    let world = World::sqlite().await;
    for number in 1..=3 {
        world.happen(number, 0).await;
        world.person(number, 100 + number, "Ada").await;
    }
    let mut client = confined(&world, 2).await;
    let own = organization_name(2);
    let request = ListEventsRequest { organization: own.clone(), ..ListEventsRequest::default() };
    let listed = client.list_events(request.clone()).await.unwrap().into_inner();
    assert_eq!(listed.events.len(), 2);
    assert!(listed.events.iter().all(|event| event.organization == own));
    let subscribe = |organization: &str| {
        let organization = organization.to_owned();
        SubscribeEventsRequest { organization, ..SubscribeEventsRequest::default() }
    };
    assert!(client.subscribe_events(subscribe(&own)).await.is_ok());
    // Everybody's, another's, and one that does not exist; with types, and from any place.
    for organization in [String::new(), organization_name(1), organization_name(9)] {
        for (types, after) in [(vec![], ""), (vec!["vestibule.person.*".to_owned()], ""), (vec![], &*listed.next)] {
            let (organization, after) = (organization.clone(), after.to_owned());
            let request = ListEventsRequest { organization, types, after, page_size: 1 };
            let outcome = client.list_events(request).await;
            assert_refused(outcome, Code::PermissionDenied, "EVENTS_TOKEN_CONFINED");
        }
        let outcome = client.subscribe_events(subscribe(&organization)).await;
        assert_refused(outcome.map(|_| ()), Code::PermissionDenied, "EVENTS_TOKEN_CONFINED");
    }
    // Names that only look like its own are none.
    for organization in [own.to_uppercase(), format!("{own} "), format!("{own}/"), own.replace("organizations/", "")] {
        let outcome = client.list_events(ListEventsRequest { organization, ..ListEventsRequest::default() }).await;
        assert_refused(outcome, Code::InvalidArgument, "RESOURCE_NAME_INVALID");
    }
}
