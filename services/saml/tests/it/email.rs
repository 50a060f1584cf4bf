use vestibule_eventlog::StreamId;
use vestibule_rpc::saml::v1::{CreateAuthnRequestRequest, check::Status, refusal::Responsible};
use vestibule_saml_idp::Subject;
use vestibule_tenancy::{
    domain::{self, Domain},
    organization::{self, ForeignEmail},
};

use crate::world::{Customer, World, accepted, identity_provider, refused, validation};

fn with_email(addresses: &[&str]) -> Subject {
    Subject::persistent("ada").with("email", addresses.iter().copied())
}

async fn released(world: &World, customer: &Customer, subject: &Subject) -> String {
    let identity = world.sign_in(customer, subject).await;
    assert_eq!(identity.email_verified, !identity.email.is_empty());
    identity.email
}

#[tokio::test]
async fn an_address_is_released_inside_verified_domains_only() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    world.customer("globex", "globex.test").await;
    world.verify(acme.organization, "bücher.example", false).await;
    world.settle().await;
    for (asserted, expected) in [
        ("ada@acme.test", "ada@acme.test"),
        ("Ada@ACME.TEST.", "Ada@acme.test"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        // Of another organization, of nobody, below without a wildcard, beside, and a trick with two domains.
        ("ada@globex.test", ""),
        ("ada@nobody.test", ""),
        ("ada@mail.acme.test", ""),
        ("ada@notacme.test", ""),
        ("ada@evil.test@acme.test", ""),
        ("Ada <ada@acme.test>", ""),
        ("eve@evil.test,ada@acme.test", ""),
        ("ada", ""),
    ] {
        assert_eq!(released(&world, &acme, &with_email(&[asserted])).await, expected, "{asserted}");
    }
    assert_eq!(released(&world, &acme, &with_email(&["ada@acme.test", "ada@globex.test"])).await, "", "two addresses");
    assert_eq!(released(&world, &acme, &with_email(&[])).await, "", "no address");
    assert_eq!(released(&world, &acme, &Subject::email("ada@acme.test")).await, "ada@acme.test");
    assert_eq!(released(&world, &acme, &Subject::email("ada@globex.test")).await, "");
}

#[tokio::test]
async fn an_address_is_released_the_moment_its_domain_is_verified() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    for index in 0..10 {
        let request_id = world.request(&acme).await;
        let address = format!("ada@new-{index}.example");
        let response = world.response(&acme, &with_email(&[&address]), &request_id);
        world.verify(acme.organization, &format!("new-{index}.example"), false).await;
        let answer = world.validate(&acme, &response, &request_id).await.unwrap();
        assert_eq!(accepted(answer).email, address);
    }
}

#[tokio::test]
async fn subdomains_are_owned_with_the_wildcard_only() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    world.verify(acme.organization, "corp.example", true).await;
    world.settle().await;
    for (asserted, expected) in [
        ("ada@corp.example", "ada@corp.example"),
        ("ada@eu.mail.corp.example", "ada@eu.mail.corp.example"),
        ("ada@notcorp.example", ""),
        ("ada@mail.acme.test", ""),
    ] {
        assert_eq!(released(&world, &acme, &with_email(&[asserted])).await, expected, "{asserted}");
    }
}

#[tokio::test]
async fn an_address_is_not_released_after_its_domain_was_given_up() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let domain = world.verify(acme.organization, "old.example", false).await;
    world.settle().await;
    assert_eq!(released(&world, &acme, &with_email(&["ada@old.example"])).await, "ada@old.example");
    let stream = StreamId::of_id(domain::CATEGORY, Some(acme.organization), domain.uuid());
    world.execute::<Domain>(&stream, &domain::Command::Release).await;
    world.settle().await;
    assert_eq!(released(&world, &acme, &with_email(&["ada@old.example"])).await, "");
}

