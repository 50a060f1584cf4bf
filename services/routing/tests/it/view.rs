use std::{sync::atomic::Ordering, time::Duration};

use tonic::Code;
use vestibule_eventlog::{Draft, Metadata, StreamAppend, StreamId, Transaction, Version};
use vestibule_kernel::{IdSource as _, OrganizationId, SystemIds};
use vestibule_rpc::routing::v1::{Decision, ResolveSignInRequest, resolve_sign_in_request::Person};
use vestibule_tenancy::{connection, domain, organization, user_pool};

use crate::deployment::{Deployment, application, eventually, of};

#[tokio::test]
async fn a_released_domain_becomes_standard_and_can_move() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    let (corp, _) = deployment.customer("corp", "corp.test").await;
    let stream = deployment.domain(acme, "shared.test", false).await;
    deployment.settle().await;
    assert_eq!(deployment.resolve_email("ada@shared.test").await.organization_display_name, "acme Ltd");

    let released = |owner| domain::Released { organization: owner, name: "shared.test".to_owned() };
    deployment.append::<domain::Event>(stream, released(acme)).await;
    eventually(async || deployment.resolve_email("ada@shared.test").await.reason == "DOMAIN_UNKNOWN").await;
    assert_eq!(deployment.resolve_email("ada@acme.test").await.decision(), Decision::Brokered);
    assert_eq!(deployment.resolve_email("ada@corp.test").await.decision(), Decision::Brokered);

    deployment.domain(corp, "shared.test", false).await;
    let claim = StreamId::of_id(domain::CATEGORY, Some(acme), SystemIds.uuid_v4());
    deployment.append::<domain::Event>(claim, released(acme)).await;
    deployment.settle().await;
    let owner = deployment.resolve_email("ada@shared.test").await.organization_display_name;
    assert_eq!(owner, "corp Ltd", "giving up a mere claim takes nothing from the owner");
}

#[tokio::test]
async fn names_slugs_pools_and_connections_follow_their_changes() {
    let mut deployment = Deployment::start().await;
    let (acme, connection) = deployment.customer("acme", "acme.test").await;
    let change = organization::Updated {
        slug: Some(organization::Change { from: "acme".to_owned(), to: "emca".to_owned() }),
        display_name: Some("Emca Inc".to_owned()),
        ..organization::Updated::default()
    };
    deployment.change(acme, change).await;
    let renamed =
        connection::Configured { display_name: Some("Entra".to_owned()), ..connection::Configured::default() };
    deployment.reconnect(acme, connection, renamed).await;
    let pool = StreamId::of_id(user_pool::CATEGORY, None, deployment.pool.uuid());
    let moved = user_pool::Updated {
        domains: Some(vec!["new.acme.example".to_owned()]),
        app_client_id: Some("newclient".to_owned()),
        ..user_pool::Updated::default()
    };
    deployment.append::<user_pool::Event>(pool, moved).await;
    deployment.settle().await;

    let code = |slug: &str| Person::OrganizationCode(slug.to_owned());
    assert_eq!(deployment.resolve(code("acme")).await.reason, "ORGANIZATION_UNKNOWN");
    let mut request = of(code("emca"));
    request.application = Some(application());
    let answer = deployment.ask(request).await.unwrap();
    assert_eq!(answer.organization_display_name, "Emca Inc");
    assert_eq!(answer.connections[0].display_name, "Entra");
    assert!(answer.authorize_url.starts_with("https://new.acme.example/oauth2/authorize?"), "{}", answer.authorize_url);
    assert!(answer.authorize_url.contains("client_id=newclient"), "{}", answer.authorize_url);
    // The old name is free for another.
    let other = deployment.organization("acme").await;
    deployment.connection(other, "Okta").await;
    deployment.settle().await;
    assert_eq!(deployment.resolve(code("acme")).await.organization_display_name, "acme Ltd");
}

