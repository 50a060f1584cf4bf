use tonic::Code;
use vestibule_rpc::{
    field_violations, reason_of,
    saml::v1::{GetServiceProviderMetadataRequest, InspectMetadataRequest},
};

use vestibule_kernel::Timestamp;
use vestibule_saml_idp::{IdentityProvider, KeyType, SigningKey};

use crate::world::{World, identity_provider, now};

/// An RSA key with 2,048 bits, signed over SHA-1, valid for a hundred years.
const SHA1: &str = "\
    MIIDGzCCAgOgAwIBAgIUDBYteUgl1jdIWpcMrsPzRSIZGOMwDQYJKoZIhvcNAQEFBQAwHDEaMBgGA1UEAwwRb2xkLmlkcC5h\
    Y21lLnRlc3QwIBcNMjYxMTIxMDkyMzQ2WhgPMjEyNjEwMjgwOTIzNDZaMBwxGjAYBgNVBAMMEW9sZC5pZHAuYWNtZS50ZXN0\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApkwJW/Ldmevo8BF1fs1IaMtTgT/2OAGZ3/lKbXV9ZiMyvL84b6z8\
    fCWD32g7zHwA5lb92tgLPi7n2w2/nx+wqPSyqy+ED/yTYKTASjY1+WJqMVL+GEI8K2pE2hH22+b1JMEbfoyiGKEXmydhZUjV\
    mcSfuEbKKPnBVxmw0hvegmE1TR4fL1al1fbCgZQFP32letTlO/5WjqN+Gm3lNbydhScyitT1balIA1HMgqqVliG+IGl+rp9S\
    NW2EFE9+zw5+xb3kl0KzDPQlAXKIZH13XKC1T7WmcqgPmb9pTVqDsLjKDhyTDvAcr2LRlx4DHeJY09cFI7Xkyv06PA95t2Xe\
    4wIDAQABo1MwUTAdBgNVHQ4EFgQUG4lYsQ+icJ294hSu9rzdA1mGcywwHwYDVR0jBBgwFoAUG4lYsQ+icJ294hSu9rzdA1mG\
    cywwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQUFAAOCAQEAJpPoNU2DrFRiNxmeyhJksOEM3iI6BZQUrbLQlFpRmWJ/\
    83t+Daxq0oZimzlD0amTvmmTGoMJJSfLGrns4L1tifwisY10hIbdT3IE92s3JQnbImesZENxdI5vnybrycNacy9r0TXNsj8j\
    AvU7QKGk+Vd10buWXOR5e9v+oN2SRlS9EKq7JKsykX89wxuQQu761RKij0X+qvG28jwIf1hd+PTey05RxFifUXK3NIghbLnw\
    eCukS3K/uv6CeCfnxdb7vnIQbOz012e/dCe6DH5YkhFYIDDnXTXQpg3xJBRF2WGFvYK2WgnHKRduMAF+n/xheIsXVHvgWvU2\
    2o6l0n+Yug==";

fn inspect(metadata_xml: &str) -> InspectMetadataRequest {
    InspectMetadataRequest { metadata_xml: metadata_xml.to_owned() }
}

async fn warnings(world: &World, metadata_xml: &str) -> Vec<String> {
    let inspected = world.saml().inspect_metadata(inspect(metadata_xml)).await.unwrap().into_inner();
    assert!(inspected.warnings.iter().all(|warning| !warning.message.is_empty()));
    inspected.warnings.into_iter().map(|warning| warning.reason).collect()
}

fn until(not_before: Timestamp, not_after: Timestamp) -> String {
    let key = SigningKey::generate(KeyType::EcP256, "idp.test", not_before, not_after).unwrap();
    IdentityProvider::new("https://idp.test/saml", "https://idp.test/sso", key).metadata_xml()
}

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
    assert_eq!(inspected.name_id_formats.len(), 2);
    assert!(!inspected.want_authn_requests_signed);
    let told = inspected.single_logout.iter().map(|slo| slo.location.as_str()).collect::<Vec<_>>();
    assert_eq!(told.is_empty(), !idp.metadata_xml().contains("SingleLogoutService"), "{told:?}");
    assert!(world.events().await.is_empty());

    let request = InspectMetadataRequest { metadata_xml: "<html/>".to_owned() };
    let status = world.saml().inspect_metadata(request).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some("METADATA_NOT_SAML")));
    assert_eq!(field_violations(&status)[0].0, "metadata_xml");
}

