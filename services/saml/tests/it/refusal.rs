use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::Code;
use vestibule_eventlog::{Draft, Metadata, StreamAppend, StreamId, Transaction, Version};
use vestibule_rpc::{
    reason_of,
    saml::v1::{CreateAuthnRequestRequest, check::Status, refusal::Responsible},
};
use vestibule_saml_idp::{IdentityProvider, Signed, saml_response_value};
use vestibule_tenancy::{Note, connection, organization};

use crate::world::{Customer, World, accepted, ada, identity_provider, metadata_of, refused, signing_key, validation};

fn note() -> Note {
    Note::parse("test").unwrap()
}

async fn create_reason(world: &World, customer: &Customer) -> (Code, String) {
    let request = CreateAuthnRequestRequest { connection: customer.connection.to_string(), ..Default::default() };
    let status = world.saml().create_authn_request(request).await.unwrap_err();
    (status.code(), reason_of(&status).unwrap())
}

#[tokio::test]
async fn a_refusal_has_its_reason_and_leaves_nothing_behind() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let good = || world.terms(&acme, &request_id);
    let sign = |terms| acme.idp.respond(&ada(), &terms).unwrap();
    let stranger = IdentityProvider::new(acme.idp.entity_id(), acme.idp.sso_url(), signing_key());
    let tampered = sign(good()).replace("ada@acme.test", "eve@acme.test");
    let mut old = good();
    old.now = crate::world::now().minus(Duration::from_hours(2));
    old.lifetime = Duration::from_hours(4);
    let mut expired = good();
    expired.now = crate::world::now().minus(Duration::from_mins(10));
    let head = world.log.head().await.unwrap();
    for (response, reason) in [
        ("%%%".to_owned(), "MESSAGE_ENCODING_INVALID"),
        (saml_response_value("<a"), "XML_MALFORMED"),
        (saml_response_value("<!DOCTYPE a><a/>"), "XML_DOCTYPE_FORBIDDEN"),
        (BASE64_STANDARD.encode(vec![b' '; 200 * 1024]), "MESSAGE_TOO_LARGE"),
        (saml_response_value(&tampered), "SIGNATURE_INVALID"),
        (saml_response_value(&sign(good().signed(Signed::Nothing))), "SIGNATURE_MISSING"),
        (saml_response_value(&stranger.respond(&ada(), &good()).unwrap()), "CERTIFICATE_NOT_TRUSTED"),
        (saml_response_value(&sign(old)), "ASSERTION_TOO_OLD"),
        (saml_response_value(&sign(expired)), "ASSERTION_EXPIRED"),
    ] {
        let answer = world.validate(&acme, &response, &request_id).await.unwrap();
        assert_eq!(answer.organization, format!("organizations/{}", acme.organization));
        let failed = answer.checks.iter().filter(|check| check.status() == Status::Failed).count();
        assert_eq!(failed, 1, "{reason}");
        assert_eq!(answer.checks.last().unwrap().status(), Status::NotReached);
        assert_eq!(refused(answer).reason, reason);
    }
    assert_eq!(world.log.head().await.unwrap(), head);
    // And nothing was used up by it.
    let response = world.response(&acme, &ada(), &request_id);
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
}

