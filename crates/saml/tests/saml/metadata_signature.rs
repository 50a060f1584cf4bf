//! Metadata that a pinned key has signed, and everything that only looks like it.

use std::{sync::LazyLock, time::Duration};

use vestibule_kernel::Explain;
use vestibule_saml::{IdentityProviderMetadata, MetadataError, MetadataStamp, TrustedCertificates};
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

pub(crate) fn pinned() -> TrustedCertificates {
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

/// Genuine documents in each way of signing, and what only looks like them: what mutations begin with.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let part = collection(element(&signed(), "md:EntityDescriptor"));
    let genuine = [signed(), sign(&EC, &collection(&entity()), "_all"), part, stamped("2026-11-01T00:00:00Z", &EC)];
    let forged = entity().replace("idp.acme.test", "idp.evil.test").replace(ID, "_forged");
    let genuine_part = element(&signed(), "md:EntityDescriptor").to_owned();
    let wrapped = forged.replacen(
        "<md:IDPSSODescriptor",
        &format!("<md:Extensions>{genuine_part}</md:Extensions><md:IDPSSODescriptor"),
        1,
    );
    let others = [plain(), sign(&OTHER, &plain(), ID), collection(&format!("{forged}{genuine_part}")), wrapped];
    genuine.into_iter().chain(others).map(String::into_bytes).collect()
}

/// Signed, with when it was published in it.
fn stamped(published_at: &str, key: &SigningKey) -> String {
    let info = format!(
        "<md:Extensions><mdrpi:PublicationInfo xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" publisher=\"x\" \
         creationInstant=\"{published_at}\"/></md:Extensions><md:IDPSSODescriptor"
    );
    sign(key, &plain().replacen("<md:IDPSSODescriptor", &info, 1), ID)
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

#[test]
fn only_what_is_signed_says_how_old_a_document_is() {
    let published = |text: &str| MetadataStamp { published_at: Some(text.parse().unwrap()), valid_until: None };
    let inside = parse(&stamped("2026-11-01T00:00:00Z", &EC)).unwrap();
    assert_eq!(inside.stamp, published("2026-11-01T00:00:00Z"));
    assert_eq!(parse(&stamped("yesterday", &EC)).unwrap().stamp, MetadataStamp::default());
    // Around it, unsigned: it can shorten how long the document is believed, and not make a later one look old.
    let around = "<md:Extensions><r:PublicationInfo xmlns:r=\"urn:oasis:names:tc:SAML:metadata:rpi\" \
                  creationInstant=\"2099-01-01T00:00:00Z\"/></md:Extensions>";
    let genuine = element(&signed(), "md:EntityDescriptor").to_owned();
    let outside = collection(&format!("{around}{genuine}"));
    assert_eq!(parse(&outside).unwrap().stamp, MetadataStamp::default());
    assert!(parse(&outside).unwrap().valid_until.is_some());
    // Signed as a whole, the whole counts, and the outermost word.
    let whole = collection(&format!("{around}{}", entity()));
    let stamp = parse(&sign(&EC, &whole, "_all")).unwrap().stamp;
    let until = Some("2027-02-01T00:00:00Z".parse().unwrap());
    assert_eq!(stamp, MetadataStamp { valid_until: until, ..published("2099-01-01T00:00:00Z") });
    // Nobody has vouched for one that was not asked to be signed.
    let unasked = IdentityProviderMetadata::parse(stamped("2026-11-01T00:00:00Z", &EC).as_bytes()).unwrap();
    assert_eq!(unasked.stamp, MetadataStamp::default());
}

#[test]
fn an_older_copy_is_told_from_a_newer_document() {
    let stamp = |published: Option<&str>, until: Option<&str>| MetadataStamp {
        published_at: published.map(|text| text.parse().unwrap()),
        valid_until: until.map(|text| text.parse().unwrap()),
    };
    let (early, late) = (Some("2026-11-01T00:00:00Z"), Some("2026-11-02T00:00:00Z"));
    for (one, known, older) in [
        (stamp(None, None), stamp(None, None), false),
        (stamp(early, None), stamp(None, None), false),
        (stamp(early, None), stamp(early, None), false),
        (stamp(late, None), stamp(early, None), false),
        (stamp(early, None), stamp(late, None), true),
        (stamp(None, early), stamp(None, late), true),
        (stamp(None, late), stamp(None, early), false),
        // Stamped once, stamped always.
        (stamp(None, None), stamp(None, early), true),
        (stamp(None, late), stamp(early, early), true),
        (stamp(late, None), stamp(None, early), true),
        // What was made later counts, though it is to be believed for a shorter time.
        (stamp(late, early), stamp(early, late), false),
    ] {
        assert_eq!(one.is_older_than(&known), older, "{one:?} {known:?}");
    }
}
