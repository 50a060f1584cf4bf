use vestibule_kernel::{IdSource as _, SystemIds, UserPoolId};
use vestibule_rpc::{
    resource,
    routing::v1::{Decision, ResolveSignInRequest, resolve_sign_in_request::Person},
};
use vestibule_tenancy::{connection, organization};

use crate::deployment::{Deployment, of, outcome};

#[tokio::test]
async fn a_person_of_a_verified_domain_is_brokered() {
    let mut deployment = Deployment::start().await;
    let (organization, connection) = deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let answer = deployment.resolve_email("ada@acme.test").await;
    assert_eq!(outcome(&answer), (Decision::Brokered, "DOMAIN_VERIFIED"));
    assert_eq!(answer.organization, resource::organization_name(organization));
    assert_eq!(answer.organization_display_name, "acme Ltd");
    assert_eq!(answer.user_pool, deployment.pool_name());
    assert_eq!(answer.connections.len(), 1);
    assert_eq!(answer.connections[0].connection, resource::connection_name(organization, connection));
    assert_eq!(answer.connections[0].display_name, "Okta");
    assert_eq!(answer.authorize_url, "", "nothing was said about the application");
    assert_eq!(deployment.resolve(Person::Domain("acme.test".to_owned())).await.organization, answer.organization);
}

#[tokio::test]
async fn no_answer_depends_on_whether_a_person_exists() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let stripped = |mut answer: vestibule_rpc::routing::v1::ResolveSignInResponse| {
        answer.connections.iter_mut().for_each(|choice| choice.ticket.clear());
        answer
    };
    let (known, invented) =
        (deployment.resolve_email("ada@acme.test").await, deployment.resolve_email("x@acme.test").await);
    assert_eq!(stripped(known), stripped(invented));
    let (one, other) = (deployment.resolve_email("ada@free.test").await, deployment.resolve_email("x@free.test").await);
    assert_eq!(one, other);
}

#[tokio::test]
async fn unknown_domains_and_codes_are_standard() {
    let mut deployment = Deployment::start().await;
    deployment.settle().await;

    let answer = deployment.resolve_email("ada@unknown.test").await;
    assert_eq!(outcome(&answer), (Decision::Standard, "DOMAIN_UNKNOWN"));
    assert_eq!((answer.organization.as_str(), answer.user_pool.as_str()), ("", ""));
    let answer = deployment.resolve(Person::OrganizationCode("nobody".to_owned())).await;
    assert_eq!(outcome(&answer), (Decision::Standard, "ORGANIZATION_UNKNOWN"));
}

#[tokio::test]
async fn a_name_is_found_in_every_spelling() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.customer("books", "xn--bcher-kva.test").await;
    deployment.settle().await;

    let same = ["ada@acme.test", "ada@ACME.TEST.", " Ada@Acme.Test ", "ada@\u{ff41}\u{ff43}\u{ff4d}\u{ff45}.test"];
    for spelling in same {
        assert_eq!(deployment.resolve_email(spelling).await.organization_display_name, "acme Ltd", "{spelling}");
    }
    for spelling in
        ["b\u{fc}cher.test", "B\u{dc}CHER.test", "xn--bcher-kva.test", "XN--BCHER-KVA.TEST.", "bu\u{308}cher.test"]
    {
        let answer = deployment.resolve(Person::Domain(spelling.to_owned())).await;
        assert_eq!(answer.organization_display_name, "books Ltd", "{spelling}");
    }
    for spelling in ["acme", "ACME", " Acme "] {
        let answer = deployment.resolve(Person::OrganizationCode(spelling.to_owned())).await;
        assert_eq!(outcome(&answer), (Decision::Brokered, "ORGANIZATION_CODE"), "{spelling}");
    }
}

#[tokio::test]
async fn subdomains_count_only_where_they_were_verified() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    let (corp, _) = deployment.customer("corp", "unrelated.test").await;
    deployment.domain(corp, "corp.test", true).await;
    deployment.customer("lab", "lab.corp.test").await;
    deployment.settle().await;

    let of = async |address| deployment.resolve_email(address).await.organization_display_name;
    assert_eq!(of("user@sub.acme.test").await, "");
    assert_eq!(of("user@corp.test").await, "corp Ltd");
    assert_eq!(of("user@a.b.corp.test").await, "corp Ltd");
    assert_eq!(of("user@lab.corp.test").await, "lab Ltd", "who has verified the name itself comes first");
    assert_eq!(of("user@x.lab.corp.test").await, "corp Ltd");
    assert_eq!(of("user@notcorp.test").await, "");
    assert_eq!(of("user@corp.test.evil.test").await, "");
}