#[tokio::test]
async fn the_answer_to_another_request_is_refused() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let (ours, another) = (world.request(&acme).await, world.request(&acme).await);
    let head = world.log.head().await.unwrap();
    let response = world.response(&acme, &ada(), &another);
    let refusal = refused(world.validate(&acme, &response, &ours).await.unwrap());
    assert_eq!(refusal.reason, "IN_RESPONSE_TO_MISMATCH");
    assert_eq!(world.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn an_assertion_for_another_tenant_is_refused_even_from_the_same_identity_provider() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let globex = world.organization("globex").await;
    let globex = world.connect(globex, acme.idp.clone()).await;
    let request_id = world.request(&acme).await;
    let head = world.log.head().await.unwrap();
    let response = world.response(&acme, &ada(), &request_id);
    let refusal = refused(world.validate(&globex, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "DESTINATION_MISMATCH");
    // Neither does it help to send it to the right address: it is meant for the other service provider.
    let mut terms = world.terms(&globex, &request_id);
    terms.audience = format!("https://login.vestibule.test/saml/{}", acme.connection);
    let response = saml_response_value(&globex.idp.respond(&ada(), &terms).unwrap());
    let refusal = refused(world.validate(&globex, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "AUDIENCE_MISMATCH");
    assert_eq!(world.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn nobody_signs_in_through_a_disabled_connection() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    world.change_connection(&acme, connection::Command::Disable { note: note() }).await;
    world.settle().await;
    let head = world.log.head().await.unwrap();
    let answer = world.validate(&acme, &response, &request_id).await.unwrap();
    let failed = answer.checks.iter().find(|check| check.status() == Status::Failed).unwrap();
    assert_eq!(failed.name, "connection.enabled");
    let refusal = refused(answer);
    assert_eq!((refusal.reason.as_str(), refusal.responsible()), ("CONNECTION_DISABLED", Responsible::Operator));
    assert_eq!(world.log.head().await.unwrap(), head);
    assert_eq!(create_reason(&world, &acme).await, (Code::FailedPrecondition, "CONNECTION_DISABLED".to_owned()));

    world.change_connection(&acme, connection::Command::Enable).await;
    world.settle().await;
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
}

#[tokio::test]
async fn nobody_of_a_suspended_organization_signs_in() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    world.change_organization(acme.organization, organization::Command::Suspend { note: note() }).await;
    world.settle().await;
    let head = world.log.head().await.unwrap();
    let refusal = refused(world.validate(&acme, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "ORGANIZATION_SUSPENDED");
    assert_eq!(world.log.head().await.unwrap(), head);
    let expected = (Code::FailedPrecondition, "ORGANIZATION_SUSPENDED".to_owned());
    assert_eq!(create_reason(&world, &acme).await, expected);

    world.change_organization(acme.organization, organization::Command::Reinstate).await;
    world.settle().await;
    accepted(world.validate(&acme, &response, &request_id).await.unwrap());
}

#[tokio::test]
async fn certificates_rotate_without_a_gap_and_the_retired_one_is_refused() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let new = IdentityProvider::new(acme.idp.entity_id(), acme.idp.sso_url(), signing_key());
    let renewed = Customer { idp: new.clone(), ..acme };
    let old = Customer { idp: acme.idp.clone(), ..renewed_from(&renewed) };
    let configure = |keys: &[&vestibule_saml_idp::SigningKey]| {
        let metadata = Some(metadata_of(&new, keys));
        connection::Command::Configure(connection::Configure { metadata, ..connection::Configure::default() })
    };
    assert_eq!(world.refused_sign_in(&renewed, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    world.change_connection(&old, configure(&[old.idp.signing_key(), new.signing_key()])).await;
    world.settle().await;
    let (before, after) = (world.sign_in(&old, &ada()).await, world.sign_in(&renewed, &ada()).await);
    assert_eq!(before.sub, after.sub);
    assert_ne!(before.certificate_fingerprint, after.certificate_fingerprint);
    world.change_connection(&old, configure(&[new.signing_key()])).await;
    world.settle().await;
    assert_eq!(world.refused_sign_in(&old, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    assert_eq!(world.sign_in(&renewed, &ada()).await.sub, before.sub);
}

fn renewed_from(customer: &Customer) -> Customer {
    Customer { organization: customer.organization, connection: customer.connection, idp: customer.idp.clone() }
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_an_error() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let good = validation(&acme, &world.response(&acme, &ada(), &request_id), &request_id);
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (change, code, reason) in [
        (0, Code::NotFound, "CONNECTION_NOT_FOUND"),
        (1, Code::NotFound, "CONNECTION_NOT_FOUND"),
        (2, Code::InvalidArgument, "REQUEST_ID_INVALID"),
        (3, Code::InvalidArgument, "RESOURCE_NAME_INVALID"),
    ] {
        let mut request = good.clone();
        match change {
            0 => request.connection = unknown.to_owned(),
            1 => request.connection = "acme".to_owned(),
            2 => request.request_id = "_1".to_owned(),
            _ => request.user_pool = "pool".to_owned(),
        }
        let status = world.saml().validate_response(request).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (code, Some(reason)));
    }
    accepted(world.saml().validate_response(good).await.unwrap().into_inner());
}

#[tokio::test]
async fn a_flood_of_unknown_connections_is_answered() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let flood: Vec<_> = (0..200)
        .map(|_| {
            let (mut saml, connection) = (world.saml(), vestibule_kernel::IdSource::uuid_v4(&*world.ids).to_string());
            let request = CreateAuthnRequestRequest { connection, ..Default::default() };
            tokio::spawn(async move { saml.create_authn_request(request).await })
        })
        .collect();
    // Somebody real is served meanwhile, on a connection that was made during the flood.
    let other = world.connect(acme.organization, identity_provider("other")).await;
    world.sign_in(&other, &ada()).await;
    for attempt in flood {
        let status = attempt.await.unwrap().unwrap_err();
        assert_eq!(reason_of(&status).as_deref(), Some("CONNECTION_NOT_FOUND"));
    }
}

#[tokio::test]
async fn nothing_verifies_without_a_usable_certificate() {
    let world = World::start().await;
    let organization = world.organization("acme").await;
    let idp = identity_provider("acme");
    let mut unusable = metadata_of(&idp, &[idp.signing_key()]);
    unusable.certificates[0].der = "MIIB".to_owned();
    let acme = world.connect_with(organization, idp, unusable).await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    let answer = world.validate(&acme, &response, &request_id).await.unwrap();
    let (first, others) = answer.checks.split_first().unwrap();
    assert_eq!((first.name.as_str(), first.status()), ("connection.trusted", Status::Failed));
    assert!(others.len() > 20 && others.iter().all(|check| check.status() == Status::NotReached));
    assert_eq!(refused(answer).reason, "NO_TRUSTED_CERTIFICATE");
}

#[tokio::test]
async fn nobody_signs_in_on_a_directory_that_has_stopped() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    let id = vestibule_kernel::IdSource::uuid_v4(&*world.ids);
    let stream = StreamId::of_id(connection::CATEGORY, Some(acme.organization), id);
    let draft = Draft {
        id: None,
        name: "connection.exploded",
        revision: 1,
        data: "{}".to_owned(),
        personal: None,
        reservations: vec![],
    };
    let append = StreamAppend { stream, expected: Version::EMPTY, drafts: vec![draft] };
    let metadata = Metadata { actor: "operator".to_owned(), ..Metadata::default() };
    world.log.append(Transaction { metadata, appends: vec![append] }).await.unwrap();
    // Asking for what does not exist makes the service look, and find out.
    world.settle().await;
    let head = world.log.head().await.unwrap();
    let status = world.validate(&acme, &response, &request_id).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::Unavailable, Some("DIRECTORY_STOPPED")));
    assert_eq!(world.log.head().await.unwrap(), head);
    assert!(world.troubles()[0].contains("directory"), "{:?}", world.troubles());
}
