//! Metadata that a pinned key has signed, and everything that only looks like it.

use std::{sync::LazyLock, time::Duration};

use vestibule_kernel::Explain;
use vestibule_saml::{IdentityProviderMetadata, MetadataError, TrustedCertificates};
use vestibule_saml_idp::{KeyInfo, KeyType, SignatureAlgorithm, SignatureProfile, SigningKey};

use crate::support::{EC, IDP, NOW, RSA, days, element, provider, replace, trusting};

/// A key that nobody pins.
static OTHER: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(KeyType::EcP256, "idp.evil.test", NOW.minus(days(1)), NOW.plus(days(1))).unwrap()
});

const ID: &str = "_metadata";

fn profile() -> SignatureProfile {
    SignatureProfile::new(SignatureAlgorithm::EcdsaSha256)
}

fn pinned() -> TrustedCertificates {
    trusting(&[&EC])
}

/// The identity provider's metadata, with an ID to sign by.
fn plain() -> String {
    provider(&RSA).metadata_xml().replacen(" entityID=", &format!(" ID=\"{ID}\" cacheDuration=\"PT6H\" entityID="), 1)
}

fn entity() -> String {
    element(&plain(), "md:EntityDescriptor").to_owned()
}

/// A collection around `content`.
fn collection(content: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_all\" \
         validUntil=\"2027-02-01T00:00:00Z\" cacheDuration=\"PT2H\">{content}</md:EntitiesDescriptor>"
    )
}

fn sign(key: &SigningKey, xml: &str, id: &str) -> String {
    key.sign_element(xml, id, &profile()).unwrap()
}

/// Made once: ECDSA signs in another way every time.
static SIGNED: LazyLock<String> = LazyLock::new(|| sign(&EC, &plain(), ID));

fn signed() -> String {
    SIGNED.clone()
}

fn parse(xml: &str) -> Result<IdentityProviderMetadata, MetadataError> {
    IdentityProviderMetadata::parse_signed(xml.as_bytes(), &pinned())
}

#[track_caller]
fn refused(xml: &str, error: MetadataError) {
    assert_eq!(parse(xml).unwrap_err(), error);
}

#[test]
fn what_the_pinned_key_signed_is_read() {
    let unsigned = IdentityProviderMetadata::parse(plain().as_bytes()).unwrap();
    let metadata = parse(&signed()).unwrap();
    assert_eq!(metadata, unsigned);
    assert_eq!((metadata.entity_id.as_str(), metadata.cache_duration), (IDP, Some(Duration::from_hours(6))));
    // With another one pinned beside it, and with line breaks between the elements.
    let both = trusting(&[&OTHER, &EC]);
    assert!(IdentityProviderMetadata::parse_signed(signed().as_bytes(), &both).is_ok());
    let spaced = sign(&EC, &plain().replace("><md:", ">\n  <md:"), ID);
    assert_eq!(parse(&spaced).unwrap(), unsigned);
}

#[test]
fn a_collection_is_signed_as_a_whole_or_its_entity_is() {
    let whole = sign(&EC, &collection(&entity()), "_all");
    let metadata = parse(&whole).unwrap();
    assert_eq!(metadata.entity_id, IDP);
    assert_eq!(metadata.valid_until.unwrap().to_string(), "2027-02-01T00:00:00Z");
    assert_eq!(metadata.cache_duration, Some(Duration::from_hours(2)));
    let part = collection(element(&signed(), "md:EntityDescriptor"));
    assert_eq!(parse(&part).unwrap().valid_until, metadata.valid_until);
    // The whole is signed by the pinned key; what the entity's own signature says does not matter.
    let both = sign(&EC, &collection(element(&sign(&OTHER, &plain(), ID), "md:EntityDescriptor")), "_all");
    assert_eq!(parse(&both).unwrap().entity_id, IDP);
    // The other way round it is the outermost signature that counts.
    let outer = sign(&OTHER, &collection(element(&signed(), "md:EntityDescriptor")), "_all");
    refused(&outer, MetadataError::SignatureInvalid);
}

#[test]
fn unsigned_metadata_is_refused_where_a_key_is_pinned() {
    refused(&plain(), MetadataError::SignatureMissing);
    refused(&collection(&entity()), MetadataError::SignatureMissing);
    // Somebody else is signed, not this identity provider.
    let service = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_sp\" \
                   entityID=\"https://sp.example\"><md:SPSSODescriptor protocolSupportEnumeration=\"x\"/>\
                   </md:EntityDescriptor>";
    let other = sign(&EC, &collection(&format!("{service}{}", entity())), "_sp");
    refused(&other, MetadataError::SignatureMissing);
    // The signature lies deeper than where it would count.
    let deep = replace(&signed(), element(&signed(), "ds:Signature"), "");
    let deep =
        deep.replacen("<md:KeyDescriptor", &format!("{}<md:KeyDescriptor", element(&signed(), "ds:Signature")), 1);
    refused(&deep, MetadataError::SignatureMissing);
}