#[tokio::test]
async fn what_would_trouble_sign_ins_is_warned_of_before_anything_is_saved() {
    let world = World::start().await;
    let days = |count: u64| std::time::Duration::from_hours(count * 24);
    let (early, late) = (now().minus(days(400)), now().plus(days(400)));
    let good = identity_provider("acme").metadata_xml();
    assert_eq!(warnings(&world, &good).await, [""; 0]);
    let redirect = "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
        Location=\"https://idp.acme.test/sso\"/>";
    assert!(good.contains(redirect));
    let valid = |until: Timestamp| good.replace(" entityID=", &format!(" validUntil=\"{until}\" entityID="));
    let old = good.replace("<ds:X509Certificate>", &format!("<ds:X509Certificate>{SHA1}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"));
    let persistent = good.replace("1.1:nameid-format:emailAddress", "2.0:nameid-format:persistent");
    let transient = persistent.replace("nameid-format:persistent", "nameid-format:transient");
    let logout = "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
        Location=\"https://localhost/slo\" ResponseLocation=\"https://localhost/slo/answer\"/>";
    for (document, expected) in [
        (until(early, now().minus(days(1))), vec!["CERTIFICATE_EXPIRED"]),
        (until(early, now().plus(days(30))), vec!["CERTIFICATE_EXPIRES_SOON"]),
        (until(early, now().plus(days(31))), vec![]),
        (until(now().plus(days(1)), late), vec!["CERTIFICATE_NOT_YET_VALID"]),
        (old, vec!["CERTIFICATE_KEY_SHORT", "CERTIFICATE_SIGNATURE_WEAK"]),
        (valid(now()), vec!["METADATA_EXPIRED"]),
        (valid(now().plus(days(30))), vec!["METADATA_EXPIRES_SOON"]),
        (valid(now().plus(days(31))), vec![]),
        (transient, vec!["SUBJECT_NOT_STABLE"]),
        (good.replace(redirect, ""), vec!["BINDING_MISSING"]),
        (good.replace("HTTP-POST", "SOAP"), vec!["BINDING_MISSING"]),
        (
            good.replace("https://idp.acme.test/sso", "http://localhost/sso"),
            vec!["ENDPOINT_WITHOUT_TLS", "ENDPOINT_WITHOUT_TLS"],
        ),
        (good.replace("<md:SingleSignOnService", &format!("{logout}<md:SingleSignOnService")), vec![]),
        (
            good.replacen(
                "<md:SingleSignOnService",
                &format!("{}<md:SingleSignOnService", logout.replace("https:", "http:")),
                1,
            ),
            vec!["ENDPOINT_WITHOUT_TLS", "ENDPOINT_WITHOUT_TLS"],
        ),
    ] {
        assert_eq!(warnings(&world, &document).await, expected);
    }
    assert!(world.events().await.is_empty());
}

#[tokio::test]
async fn only_the_operator_learns_whether_an_entity_id_is_known() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let (known, unknown) = (inspect(&acme.idp.metadata_xml()), inspect(&identity_provider("globex").metadata_xml()));
    for actor in ["operator", "service", "anonymous"] {
        let mut saml = world.saml_as(actor);
        let told = actor == "operator";
        let answer = saml.inspect_metadata(known.clone()).await.unwrap().into_inner();
        assert_eq!(answer.entity_id_known, told.then_some(true), "{actor}");
        assert_eq!(answer.warnings.iter().any(|warning| warning.reason == "ENTITY_ID_KNOWN"), told, "{actor}");
        let answer = saml.inspect_metadata(unknown.clone()).await.unwrap().into_inner();
        assert_eq!(answer.entity_id_known, told.then_some(false), "{actor}");
    }
}