#[tokio::test]
async fn whose_organization_has_lost_all_its_domains_begins_nothing_there() {
    let world = World::start().await;
    let organization = world.organization("acme").await;
    let acme = world.connect(organization, identity_provider("acme")).await;
    let release = async |id: vestibule_kernel::DomainId| {
        let stream = StreamId::of_id(domain::CATEGORY, Some(acme.organization), id.uuid());
        world.execute::<Domain>(&stream, &domain::Command::Release).await;
    };
    let begin = async || {
        let connection = acme.connection.to_string();
        world.saml().create_authn_request(CreateAuthnRequestRequest { connection, ..Default::default() }).await
    };
    // Some organizations sign in by tickets and codes only, and never own one.
    begin().await.unwrap();
    let domains =
        [world.verify(organization, "acme.test", false).await, world.verify(organization, "other.test", false).await];
    release(domains[0]).await;
    begin().await.unwrap();
    // Without the last one nobody would get tokens; with another one they do at once.
    release(domains[1]).await;
    world.settle().await;
    let status = begin().await.unwrap_err();
    assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("ORGANIZATION_WITHOUT_DOMAIN"), "{status:?}");
    world.verify(acme.organization, "new.example", false).await;
    begin().await.unwrap();
}

#[tokio::test]
async fn a_pool_that_requires_an_address_gets_one_or_nobody() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    for (asserted, responsible) in [
        (with_email(&["ada@evil.test"]), Responsible::Operator),
        (with_email(&[]), Responsible::IdentityProvider),
        (with_email(&["ada@acme.test", "eve@acme.test"]), Responsible::IdentityProvider),
    ] {
        let request_id = world.request(&acme).await;
        let mut request = validation(&acme, &world.response(&acme, &asserted, &request_id), &request_id);
        request.email_required = true;
        let head = world.log.head().await.unwrap();
        let answer = world.saml().validate_response(request.clone()).await.unwrap().into_inner();
        for check in &answer.checks {
            assert!(!format!("{check:?}").contains("evil"), "no personal value: {check:?}");
        }
        let refusal = refused(answer);
        assert_eq!((refusal.reason.as_str(), refusal.responsible()), ("EMAIL_NOT_RELEASABLE", responsible));
        assert_eq!(world.log.head().await.unwrap(), head);

        // The refusal has used nothing up: without the requirement the same response is accepted, with a warning.
        request.email_required = false;
        let answer = world.saml().validate_response(request).await.unwrap().into_inner();
        let check = answer.checks.iter().find(|check| check.name == "email.releasable").unwrap();
        assert_eq!(check.status(), Status::Warning);
        let identity = accepted(answer);
        assert_eq!((identity.email.as_str(), identity.email_verified), ("", false));
    }
}

#[tokio::test]
async fn an_organization_may_refuse_foreign_addresses_and_only_these() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let policy = |foreign_email| {
        organization::Command::Update(organization::Update {
            foreign_email: Some(foreign_email),
            ..organization::Update::default()
        })
    };
    world.change_organization(acme.organization, policy(ForeignEmail::Refuse)).await;
    world.settle().await;

    let foreign = with_email(&["ada@evil.test"]);
    let request_id = world.request(&acme).await;
    let request = validation(&acme, &world.response(&acme, &foreign, &request_id), &request_id);
    let head = world.log.head().await.unwrap();
    let refusal = refused(world.saml().validate_response(request.clone()).await.unwrap().into_inner());
    assert_eq!((refusal.reason.as_str(), refusal.responsible()), ("EMAIL_NOT_RELEASABLE", Responsible::Operator));
    assert_eq!(world.log.head().await.unwrap(), head, "a refusal leaves nothing behind");

    // No address is no foreign address: what requires one is the user pool.
    assert_eq!(released(&world, &acme, &with_email(&[])).await, "");
    assert_eq!(released(&world, &acme, &with_email(&["ada@acme.test"])).await, "ada@acme.test");
    // The domain is verified a moment before the answer comes: nobody is refused on old knowledge.
    world.verify(acme.organization, "evil.test", false).await;
    assert_eq!(released(&world, &acme, &foreign).await, "ada@evil.test");

    let globex = world.customer("globex", "globex.test").await;
    assert_eq!(released(&world, &globex, &foreign).await, "", "the policy is the organization's own");
    world.change_organization(acme.organization, policy(ForeignEmail::Withhold)).await;
    world.settle().await;
    assert_eq!(released(&world, &acme, &with_email(&["ada@globex.test"])).await, "");
}