#[test]
fn another_key_or_another_document_is_refused() {
    refused(&sign(&OTHER, &plain(), ID), MetadataError::SignatureInvalid);
    // The signer's certificate is named in the document, and believed by nobody.
    for change in [
        ("https://idp.acme.test/sso", "https://idp.evil.test/sso"),
        (IDP, "https://idp.evil.test/saml"),
        ("cacheDuration=\"PT6H\"", "cacheDuration=\"PT9H\""),
        ("WantAuthnRequestsSigned=\"false\"", "WantAuthnRequestsSigned=\"true\""),
    ] {
        refused(&signed().replace(change.0, change.1), MetadataError::SignatureInvalid);
    }
    let added = signed().replacen("<md:NameIDFormat>", "<md:KeyDescriptor/><md:NameIDFormat>", 1);
    refused(&added, MetadataError::SignatureInvalid);
    let certificate = element(&provider(&OTHER).metadata_xml(), "md:KeyDescriptor").to_owned();
    let swapped = replace(&signed(), element(&plain(), "md:KeyDescriptor"), &certificate);
    refused(&swapped, MetadataError::SignatureInvalid);
}

#[test]
fn what_a_signature_does_not_cover_is_not_read() {
    // An identity provider inside of the signature, which its own digest leaves out, over the metadata of a service.
    let service = format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"{ID}\" \
         entityID=\"https://sp.example\"><md:SPSSODescriptor protocolSupportEnumeration=\"x\"/></md:EntityDescriptor>"
    );
    let hidden = |profile: &SignatureProfile| EC.sign_element(&service, ID, profile).unwrap();
    let mut smuggling = profile();
    let key_info = format!(
        "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{}</ds:KeyInfo>",
        entity().replace(ID, "_hidden")
    );
    smuggling.key_info = KeyInfo::Xml(key_info);
    refused(&hidden(&smuggling), MetadataError::NoIdentityProvider);
    let object = hidden(&profile()).replace(
        "</ds:Signature>",
        &format!("<ds:Object>{}</ds:Object></ds:Signature>", entity().replace(ID, "_hidden")),
    );
    refused(&object, MetadataError::NoIdentityProvider);
    // The signed element wrapped into another one, in front of which a forged one stands.
    let forged = entity().replace("idp.acme.test", "idp.evil.test").replace(ID, "_forged");
    let genuine = element(&signed(), "md:EntityDescriptor").to_owned();
    refused(&collection(&format!("{forged}{genuine}")), MetadataError::SeveralIdentityProviders);
    let extension = forged.replacen(
        "<md:IDPSSODescriptor",
        &format!("<md:Extensions>{genuine}</md:Extensions><md:IDPSSODescriptor"),
        1,
    );
    refused(&extension, MetadataError::SignatureMissing);
    // The signature of the genuine one moved into the forged one, which then has the same ID or another.
    let signature = element(&signed(), "ds:Signature").to_owned();
    for id in [ID, "_forged"] {
        let moved = entity().replace("idp.acme.test", "idp.evil.test").replace(ID, id);
        let moved = moved.replacen("<md:IDPSSODescriptor", &format!("{signature}<md:IDPSSODescriptor"), 1);
        let error = parse(&moved).unwrap_err();
        assert!(matches!(error, MetadataError::SignatureInvalid | MetadataError::SignatureMalformed), "{error:?}");
        let beside = moved.replacen(
            "<md:IDPSSODescriptor",
            &format!("<md:Extensions>{}</md:Extensions><md:IDPSSODescriptor", replace(&genuine, &signature, "")),
            1,
        );
        let error = parse(&beside).unwrap_err();
        assert!(matches!(error, MetadataError::SignatureInvalid | MetadataError::SignatureMalformed), "{error:?}");
    }
}

#[test]
fn other_forms_of_signatures_are_refused() {
    let with = |change: &dyn Fn(&mut SignatureProfile)| {
        let mut profile = profile();
        change(&mut profile);
        EC.sign_element(&plain(), ID, &profile)
    };
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let malformed = [
        with(&|profile| profile.reference_uri = Some(String::new())),
        with(&|profile| profile.transforms.truncate(1)),
        with(&|profile| profile.transforms = vec![profile.transforms[0].clone(), inclusive.to_owned()]),
    ];
    for xml in malformed {
        refused(&xml.unwrap(), MetadataError::SignatureMalformed);
    }
    refused(&with(&|profile| profile.digest_method = sha1.to_owned()).unwrap(), MetadataError::SignatureAlgorithm);
    refused(&signed().replace("ecdsa-sha256", "hmac-sha256"), MetadataError::SignatureAlgorithm);
    let twice = signed().replacen(
        "<md:IDPSSODescriptor",
        &format!("{}<md:IDPSSODescriptor", element(&signed(), "ds:Signature")),
        1,
    );
    refused(&twice, MetadataError::SignatureMalformed);
    let same_id = signed().replacen("<md:KeyDescriptor", &format!("<md:KeyDescriptor ID=\"{ID}\""), 1);
    refused(&same_id, MetadataError::SignatureMalformed);
    let no_id = signed().replacen(&format!(" ID=\"{ID}\""), "", 1);
    refused(&no_id, MetadataError::SignatureMalformed);
    for error in [
        MetadataError::SignatureMissing,
        MetadataError::SignatureMalformed,
        MetadataError::SignatureAlgorithm,
        MetadataError::SignatureInvalid,
    ] {
        assert!(error.explain().reason.starts_with("METADATA_SIGNATURE_"));
    }
}

#[test]
fn every_byte_of_signed_metadata_is_held() {
    let signed = signed();
    let genuine = parse(&signed).unwrap();
    for at in 0..signed.len() {
        let mut bytes = signed.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(read) = IdentityProviderMetadata::parse_signed(&bytes, &pinned()) {
            assert_eq!(read, genuine, "at {at}");
        }
    }
}
