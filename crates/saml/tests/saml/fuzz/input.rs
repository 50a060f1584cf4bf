//! What is mutated.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_kernel::SeededIds;
use vestibule_saml::{AuthnRequest, RelayState, RequestId, ServiceProvider};
use vestibule_saml_idp::{LogoutKind, Signed};

use crate::{
    corpus::{Setting, corpus},
    logout, metadata_signature,
    support::{ACS, EC, NOW, OURS, RSA, SP, encrypted_for, encryption, genuine, provider},
};

/// The largest message that is mutated: beyond it a run would see few of them, and the limits have tests of their own.
const SEED_BYTES_MAX: usize = 16 * 1024;

/// Genuine Responses, in as great a number as the forgeries, and the forgeries.
pub(super) fn responses() -> Vec<Vec<u8>> {
    // Some are genuine, and refused for what their connection expects.
    let forged = corpus().into_iter().filter(|case| case.setting == Setting::Usual);
    let forged = forged.filter_map(|case| STANDARD.decode(case.value).ok());
    let forged: Vec<Vec<u8>> = forged.filter(|xml| xml.len() <= SEED_BYTES_MAX).collect();
    let signed = [Signed::Assertion, Signed::Response, Signed::Both];
    let encrypted = signed.map(|signed| encrypted_for(&OURS, signed).into_bytes());
    let genuine = [signed.map(|signed| genuine(signed).into_bytes()), encrypted].concat();
    let genuine = genuine.iter().cycle().take(forged.len()).cloned().collect::<Vec<_>>();
    [genuine, forged].concat()
}

/// Queries and form values, genuine ones as many as forged ones, and the XML that they carry.
pub(super) fn logout_messages() -> Vec<Vec<u8>> {
    let forged = logout::corpus().into_iter().map(|case| match case.sent {
        logout::Sent::Query(text) | logout::Sent::Request(text) | logout::Sent::Response(text) => text.into_bytes(),
    });
    let forged: Vec<Vec<u8>> = forged.filter(|text| text.len() <= SEED_BYTES_MAX).collect();
    let (request, response) = (logout::request(&logout::terms()), logout::response(&logout::terms()));
    let hidden = logout::hidden(&logout::name_id(), &encryption());
    let genuine = [
        logout::query(LogoutKind::Request, &request, Some("r")),
        logout::query(LogoutKind::Request, &hidden, None),
        logout::query(LogoutKind::Response, &response, None),
        logout::signed(&request),
        logout::signed(&hidden),
        logout::signed(&response),
    ];
    let genuine = genuine.map(String::into_bytes);
    let genuine = genuine.iter().cycle().take(forged.len()).cloned().collect::<Vec<_>>();
    [genuine, forged].concat()
}

pub(super) fn metadata() -> Vec<Vec<u8>> {
    let one = provider(&RSA).metadata_xml();
    let two = provider(&RSA).publishing(EC.certificate_der()).metadata_xml();
    let several = one.replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "", 1);
    let several = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{several}</md:EntitiesDescriptor>"
    );
    let recorded = include_str!("../recorded/pysaml2_metadata.xml").to_owned();
    [one, two, several, recorded].map(String::into_bytes).to_vec()
}

/// Signed in each way, and what only looks like it.
pub(super) fn signed_metadata() -> Vec<Vec<u8>> {
    metadata_signature::seeds()
}

/// Queries, forms, and the XML that they carry.
pub(super) fn authn_requests() -> Vec<Vec<u8>> {
    let id = RequestId::random(&SeededIds::new(3));
    let service_provider = ServiceProvider { entity_id: SP.to_owned(), acs_url: ACS.to_owned() };
    let destination = "https://idp.acme.test/sso".parse().unwrap();
    let request = AuthnRequest {
        id: &id,
        service_provider: &service_provider,
        destination: &destination,
        issue_instant: NOW,
        force_authn: true,
        name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
        requested_authn_context: &[],
    };
    let relay_state = RelayState::new("handle").unwrap();
    let query = request.redirect_url(Some(&relay_state), None).unwrap().query().unwrap().to_owned();
    [query, request.to_xml()].map(String::into_bytes).to_vec()
}
