use std::time::Duration;

use vestibule_eventlog::StreamId;
use vestibule_kernel::{ConnectionId, IdSource as _, OrganizationId, SystemIds};
use vestibule_routing_service::{Config, start};
use vestibule_rpc::{
    from_proto_timestamp, resource,
    routing::v1::{CreateTicketRequest, Decision, resolve_sign_in_request::Person},
};
use vestibule_tenancy::{connection, user_pool};

use crate::deployment::{Deployment, eventually, of, outcome};

async fn create(deployment: &Deployment, request: CreateTicketRequest) -> Result<(String, i64), String> {
    let created = deployment.client.clone().create_ticket(request).await;
    let created = created.map_err(|status| vestibule_rpc::reason_of(&status).unwrap())?.into_inner();
    Ok((created.ticket, from_proto_timestamp(&created.expire_time.unwrap()).unwrap().unix_seconds()))
}

fn named(organization: OrganizationId) -> CreateTicketRequest {
    CreateTicketRequest { organization: resource::organization_name(organization), ..CreateTicketRequest::default() }
}

#[tokio::test]
async fn a_ticket_names_an_organization_until_it_expires() {
    let mut deployment = Deployment::start().await;
    let (acme, connection) = deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let now = vestibule_kernel::Clock::now(&*deployment.clock).unix_seconds();
    let (ticket, expires_at) = create(&deployment, named(acme)).await.unwrap();
    assert_eq!(expires_at, now + 600);
    let answer = deployment.resolve(Person::Ticket(ticket.clone())).await;
    assert_eq!(outcome(&answer), (Decision::Brokered, "TICKET"));
    assert_eq!(answer.organization, resource::organization_name(acme));

    let long = CreateTicketRequest {
        connection: resource::connection_name(acme, connection),
        lifetime: Some(prost_types::Duration { seconds: 86_400, nanos: 0 }),
        ..named(acme)
    };
    let (long, expires_at) = create(&deployment, long).await.unwrap();
    assert_eq!(expires_at, now + 86_400);
    for text in [&ticket, &long] {
        assert!(text.len() <= 128, "{} characters", text.len());
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)), "{text}");
        assert!(!text.contains(&acme.to_string()), "opaque to people");
    }

    deployment.clock.advance(Duration::from_mins(10));
    // The view is refreshed every second of real time; until then it counts as too old.
    eventually(async || deployment.ask(of(Person::Domain("acme.test".to_owned()))).await.is_ok()).await;
    assert_eq!(deployment.refused(Person::Ticket(ticket.clone())).await, "TICKET_EXPIRED");
    assert_eq!(deployment.refused(Person::LoginHint(ticket)).await, "TICKET_EXPIRED");
    assert_eq!(deployment.resolve(Person::Ticket(long)).await.decision(), Decision::Brokered);
}

#[tokio::test]
async fn a_ticket_cannot_be_changed_or_made_elsewhere() {
    let mut deployment = Deployment::start().await;
    let mut foreign = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    let (there, _) = foreign.customer("acme", "acme.test").await;
    deployment.settle().await;
    foreign.settle().await;

    let (ticket, _) = create(&deployment, named(acme)).await.unwrap();
    let (elsewhere, _) = create(&foreign, named(there)).await.unwrap();
    assert_eq!(deployment.refused(Person::Ticket(elsewhere)).await, "TICKET_INVALID");
    for place in 4..ticket.len() {
        let mut changed = ticket.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(deployment.refused(Person::Ticket(changed)).await, "TICKET_INVALID", "character {place}");
    }
    let bad =
        ["", "vt1.", "vt1.AAAA", "vt2.AAAA", "vt1.????", &ticket[..ticket.len() - 1], &format!("{ticket}A"), "acme"];
    for bad in bad {
        assert_eq!(deployment.refused(Person::Ticket(bad.to_owned())).await, "TICKET_INVALID", "{bad}");
    }
    let oversize = format!("vt1.{}", "A".repeat(200));
    assert_eq!(deployment.refused(Person::LoginHint(oversize)).await, "TICKET_INVALID");
}

#[tokio::test]
async fn the_connection_of_a_ticket_may_be_replaced() {
    let mut deployment = Deployment::start().await;
    let (acme, first) = deployment.customer("acme", "acme.test").await;
    let second = deployment.connection(acme, "Entra").await;
    deployment.settle().await;
    let request = CreateTicketRequest { connection: resource::connection_name(acme, first), ..named(acme) };
    let (ticket, _) = create(&deployment, request).await.unwrap();
    let chosen = async || deployment.resolve(Person::Ticket(ticket.clone())).await.connections[0].connection.clone();
    assert_eq!(chosen().await, resource::connection_name(acme, first));

    deployment.reconnect(acme, first, connection::Disabled { note: String::new() }).await;
    deployment.settle().await;
    let answer = deployment.resolve(Person::Ticket(ticket.clone())).await;
    assert_eq!(outcome(&answer), (Decision::Brokered, "TICKET"));
    assert_eq!(answer.connections[0].connection, resource::connection_name(acme, second));
}

