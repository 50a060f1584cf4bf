//! Messages in the shapes of the products that customers have: prefixes, order, white space, types and names of attributes
//! as each of them writes them, signed as each of them signs. All say the same of Ada.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_saml::{
    Claim, Expectation, Mapping, NormalisedIdentity, Preset, Refusal, Sample, SubjectFault, SubjectId, SubjectSource,
    Verdict, normalise, validate, validate_xml,
};
use vestibule_saml_idp::{KeyInfo, SignatureAlgorithm, SignatureProfile, Signed, SigningKey, saml_response_value};

use crate::support::{
    ACS, ADA, EC, IDP, NOW, REQUEST, RSA, SP, STRANGER, accept, days, expectation, refuse, replace, trusting,
};

const RESPONSE_ID: &str = "_11111111-2222-3333-4444-555555555555";
const ASSERTION_ID: &str = "_66666666-7777-8888-9999-aaaaaaaaaaaa";
const SUBJECT_ID: &str = "urn:oasis:names:tc:SAML:attribute:subject-id";
const TARGETED_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.10";

#[derive(Clone, Copy)]
struct Product {
    preset: Preset,
    message: &'static str,
    signed: Signed,
    key: &'static SigningKey,
    /// The prefixes that its canonicalisation keeps.
    prefixes: Option<&'static str>,
    /// The attribute that never changes, and its value.
    immutable: Option<(&'static str, &'static str)>,
    /// What else it sends.
    unmapped: &'static [&'static str],
}

fn products() -> [Product; 9] {
    let product = |preset, message, signed, key| Product {
        preset,
        message,
        signed,
        key,
        prefixes: None,
        immutable: None,
        unmapped: &[],
    };
    [
        Product {
            immutable: Some((
                "http://schemas.microsoft.com/identity/claims/objectidentifier",
                "0e7c0b4e-1f7a-4f66-b2a4-95c0e8d1a3aa",
            )),
            unmapped: &[
                "http://schemas.microsoft.com/identity/claims/tenantid",
                "http://schemas.microsoft.com/identity/claims/identityprovider",
                "http://schemas.microsoft.com/claims/authnmethodsreferences",
            ],
            ..product(Preset::EntraId, include_str!("vendor/entra_id.xml"), Signed::Assertion, &RSA)
        },
        Product {
            immutable: Some(("user.id", "00u1a2b3c4D5e6F7g8h9")),
            prefixes: Some("xs"),
            ..product(Preset::Okta, include_str!("vendor/okta.xml"), Signed::Both, &RSA)
        },
        Product {
            immutable: Some(("objectGUID", "Tgt8Dnofdk+yppXA6NGjqg==")),
            unmapped: &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"],
            ..product(Preset::AdFs, include_str!("vendor/ad_fs.xml"), Signed::Assertion, &RSA)
        },
        Product {
            unmapped: &["department"],
            ..product(Preset::Google, include_str!("vendor/google.xml"), Signed::Response, &RSA)
        },
        product(Preset::Ping, include_str!("vendor/ping.xml"), Signed::Response, &EC),
        Product {
            immutable: Some(("PersonImmutableID", "31415926")),
            ..product(Preset::OneLogin, include_str!("vendor/one_login.xml"), Signed::Assertion, &RSA)
        },
        Product {
            unmapped: &["Role"],
            ..product(Preset::Keycloak, include_str!("vendor/keycloak.xml"), Signed::Both, &RSA)
        },
        Product {
            immutable: Some((SUBJECT_ID, "a1b2c3@acme.test")),
            unmapped: &[SUBJECT_ID, TARGETED_ID],
            ..product(Preset::SimpleSamlPhp, include_str!("vendor/simple_saml_php.xml"), Signed::Both, &EC)
        },
        Product {
            immutable: Some((SUBJECT_ID, "a1b2c3@acme.test")),
            prefixes: Some("xsd"),
            unmapped: &[SUBJECT_ID, TARGETED_ID, "urn:oid:2.5.4.20"],
            ..product(Preset::Shibboleth, include_str!("vendor/shibboleth.xml"), Signed::Response, &RSA)
        },
    ]
}

impl Product {
    /// The message at this moment, not signed yet.
    fn written(&self) -> String {
        let moment = |at: Timestamp| at.to_string().trim_end_matches('Z').to_owned();
        let five_minutes = Duration::from_mins(5);
        // The longer names first.
        [
            ("@REQUEST", REQUEST.to_owned()),
            ("@RESPONSE", RESPONSE_ID.to_owned()),
            ("@ASSERTION", ASSERTION_ID.to_owned()),
            ("@TOMORROW", moment(NOW.plus(days(1)))),
            ("@BEFORE", moment(NOW.minus(five_minutes))),
            ("@UNTIL", moment(NOW.plus(five_minutes))),
            ("@NOW", moment(NOW)),
            ("@ACS", ACS.to_owned()),
            ("@IDP", IDP.to_owned()),
            ("@SP", SP.to_owned()),
        ]
        .iter()
        .fold(self.message.trim_end().to_owned(), |message, (name, value)| message.replace(name, value))
    }