#[tokio::test]
async fn many_domains_come_and_go() {
    let mut deployment = Deployment::start().await;
    let owner = deployment.organization("many").await;
    deployment.connection(owner, "Okta").await;
    let mut streams = Vec::new();
    for number in 0..40 {
        streams.push(deployment.domain(owner, &format!("d{number}.test"), number % 2 == 0).await);
    }
    for number in (0..40_usize).step_by(3) {
        let released = domain::Released { organization: owner, name: format!("d{number}.test") };
        deployment.append::<domain::Event>(streams[number].clone(), released).await;
    }
    deployment.settle().await;
    for number in 0..40 {
        let reason = deployment.resolve_email(&format!("ada@d{number}.test")).await.reason;
        assert_eq!(reason, if number % 3 == 0 { "DOMAIN_UNKNOWN" } else { "DOMAIN_VERIFIED" }, "{number}");
    }
}

#[tokio::test]
async fn a_view_that_is_too_old_does_not_answer() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;
    deployment.sever().await;
    assert_eq!(deployment.resolve_email("ada@acme.test").await.decision(), Decision::Brokered, "still young enough");

    deployment.clock.advance(Duration::from_secs(301));
    let status = deployment.ask(of(Person::Email("ada@acme.test".to_owned()))).await.unwrap_err();
    assert_eq!((status.code(), vestibule_rpc::reason_of(&status).as_deref()), (Code::Unavailable, Some("VIEW_STALE")));
    assert_eq!(vestibule_host::Service::troubles(&deployment.service.readiness).len(), 1);

    deployment.store.cut.store(false, Ordering::SeqCst);
    let again = async || deployment.ask(of(Person::Email("ada@acme.test".to_owned()))).await.is_ok();
    eventually(again).await;
    assert!(vestibule_host::Service::troubles(&deployment.service.readiness).is_empty());
}

#[tokio::test]
async fn a_view_that_met_an_event_it_cannot_read_does_not_answer() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let id = OrganizationId::from_uuid(SystemIds.uuid_v4());
    let draft = Draft {
        id: None,
        name: "organization.of_the_future",
        revision: 1,
        data: "{}".to_owned(),
        personal: None,
        reservations: Vec::new(),
    };
    let stream = StreamId::of_id(organization::CATEGORY, Some(id), id.uuid());
    let mut transaction = Transaction::new(Metadata { actor: "test".to_owned(), ..Metadata::default() });
    transaction.appends.push(StreamAppend { stream, expected: Version::EMPTY, drafts: vec![draft] });
    deployment.resources.log.append(transaction).await.unwrap();

    let stopped = async || {
        let answer = deployment.ask(of(Person::Email("ada@acme.test".to_owned()))).await;
        answer.is_err_and(|status| vestibule_rpc::reason_of(&status).as_deref() == Some("VIEW_STALE"))
    };
    eventually(stopped).await;
}

#[tokio::test]
async fn what_has_turned_out_to_be_old_is_looked_up_in_the_log() {
    let mut deployment = Deployment::start().await;
    let (acme, old) = deployment.customer("acme", "acme.test").await;
    deployment.settle().await;
    let before = deployment.resolve_email("ada@acme.test").await;
    // Whatever feeds memory is stuck, and people sign in over another connection from now on.
    deployment.store.hold.store(1, Ordering::SeqCst);
    let new = deployment.connection(acme, "New").await;
    deployment.reconnect(acme, old, connection::Disabled { note: String::new() }).await;
    eventually(async || deployment.store.hold.load(Ordering::SeqCst) == 0).await;
    assert_eq!(deployment.resolve_email("ada@acme.test").await.connections, before.connections);
    let asking = ResolveSignInRequest { fresh: true, ..of(Person::Email("ada@acme.test".to_owned())) };
    let answer = deployment.ask(asking.clone()).await.unwrap();
    assert_eq!((answer.decision(), answer.connections.len()), (Decision::Brokered, 1));
    assert!(answer.connections[0].connection.ends_with(&new.to_string()), "{answer:?}");
    // What was taken in stays, and a log that does not answer leaves what there is.
    assert_eq!(deployment.resolve_email("ada@acme.test").await.connections[0].display_name, "New");
    deployment.store.cut.store(true, Ordering::SeqCst);
    assert_eq!(deployment.ask(asking).await.unwrap().connections[0].display_name, "New");
}
