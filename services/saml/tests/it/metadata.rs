use tonic::Code;
use vestibule_rpc::{
    field_violations, reason_of,
    saml::v1::{GetServiceProviderMetadataRequest, InspectMetadataRequest},
};

use crate::world::{World, identity_provider};

#[tokio::test]
async fn our_metadata_names_the_connections_own_addresses() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request = GetServiceProviderMetadataRequest { connection: acme.connection.to_string() };
    let metadata = world.saml().get_service_provider_metadata(request).await.unwrap().into_inner().metadata_xml;
    let entity_id = format!("https://login.vestibule.test/saml/{}", acme.connection);
    assert!(metadata.contains(&format!("entityID=\"{entity_id}\"")), "{metadata}");
    assert!(metadata.contains(&format!("Location=\"{entity_id}/acs\"")), "{metadata}");
    let request = GetServiceProviderMetadataRequest { connection: "nope".to_owned() };
    let status = world.saml().get_service_provider_metadata(request).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::NotFound, Some("CONNECTION_NOT_FOUND")));
}

#[tokio::test]
async fn metadata_is_inspected_without_storing_anything() {
    let world = World::start().await;
    let idp = identity_provider("acme");
    let request = InspectMetadataRequest { metadata_xml: idp.metadata_xml() };
    let inspected = world.saml().inspect_metadata(request).await.unwrap().into_inner();
    assert_eq!(inspected.entity_id, "https://idp.acme.test/saml");
    assert_eq!(inspected.single_sign_on.len(), 2);
    assert!(inspected.single_sign_on[0].binding.ends_with("HTTP-Redirect"));
    assert_eq!(inspected.single_sign_on[0].location, "https://idp.acme.test/sso");
    assert_eq!(inspected.certificates.len(), 1);
    assert_eq!(inspected.certificates[0].key, "EC P-256");
    assert_eq!(inspected.certificates[0].sha256_fingerprint.len(), 64);
    assert_eq!(inspected.valid_until, None);
    assert!(world.events().await.is_empty());

    let request = InspectMetadataRequest { metadata_xml: "<html/>".to_owned() };
    let status = world.saml().inspect_metadata(request).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some("METADATA_NOT_SAML")));
    assert_eq!(field_violations(&status)[0].0, "metadata_xml");
}