#[tokio::test]
async fn a_claim_alone_routes_nobody() {
    let mut deployment = Deployment::start().await;
    let organization = deployment.organization("squatter").await;
    deployment.connection(organization, "Okta").await;
    let id = vestibule_kernel::DomainId::from_uuid(SystemIds.uuid_v4());
    let stream = vestibule_eventlog::StreamId::of_id("domain", Some(organization), id.uuid());
    let claimed = vestibule_tenancy::domain::Claimed { domain: id, organization, name: "bank.test".to_owned() };
    deployment.append::<vestibule_tenancy::domain::Event>(stream, claimed).await;
    deployment.settle().await;
    assert_eq!(outcome(&deployment.resolve_email("ada@bank.test").await), (Decision::Standard, "DOMAIN_UNKNOWN"));
}

#[tokio::test]
async fn several_connections_are_a_choice_with_a_ticket_each() {
    let mut deployment = Deployment::start().await;
    let (organization, first) = deployment.customer("acme", "acme.test").await;
    let second = deployment.connection(organization, "Entra").await;
    let third = deployment.connection(organization, "Old").await;
    deployment.reconnect(organization, third, connection::Disabled { note: String::new() }).await;
    deployment.settle().await;

    let answer = deployment.resolve_email("ada@acme.test").await;
    assert_eq!(outcome(&answer), (Decision::Choose, "SEVERAL_CONNECTIONS"));
    let names: Vec<_> = answer.connections.iter().map(|choice| choice.connection.as_str()).collect();
    assert_eq!(names, [first, second].map(|id| resource::connection_name(organization, id)));
    for choice in &answer.connections {
        let chosen = deployment.resolve(Person::Ticket(choice.ticket.clone())).await;
        assert_eq!(outcome(&chosen), (Decision::Brokered, "TICKET"));
        assert_eq!(chosen.connections.len(), 1);
        assert_eq!(chosen.connections[0].connection, choice.connection);
    }
}

#[tokio::test]
async fn who_may_not_sign_in_is_refused_and_never_standard() {
    let mut deployment = Deployment::start().await;
    let (acme, connection) = deployment.customer("acme", "acme.test").await;
    let (corp, _) = deployment.customer("corp", "corp.test").await;
    deployment.reconnect(acme, connection, connection::Disabled { note: String::new() }).await;
    deployment.change(corp, organization::Suspended { note: String::new() }).await;
    deployment.settle().await;

    let answer = deployment.resolve_email("ada@acme.test").await;
    assert_eq!(outcome(&answer), (Decision::Refused, "NO_ENABLED_CONNECTION"));
    assert_eq!(answer.organization_display_name, "acme Ltd");
    let answer = deployment.resolve_email("ada@corp.test").await;
    assert_eq!(outcome(&answer), (Decision::Refused, "ORGANIZATION_SUSPENDED"));
    assert!(answer.connections.is_empty());

    deployment.change(corp, organization::Reinstated {}).await;
    deployment.settle().await;
    assert_eq!(deployment.resolve_email("ada@corp.test").await.decision(), Decision::Brokered);
}

#[tokio::test]
async fn an_organization_of_another_pool_is_standard() {
    let mut deployment = Deployment::start().await;
    let other = UserPoolId::from_uuid(SystemIds.uuid_v4());
    deployment.register_pool(other, "login.other.example").await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let person = Person::Email("ada@acme.test".to_owned());
    let asking = |user_pool: String| ResolveSignInRequest { user_pool, ..of(person.clone()) };
    let answer = deployment.ask(asking(deployment.pool_name())).await.unwrap();
    assert_eq!(answer.decision(), Decision::Brokered);
    let answer = deployment.ask(asking(resource::user_pool_name(other))).await.unwrap();
    assert_eq!(outcome(&answer), (Decision::Standard, "OTHER_USER_POOL"));
    assert_eq!((answer.organization.as_str(), answer.organization_display_name.as_str()), ("", ""));
    assert_eq!(answer.user_pool, resource::user_pool_name(other));

    let unknown = resource::user_pool_name(UserPoolId::from_uuid(SystemIds.uuid_v4()));
    let status = deployment.ask(asking(unknown)).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
    assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("USER_POOL_UNKNOWN"));
}

#[tokio::test]
async fn a_login_hint_is_told_apart_by_its_form() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let ticket = deployment.resolve_email("ada@acme.test").await.connections[0].ticket.clone();
    for (hint, reason) in [("ada@acme.test", "DOMAIN_VERIFIED"), ("acme", "ORGANIZATION_CODE"), (&ticket, "TICKET")] {
        let answer = deployment.resolve(Person::LoginHint(hint.to_owned())).await;
        assert_eq!(outcome(&answer), (Decision::Brokered, reason), "{hint}");
    }
}