    fn sign(&self, xml: &str) -> String {
        let profile = SignatureProfile { inclusive_prefixes: self.prefixes.map(str::to_owned), ..self.key.profile() };
        self.sign_with(xml, self.key, &profile)
    }

    fn sign_with(&self, xml: &str, key: &SigningKey, profile: &SignatureProfile) -> String {
        let ids: &[&str] = match self.signed {
            Signed::Assertion => &[ASSERTION_ID],
            Signed::Response => &[RESPONSE_ID],
            Signed::Both => &[ASSERTION_ID, RESPONSE_ID],
            Signed::Nothing => &[],
        };
        ids.iter().fold(xml.to_owned(), |xml, id| key.sign_element(&xml, id, profile).unwrap())
    }

    fn mapping(&self) -> Mapping {
        let subject = self.immutable.map(|(name, _)| SubjectSource::Attribute(name.to_owned())).unwrap_or_default();
        Mapping { preset: self.preset, subject, ..Mapping::default() }
    }
}

/// What each product sends, with the certificate that verifies it.
pub(crate) fn messages() -> Vec<(String, String, Vec<u8>)> {
    let message = |product: Product| {
        (format!("{:?}", product.preset), product.sign(&product.written()), product.key.certificate_der().to_vec())
    };
    products().map(message).to_vec()
}

/// A connection that trusts three certificates, that of the product last.
fn judge(product: &Product, xml: &str) -> Verdict {
    let others = [&*STRANGER, if product.key.certificate_der() == RSA.certificate_der() { &EC } else { &RSA }];
    let trusted = trusting(&[others[0], others[1], product.key]);
    validate(&saml_response_value(xml), &Expectation { trusted: &trusted, ..expectation() })
}

#[track_caller]
fn assert_ada(identity: &NormalisedIdentity, preset: Preset) {
    assert_eq!(identity.email.as_deref(), Some(ADA), "{preset:?}");
    assert_eq!(identity.given_name.as_deref(), Some("Ada"), "{preset:?}");
    assert_eq!(identity.family_name.as_deref(), Some("Lovelace"), "{preset:?}");
    assert_eq!(identity.name.as_deref(), Some("Ada Lovelace"), "{preset:?}");
    assert_eq!(identity.groups, ["staff", "admins"], "{preset:?}");
    assert!(identity.ambiguous.is_empty() && identity.oversized.is_empty() && !identity.groups_truncated, "{preset:?}");
}

#[test]
fn what_each_product_sends_is_accepted_and_means_the_same() {
    for product in products() {
        let assertion = accept(judge(&product, &product.sign(&product.written())));
        let identity = normalise(&assertion, &product.mapping());
        assert_ada(&identity, product.preset);
        let subject = identity.subject.unwrap();
        match product.immutable {
            Some((name, value)) => assert_eq!(
                subject,
                SubjectId::Attribute { name: name.to_owned(), value: value.to_owned() },
                "{:?}",
                product.preset
            ),
            None => assert_eq!(subject, SubjectId::NameId(assertion.subject), "{:?}", product.preset),
        }
        let subject = product.immutable.map(|(name, _)| name);
        let others: Vec<&str> = product.unmapped.iter().copied().filter(|name| Some(*name) != subject).collect();
        assert_eq!(identity.unmapped, others, "{:?}", product.preset);
    }
}

#[test]
fn the_usual_names_are_enough_for_most_products() {
    for product in products() {
        let assertion = accept(judge(&product, &product.sign(&product.written())));
        let identity = normalise(&assertion, &Mapping::default());
        // Keycloak's OID of the address and its name for groups are nobody else's.
        if product.preset == Preset::Keycloak {
            assert_eq!((identity.email.as_deref(), identity.groups.len()), (Some(ADA), 0));
        } else {
            assert_ada(&identity, product.preset);
        }
    }
}

#[test]
fn each_shape_is_accepted_with_every_key_and_every_place_of_the_signature() {
    for product in products() {
        for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
            for (key, algorithm) in [
                (&*RSA, SignatureAlgorithm::RsaSha256),
                (&*RSA, SignatureAlgorithm::RsaSha512),
                (&*RSA, SignatureAlgorithm::RsaPssSha256),
                (&*EC, SignatureAlgorithm::EcdsaSha256),
            ] {
                let product = Product { signed, ..product };
                let profile = SignatureProfile { key_info: KeyInfo::Omit, ..SignatureProfile::new(algorithm) };
                let xml = product.sign_with(&product.written(), key, &profile);
                let assertion = accept(judge(&product, &xml));
                assert_ada(&normalise(&assertion, &product.mapping()), product.preset);
            }
        }
    }
}

