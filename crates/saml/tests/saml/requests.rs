use url::Url;
use vestibule_kernel::{SeededIds, SystemIds};
use vestibule_saml::{
    AuthnRequest, RelayState, RequestId, ServiceProvider, ServiceProviderMetadata, limit, name_id_format,
};
use vestibule_saml_idp::KnownServiceProvider;

use crate::support::{ACS, NOW, OURS, RSA, SP, other_credential, provider};

fn service_provider() -> ServiceProvider {
    ServiceProvider { entity_id: SP.to_owned(), acs_url: ACS.to_owned() }
}

fn form(request: &str, relay_state: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", request)
        .append_pair("RelayState", relay_state)
        .finish()
}

#[test]
fn an_identity_provider_reads_what_was_asked_by_either_binding() {
    let id = RequestId::random(&SystemIds);
    let destination = Url::parse("https://idp.acme.test/sso?tenant=a%26b").unwrap();
    let request = AuthnRequest {
        id: &id,
        service_provider: &service_provider(),
        destination: &destination,
        issue_instant: NOW,
        force_authn: true,
        name_id_format: Some(name_id_format::PERSISTENT),
        requested_authn_context: &[],
    };
    let relay_state = RelayState::new("handle+/=&<").unwrap();
    let url = request.redirect_url(Some(&relay_state), None).unwrap();
    assert!(url.as_str().starts_with("https://idp.acme.test/sso?tenant=a%26b&SAMLRequest="), "{url}");
    let idp = provider(&RSA);
    let redirected = idp.read_authn_request_redirect(url.query().unwrap()).unwrap();
    let posted = idp.read_authn_request_post(&form(&request.post_value(None).unwrap(), relay_state.as_str())).unwrap();
    assert_eq!(redirected, posted);
    assert_eq!(redirected.id, id.as_str());
    assert_eq!(redirected.issuer, SP);
    assert_eq!(redirected.acs_url.as_deref(), Some(ACS));
    assert_eq!(redirected.destination.as_deref(), Some(destination.as_str()));
    assert_eq!(redirected.issue_instant.as_deref(), Some("2027-01-15T08:00:00Z"));
    assert_eq!(redirected.protocol_binding.as_deref(), Some("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"));
    assert_eq!(redirected.name_id_format.as_deref(), Some(name_id_format::PERSISTENT));
    assert_eq!(redirected.relay_state.as_deref(), Some("handle+/=&<"));
    assert!(redirected.force_authn);
    let quiet = AuthnRequest { force_authn: false, name_id_format: None, ..request };
    let url = quiet.redirect_url(None, None).unwrap();
    let read = idp.read_authn_request_redirect(url.query().unwrap()).unwrap();
    assert_eq!((read.force_authn, read.name_id_format, read.relay_state), (false, None, None));
}

#[test]
fn whatever_the_names_hold_is_escaped() {
    let odd = "https://sp.example/?a=1&b=\"<>'\t";
    let service_provider = ServiceProvider { entity_id: odd.to_owned(), acs_url: odd.to_owned() };
    let destination = Url::parse("https://idp.acme.test/sso?x='&y=1").unwrap();
    let request = AuthnRequest {
        id: &RequestId::random(&SeededIds::new(1)),
        service_provider: &service_provider,
        destination: &destination,
        issue_instant: NOW,
        force_authn: false,
        name_id_format: Some("\"/><evil/>"),
        requested_authn_context: &["\"<evil/>".to_owned()],
    };
    let read = provider(&RSA).read_authn_request_post(&form(&request.post_value(None).unwrap(), "")).unwrap();
    assert_eq!(read.acs_url.as_deref(), Some(odd));
    assert_eq!(read.name_id_format.as_deref(), Some("\"/><evil/>"));
    let metadata = ServiceProviderMetadata {
        service_provider: &service_provider,
        single_logout: Some(odd),
        authn_requests_signed: true,
        signing: &[OURS.certificate()],
        encryption: &[other_credential().certificate(), OURS.certificate()],
        valid_until: Some(NOW),
    };
    let metadata = metadata.to_xml();
    let document = uppsala::parse(&metadata).unwrap();
    let root = document.document_element().unwrap();
    assert_eq!(document.get_attribute(root, "entityID"), Some(odd));
    assert_eq!(document.get_attribute(root, "validUntil"), Some("2027-01-15T08:00:00Z"));
    let acs = document.get_elements_by_tag_name("AssertionConsumerService");
    assert_eq!(document.get_attribute(acs[0], "Location"), Some(odd));
    let role = document.get_elements_by_tag_name("SPSSODescriptor");
    assert_eq!(document.get_attribute(role[0], "WantAssertionsSigned"), Some("true"));
    let known = KnownServiceProvider::from_metadata(&metadata).unwrap();
    assert_eq!((known.entity_id.as_str(), known.authn_requests_signed), (odd, true));
    assert_eq!(known.signing, [OURS.certificate().der()]);
    assert_eq!(known.encryption, [other_credential().certificate().der(), OURS.certificate().der()]);
    // The order of the schema (saml-schema-metadata-2.0.xsd, SSODescriptorType and SPSSODescriptorType).
    let children = document.children(role[0]).into_iter().filter_map(|child| document.element(child));
    let mut names: Vec<String> = children.map(|element| element.name.local_name.to_string()).collect();
    names.dedup();
    assert_eq!(names, ["KeyDescriptor", "SingleLogoutService", "NameIDFormat", "AssertionConsumerService"]);
}

#[test]
fn ids_have_128_bits_and_are_read_strictly() {
    let (first, second) = (RequestId::random(&SystemIds), RequestId::random(&SystemIds));
    assert_ne!(first, second);
    assert_eq!(first.as_str().parse(), Ok(first.clone()));
    for odd in [
        "",
        "_",
        "0123456789abcdef0123456789abcdef0",
        "_0123456789ABCDEF0123456789abcdef",
        "_0123",
        &format!("{first} "),
    ] {
        assert!(odd.parse::<RequestId>().is_err(), "{odd}");
    }
}

#[test]
fn a_relay_state_has_at_most_80_bytes() {
    assert!(RelayState::new("x".repeat(limit::RELAY_STATE_BYTES_MAX)).is_ok());
    assert!(RelayState::new("x".repeat(limit::RELAY_STATE_BYTES_MAX + 1)).is_err());
    assert!(RelayState::new("\u{e9}".repeat(41)).is_err());
    assert!(RelayState::new("").is_err());
}
