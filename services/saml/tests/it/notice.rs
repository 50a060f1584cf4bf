//! Signatures that verify with no trusted certificate: the registry is told, and not too often.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, http::HeaderName, routing::post};
use tokio::sync::mpsc;
use tonic::service::Routes;
use vestibule_rpc::saml::v1::{
    ValidateLogoutRequest, validate_logout_request::Message, validate_logout_response::Outcome,
};
use vestibule_rpc::{Channel, memory};
use vestibule_saml_idp::{IdentityProvider, LogoutKind, LogoutTerms};
use vestibule_saml_service::Config;
use vestibule_tenancy::connection::{self, Configure, MetadataSource};

use crate::world::{Customer, World, ada, identity_provider, signing_key};

const NOTICE: &str = "/vestibule.registry.v1.ConnectionService/NoticeUnknownCertificate";

/// A registry that does nothing but hear.
fn registry() -> (Channel, mpsc::UnboundedReceiver<String>) {
    let (heard, hearing) = mpsc::unbounded_channel();
    let heard = Arc::new(heard);
    let hear = move |body: Bytes| {
        // A length-prefixed message with one text.
        heard.send(String::from_utf8_lossy(body.get(7..).unwrap_or_default()).into_owned()).unwrap();
        async {
            [
                (HeaderName::from_static("grpc-status"), "12"),
                (HeaderName::from_static("content-type"), "application/grpc"),
            ]
        }
    };
    (memory::serve(Routes::from(Router::new().route(NOTICE, post(hear)))), hearing)
}

/// The customer as whoever has another key claims to be it.
fn impostor(customer: &Customer) -> Customer {
    let idp = IdentityProvider::new(customer.idp.entity_id(), customer.idp.sso_url(), signing_key());
    Customer { organization: customer.organization, connection: customer.connection, idp }
}

async fn reads_metadata(world: &World, customer: &Customer) {
    let source = MetadataSource {
        url: "https://idp.acme.test/metadata".to_owned(),
        pinned_key_der: None,
        requires_approval: false,
    };
    let configure = Configure { metadata_source: Some(Some(source)), ..Configure::default() };
    world.change_connection(customer, connection::Command::Configure(configure)).await;
    world.settle().await;
}

#[tokio::test]
async fn the_registry_is_told_of_unknown_certificates_and_not_too_often() {
    let (registry, mut heard) = registry();
    let world = World::start_beside(&Config::default(), Some(registry)).await;
    let (acme, globex) = (world.customer("acme", "acme.test").await, world.customer("globex", "globex.test").await);
    let by_hand = world.connect(acme.organization, identity_provider("manual")).await;
    for customer in [&acme, &globex] {
        reads_metadata(&world, customer).await;
    }
    // Neither good sign-ins, nor connections whose metadata is imported by hand.
    world.sign_in(&acme, &ada()).await;
    assert_eq!(world.refused_sign_in(&impostor(&by_hand), &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    let stranger = impostor(&acme);
    for _ in 0..20 {
        assert_eq!(world.refused_sign_in(&stranger, &ada()).await.reason, "CERTIFICATE_NOT_TRUSTED");
    }
    assert!(heard.recv().await.unwrap().ends_with(&acme.connection.to_string()));
    // Each connection for itself.
    world.refused_sign_in(&impostor(&globex), &ada()).await;
    assert!(heard.recv().await.unwrap().ends_with(&globex.connection.to_string()));
    world.clock.advance(Duration::from_mins(5));
    world.refused_sign_in(&stranger, &ada()).await;
    assert!(heard.recv().await.unwrap().ends_with(&acme.connection.to_string()));
    assert!(heard.try_recv().is_err());
}

/// The request of whoever has this identity provider's key, by redirect.
async fn log_out(world: &World, customer: &Customer) -> String {
    let slo_url = format!("https://login.vestibule.test/saml/{}/slo", customer.connection);
    let terms = LogoutTerms::new(slo_url, world.clock_now(), &*world.ids);
    let xml = customer.idp.logout_request(&ada(), &terms);
    let query = customer.idp.logout_query(LogoutKind::Request, &xml, None).unwrap();
    let request = ValidateLogoutRequest {
        connection: customer.connection.to_string(),
        message: Some(Message::Query(query)),
        relay_state: String::new(),
        request_id: String::new(),
    };
    match world.saml().validate_logout(request).await.unwrap().into_inner().outcome.unwrap() {
        Outcome::Refused(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_logout_message_by_an_unknown_certificate_is_told_of_too() {
    let (registry, mut heard) = registry();
    let world = World::start_beside(&Config::default(), Some(registry)).await;
    let (acme, globex) = (world.customer("acme", "acme.test").await, world.customer("globex", "globex.test").await);
    let by_hand = world.connect(acme.organization, identity_provider("manual")).await;
    for customer in [&acme, &globex] {
        reads_metadata(&world, customer).await;
    }
    for _ in 0..5 {
        assert!(
            ["SIGNATURE_INVALID", "CERTIFICATE_NOT_TRUSTED"]
                .contains(&log_out(&world, &impostor(&acme)).await.as_str())
        );
    }
    log_out(&world, &impostor(&by_hand)).await;
    assert!(heard.recv().await.unwrap().ends_with(&acme.connection.to_string()));
    // It is the same limit: whoever sends both is heard once.
    world.refused_sign_in(&impostor(&acme), &ada()).await;
    log_out(&world, &impostor(&globex)).await;
    assert!(heard.recv().await.unwrap().ends_with(&globex.connection.to_string()));
    assert!(heard.try_recv().is_err());
}