#[test]
fn one_changed_letter_in_any_shape_is_noticed() {
    for product in products() {
        let xml = product.sign(&product.written());
        let changed = xml.replacen(">Ada<", ">Eda<", 1);
        assert_ne!(changed, xml);
        refuse("changed", &judge(&product, &changed), Refusal::SignatureInvalid);
        // A sample shows what it claims all the same.
        let sample = Sample::read(&saml_response_value(&changed)).unwrap();
        assert_eq!(sample.normalise(&product.mapping()).given_name.as_deref(), Some("Eda"));
    }
}

fn shibboleth() -> Product {
    products().into_iter().find(|product| product.preset == Preset::Shibboleth).unwrap()
}

/// The identity provider itself says so.
fn says(change: impl FnOnce(String) -> String) -> Verdict {
    let product = shibboleth();
    judge(&product, &product.sign(&change(product.written())))
}

fn by(name: &str) -> Mapping {
    Mapping { subject: SubjectSource::Attribute(name.to_owned()), ..shibboleth().mapping() }
}

#[test]
fn a_name_id_in_a_value_may_be_the_subject_with_its_qualifiers() {
    let assertion = accept(says(|xml| xml));
    let identity = normalise(&assertion, &by(TARGETED_ID));
    let Ok(SubjectId::NameIdAttribute { name, value }) = identity.subject else { panic!("{:?}", identity.subject) };
    assert_eq!((name.as_str(), value.value.as_str()), (TARGETED_ID, "9b0a1c2d3e4f"));
    assert_eq!((value.name_qualifier.as_deref(), value.sp_name_qualifier.as_deref()), (Some(IDP), Some(SP)));
    assert_eq!(identity.unusable, Vec::<String>::new(), "the subject is of use");
    assert_eq!(normalise(&assertion, &by(SUBJECT_ID)).unusable, [TARGETED_ID]);
    assert_eq!(normalise(&assertion, &by("mail")).subject, Err(SubjectFault::Missing), "a FriendlyName names nobody");
    let nobody = normalise(&assertion, &Mapping::default());
    assert_eq!(nobody.subject, Err(SubjectFault::Transient));
}

#[test]
fn a_transient_name_id_in_a_value_recognises_nobody() {
    let verdict = says(|xml| {
        let at = xml.rfind("nameid-format:persistent").unwrap();
        format!("{}nameid-format:transient{}", &xml[..at], &xml[at + "nameid-format:persistent".len()..])
    });
    assert_eq!(normalise(&accept(verdict), &by(TARGETED_ID)).subject, Err(SubjectFault::Transient));
}

#[test]
fn one_changed_byte_in_any_shape_never_makes_another_identity() {
    for product in products() {
        let xml = product.sign(&product.written());
        let genuine = accept(judge(&product, &xml));
        for at in (0..xml.len()).step_by(29) {
            let mut bytes = xml.clone().into_bytes();
            bytes[at] ^= 1;
            let accepted = String::from_utf8(bytes).ok().and_then(|xml| judge(&product, &xml).outcome.ok());
            assert!(accepted.is_none_or(|accepted| accepted == genuine), "{:?}, byte {at}", product.preset);
        }
    }
}

#[test]
fn other_xml_in_a_value_is_unusable_and_harms_nothing_else() {
    let open = "<saml2:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"";
    for (what, inside) in [
        ("another element", "<x:y xmlns:x=\"urn:x\">9b0a</x:y>"),
        ("deep elements", "<x:y xmlns:x=\"urn:x\"><x:z><saml2:NameID>9b0a</saml2:NameID></x:z></x:y>"),
        ("two NameIDs", "<saml2:NameID>9b0a</saml2:NameID><saml2:NameID>9b0a</saml2:NameID>"),
        ("an empty NameID", "<saml2:NameID/>"),
        ("a blank NameID", "<saml2:NameID> </saml2:NameID>"),
        ("an element in the NameID", "<saml2:NameID>9b<b/>0a</saml2:NameID>"),
        ("a NameID in another namespace", "<NameID xmlns=\"urn:x\">9b0a</NameID>"),
        ("a NameID that is too long", &format!("<saml2:NameID>{}</saml2:NameID>", "x".repeat(1025))),
    ] {
        let verdict = says(|xml| {
            let at = xml.find(&format!("{open} NameQualifier=\"{IDP}\" SPNameQualifier=\"{SP}\">9b0a")).unwrap();
            let end = at + xml[at..].find("</saml2:NameID>").unwrap() + "</saml2:NameID>".len();
            format!("{}{inside}{}", &xml[..at], &xml[end..])
        });
        let assertion = accept(verdict);
        let mapped = normalise(&assertion, &shibboleth().mapping());
        assert_ada(&mapped, Preset::Shibboleth);
        assert_eq!(mapped.unusable, [TARGETED_ID], "{what}");
        assert_eq!(normalise(&assertion, &by(TARGETED_ID)).subject, Err(SubjectFault::Unusable), "{what}");
    }
}