#[tokio::test]
async fn tickets_are_made_for_what_exists_only() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    let (corp, theirs) = deployment.customer("corp", "corp.test").await;
    deployment.settle().await;

    let nobody = OrganizationId::from_uuid(SystemIds.uuid_v4());
    assert_eq!(create(&deployment, named(nobody)).await, Err("ORGANIZATION_UNKNOWN".to_owned()));
    assert_eq!(create(&deployment, CreateTicketRequest::default()).await, Err("RESOURCE_NAME_INVALID".to_owned()));
    let unknown = ConnectionId::from_uuid(SystemIds.uuid_v4());
    for (owner, connection) in [(acme, unknown), (corp, theirs), (acme, theirs)] {
        let request = CreateTicketRequest { connection: resource::connection_name(owner, connection), ..named(acme) };
        assert_eq!(create(&deployment, request).await, Err("CONNECTION_UNKNOWN".to_owned()));
    }
    for (seconds, nanos) in [(0, 0), (-1, 0), (86_400, 1), (86_401, 0), (0, 1), (i64::MAX, 0)] {
        let request = CreateTicketRequest { lifetime: Some(prost_types::Duration { seconds, nanos }), ..named(acme) };
        assert_eq!(create(&deployment, request).await, Err("LIFETIME_INVALID".to_owned()), "{seconds} {nanos}");
    }
}

#[tokio::test]
async fn another_instance_verifies_with_the_same_keys() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    deployment.settle().await;
    let (ticket, _) = create(&deployment, named(acme)).await.unwrap();

    // The key is rotated meanwhile: the other instance knows both.
    let keys = &deployment.resources.keys;
    let first = keys.current("ticket", "").await.unwrap();
    keys.rotate("ticket", "", &first).await.unwrap();
    let service = start(&deployment.resources, &Config::default()).await.unwrap();
    let channel = vestibule_rpc::memory::serve(service.grpc);
    let mut other = vestibule_rpc::routing::v1::routing_service_client::RoutingServiceClient::new(channel);
    let answer = other.resolve_sign_in(of(Person::Ticket(ticket))).await.unwrap().into_inner();
    assert_eq!(outcome(&answer), (Decision::Brokered, "TICKET"));
    let theirs = other.create_ticket(named(acme)).await.unwrap().into_inner().ticket;
    let answer = deployment.resolve(Person::Ticket(theirs)).await;
    assert_eq!(answer.reason, "TICKET", "a new key is not signed with before everybody knows it");
}

#[tokio::test]
async fn keys_are_followed_by_others_and_two_are_kept() {
    let deployment = Deployment::start().await;
    for generation in 2..5 {
        deployment.clock.advance(Duration::from_hours(31 * 24));
        start(&deployment.resources, &Config::default()).await.unwrap();
        let keys = deployment.resources.keys.all("ticket", "").await.unwrap();
        assert_eq!(keys.iter().map(|key| key.generation).collect::<Vec<_>>(), [generation, generation - 1]);
    }
}

#[tokio::test]
async fn a_ticket_comes_with_the_address_at_which_the_application_begins_a_sign_in() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    deployment.settle().await;
    let made = deployment.client.clone().create_ticket(named(acme)).await.unwrap().into_inner();
    assert_eq!(made.initiate_login_url, "", "the application has none");

    let address = "https://app.example/login/initiate?from=portal".to_owned();
    let updated = user_pool::Updated { initiate_login_uri: Some(address), ..user_pool::Updated::default() };
    let stream = StreamId::of_id(user_pool::CATEGORY, None, deployment.pool.uuid());
    deployment.append::<user_pool::Event>(stream, updated).await;
    deployment.settle().await;
    let made = deployment.client.clone().create_ticket(named(acme)).await.unwrap().into_inner();
    let url = url::Url::parse(&made.initiate_login_url).unwrap();
    let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let issuer = format!("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_{}", deployment.pool.uuid().simple());
    let expected = [("from", "portal"), ("iss", &issuer), ("login_hint", &made.ticket)];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let answer = deployment.resolve(Person::LoginHint(made.ticket)).await;
    assert_eq!(outcome(&answer), (Decision::Brokered, "TICKET"));
}