#[test]
fn an_unusable_value_takes_its_claim_away_and_groups_only_lose_it() {
    let odd = "<saml2:AttributeValue><saml2:NameID>eve@acme.test</saml2:NameID></saml2:AttributeValue>";
    let email = accept(says(|xml| {
        let value = format!("xsi:type=\"xsd:string\">{ADA}</saml2:AttributeValue>");
        replace(&xml, &value, &format!("{value}{odd}"))
    }));
    let identity = normalise(&email, &shibboleth().mapping());
    assert_eq!((identity.email, identity.ambiguous.as_slice()), (None, &[Claim::Email][..]));
    let groups = accept(says(|xml| {
        let value = "<saml2:AttributeValue>staff</saml2:AttributeValue>";
        replace(&xml, value, &format!("{value}{odd}"))
    }));
    let identity = normalise(&groups, &shibboleth().mapping());
    assert_eq!((identity.groups.len(), identity.unusable.len()), (2, 2));
}

#[test]
fn a_value_that_readers_may_read_in_two_ways_refuses_the_message() {
    let forbidden = Refusal::ValueForbiddenContent;
    for (inside, refusal) in [
        ("9b0a<x:y xmlns:x=\"urn:x\"/>", forbidden),
        ("<x:y xmlns:x=\"urn:x\"/>9b0a", forbidden),
        ("<x:y xmlns:x=\"urn:x\"><!-- --></x:y>", forbidden),
        ("<x:y xmlns:x=\"urn:x\"><x:z>9b<?a b?>0a</x:z></x:y>", forbidden),
        ("<!-- --><saml2:NameID>9b0a</saml2:NameID>", forbidden),
        ("<saml2:NameID>9b<!-- -->0a</saml2:NameID>", forbidden),
    ] {
        let value = format!("<saml2:AttributeValue>{inside}</saml2:AttributeValue>");
        let staff = "<saml2:AttributeValue>staff</saml2:AttributeValue>";
        refuse(inside, &says(|xml| replace(&xml, staff, &value)), refusal);
    }
    let nil = "xsi:nil=\"true\"/>";
    for inside in ["9b0a", "<!-- -->", "<x:y xmlns:x=\"urn:x\"/>"] {
        let filled = format!("xsi:nil=\"true\">{inside}</saml2:AttributeValue>");
        refuse(inside, &says(|xml| replace(&xml, nil, &filled)), forbidden);
    }
}

#[test]
fn nothing_of_the_protocol_hides_in_a_value() {
    let staff = "<saml2:AttributeValue>staff</saml2:AttributeValue>";
    let assertion = "<saml2:Assertion ID=\"_x\" Version=\"2.0\"><saml2:Issuer>x</saml2:Issuer></saml2:Assertion>";
    let signature = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>";
    for (inside, refusal) in [
        (assertion.to_owned(), Refusal::AssertionNotSingle),
        (format!("<x:y xmlns:x=\"urn:x\">{assertion}</x:y>"), Refusal::AssertionNotSingle),
        (signature.to_owned(), Refusal::SignatureMisplaced),
        (format!("<x:y xmlns:x=\"urn:x\" ID=\"{ASSERTION_ID}\"/>"), Refusal::IdNotUnique),
    ] {
        let value = format!("<saml2:AttributeValue>{inside}</saml2:AttributeValue>");
        let product = shibboleth();
        let signed = product.sign(&product.written());
        refuse(&inside, &judge(&product, &replace(&signed, staff, &value)), refusal);
    }
}

#[test]
fn groups_that_are_only_linked_are_known_to_be_incomplete() {
    let product = products().into_iter().next().unwrap();
    let groups = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
    let xml = replace(
        &product.written(),
        &format!("Name=\"{groups}\""),
        "Name=\"http://schemas.microsoft.com/claims/groups.link\"",
    );
    let identity = normalise(&accept(judge(&product, &product.sign(&xml))), &product.mapping());
    assert_eq!((identity.groups.len(), identity.groups_truncated), (0, true));
    let odd = validate_xml(&product.written(), &expectation());
    refuse("not signed at all", &odd, Refusal::SignatureMissing);
}
