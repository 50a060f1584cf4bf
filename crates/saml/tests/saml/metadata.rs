//! What is taken from an identity provider's metadata, and what is not taken at all.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_kernel::{Explain, Kind, Timestamp};
use vestibule_saml::{
    Binding, Certificate, CertificateError, Fingerprint, IdentityProviderMetadata, KeyAlgorithm, MetadataError,
    TrustedCertificates, limit,
};

use crate::support::{EC, IDP, NOW, RSA, SP, days, element, provider, replace};

/// An RSA key with 1,024 bits.
const WEAK: &str = "\
    MIICGDCCAYGgAwIBAgIUGECS7ycQhm1fM/1qCU3qCSHsDIswDQYJKoZIhvcNAQELBQAwHTEbMBkGA1UEAwwSd2Vhay5pZHAuYWNt\
    ZS50ZXN0MCAXDTI2MTEyMTA4MTIzMloYDzIxMjYxMDI4MDgxMjMyWjAdMRswGQYDVQQDDBJ3ZWFrLmlkcC5hY21lLnRlc3QwgZ8w\
    DQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAJlWnKaiP9bF3miPdT4K+Ne+iBwf/+qW4ZO+giz4WvSV49/cZqg+MYhOYR90fKkXvbj5\
    Yc7/PJ1xQ3eN4/Kli8Ud7v2VybCsP32TDwN9TssSLjO1BjsNlM7vZb8y4bRATF5Ui6D6VPGTdnumT2YvSCWam+djO2bfYUZ6cmq0\
    bS2PAgMBAAGjUzBRMB0GA1UdDgQWBBTiQ9C/pR4QaBsCRFLZI8Vk/mABEjAfBgNVHSMEGDAWgBTiQ9C/pR4QaBsCRFLZI8Vk/mAB\
    EjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAAZko1JO3giqRgJsm9N6v9qojLPQ4G0Tktzp+8CIT9JFrRfSNPiK\
    UEeJpl9xrmHFkBq6TSbk02i8DROh9CvtTnN3ck9n26Y7NOBaL6ds5Qc+7RMmrS/CktAcBhumvEWC5jy7zDTqkfTTNqEX9hIPh0/h\
    SzTXMYtKQYdyRz3tjT2I";

/// An Ed25519 key, for which XML Signature as SAML uses it has no algorithm.
const EDWARDS: &str = "\
    MIIBTDCB/6ADAgECAhRc0w2cfXxeaoDsIyH+b8DPOkLCXjAFBgMrZXAwGzEZMBcGA1UEAwwQZWQuaWRwLmFjbWUudGVzdDAgFw0y\
    NjExMjEwODEyMzJaGA8yMTI2MTAyODA4MTIzMlowGzEZMBcGA1UEAwwQZWQuaWRwLmFjbWUudGVzdDAqMAUGAytlcAMhAPhN5dZ2\
    Po6Bs2u5MLdkbHT0JyP6gNBxpwH/MOoZcjZOo1MwUTAdBgNVHQ4EFgQUhpyD8+2wSzdKGL0x5LK3eb45wzwwHwYDVR0jBBgwFoAU\
    hpyD8+2wSzdKGL0x5LK3eb45wzwwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQCDQ3ACoETfkN2rODGxv27JoFXI6G5KI8o/M4A0\
    OwnxogQV7PYsTT/Xc8kgWLm4DJvRapT6cXhjPp0wMrhd1eQB";

fn genuine() -> String {
    provider(&RSA).publishing(EC.certificate_der()).metadata_xml()
}

fn parse(xml: &str) -> Result<IdentityProviderMetadata, MetadataError> {
    IdentityProviderMetadata::parse(xml.as_bytes())
}

#[test]
fn everything_that_signing_in_needs_is_read() {
    let metadata = parse(&genuine()).unwrap();
    assert_eq!(metadata.entity_id, IDP);
    let bindings: Vec<_> = metadata.single_sign_on_services.iter().map(|service| service.binding).collect();
    assert_eq!(bindings, [Binding::HttpRedirect, Binding::HttpPost]);
    let redirect = metadata.single_sign_on_service(Binding::HttpRedirect).unwrap();
    assert_eq!(redirect.location.as_str(), "https://idp.acme.test/sso");
    assert_eq!(metadata.name_id_formats.len(), 2);
    assert_eq!((metadata.valid_until, metadata.want_authn_requests_signed), (None, false));
    let [elliptic, rsa] = metadata.certificates.as_slice() else { panic!("{metadata:?}") };
    assert_eq!((elliptic.key_algorithm(), elliptic.key_bits()), (KeyAlgorithm::EcP256, 256));
    assert_eq!((rsa.key_algorithm(), rsa.key_bits()), (KeyAlgorithm::Rsa, 2048));
    assert_eq!(rsa.der(), RSA.certificate_der());
    assert_eq!(rsa.fingerprint(), Fingerprint::of(RSA.certificate_der()));
    assert_eq!((rsa.subject(), rsa.issuer()), ("CN=idp.acme.test", "CN=idp.acme.test"));
    assert_eq!((rsa.not_before(), rsa.not_after()), (NOW.minus(days(30)), NOW.plus(days(365))));
    assert!(rsa.is_valid_at(NOW) && !rsa.is_valid_at(NOW.plus(days(366))) && !rsa.is_valid_at(Timestamp::EPOCH));
}

#[test]
fn files_come_with_a_mark_line_breaks_and_a_wrapper() {
    let expected = parse(&genuine()).unwrap();
    assert_eq!(parse(&format!("\u{feff}{}", genuine())).unwrap(), expected);
    let base64 = STANDARD.encode(RSA.certificate_der());
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let broken = replace(&genuine(), &base64, &format!("\n    {}\r\n  ", lines.join("\r\n    ")));
    assert_eq!(parse(&broken).unwrap(), expected);
    let entity = element(&genuine(), "md:EntityDescriptor").to_owned();
    let wrapped = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2027-02-01T00:00:00Z\">\
         <md:EntityDescriptor entityID=\"{SP}\"><md:SPSSODescriptor protocolSupportEnumeration=\"x\"/>\
         </md:EntityDescriptor>{entity}</md:EntitiesDescriptor>"
    );
    let metadata = parse(&wrapped).unwrap();
    assert_eq!(metadata.entity_id, IDP);
    assert_eq!(metadata.valid_until.unwrap().to_string(), "2027-02-01T00:00:00Z");
    let earlier = wrapped
        .replace(&format!("entityID=\"{IDP}\""), &format!("entityID=\"{IDP}\" validUntil=\"2027-01-20T00:00:00Z\""));
    assert_eq!(parse(&earlier).unwrap().valid_until.unwrap().to_string(), "2027-01-20T00:00:00Z");
    let armoured = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    assert_eq!(Certificate::from_base64(&armoured).unwrap(), expected.certificates[1]);
}

#[test]
fn keys_for_encryption_are_left_alone_and_the_same_certificate_counts_once() {
    let xml = genuine();
    let both = xml.replace(" use=\"signing\"", "");
    assert_eq!(parse(&both).unwrap().certificates.len(), 2);
    let encryption = xml.replacen("use=\"signing\"", "use=\"encryption\"", 1);
    assert_eq!(parse(&encryption).unwrap().certificates, [Certificate::from_der(RSA.certificate_der()).unwrap()]);
    let descriptor = element(&xml, "md:KeyDescriptor");
    assert_eq!(parse(&replace(&xml, descriptor, &descriptor.repeat(40))).unwrap().certificates.len(), 2);
    let unusable =
        xml.replacen("use=\"signing\"", "use=\"encryption\"", 1).replace(&STANDARD.encode(EC.certificate_der()), WEAK);
    assert_eq!(parse(&unusable).unwrap().certificates.len(), 1);
}

#[test]
fn endpoints_are_https_or_this_machine() {
    let at = |location: &str| parse(&genuine().replace("https://idp.acme.test/sso", location));
    for good in [
        "https://idp.acme.test:8443/a/b?c=d",
        "http://localhost:8080/sso",
        "http://127.0.0.1/sso",
        "http://[::1]:1/",
        "http://idp.localhost:3000/sso",
    ] {
        assert!(at(good).is_ok(), "{good}");
    }
    for bad in [
        "http://idp.acme.test/sso",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/hostname",
        "ftp://idp.acme.test/",
        "/sso",
        "",
        "https://",
        "https://u:p@idp.acme.test/",
        "https://idp.acme.test/#x",
        &format!("https://idp.acme.test/{}", "a".repeat(2048)),
    ] {
        assert_eq!(at(bad).unwrap_err(), MetadataError::LocationInvalid, "{bad}");
    }
    let other_binding = genuine().replace("bindings:HTTP-Redirect", "bindings:SOAP");
    assert_eq!(parse(&other_binding).unwrap().single_sign_on_services.len(), 1);
    let none = other_binding.replace("bindings:HTTP-POST", "bindings:HTTP-Artifact");
    assert_eq!(parse(&none).unwrap_err(), MetadataError::NoSingleSignOnService);
}

#[test]
fn certificates_that_cannot_be_trusted_are_refused() {
    let with = |certificate: &str| parse(&genuine().replace(&STANDARD.encode(RSA.certificate_der()), certificate));
    let cases = [
        (WEAK, CertificateError::KeyTooWeak, "CERTIFICATE_KEY_TOO_WEAK"),
        (EDWARDS, CertificateError::KeyUnsupported, "CERTIFICATE_KEY_UNSUPPORTED"),
        ("MIIB", CertificateError::Malformed, "CERTIFICATE_MALFORMED"),
        ("", CertificateError::Malformed, "CERTIFICATE_MALFORMED"),
        ("not base64", CertificateError::Base64, "CERTIFICATE_MALFORMED"),
    ];
    for (certificate, expected, reason) in cases {
        let error = with(certificate).unwrap_err();
        assert_eq!(error, MetadataError::Certificate(expected), "{reason}");
        let explanation = error.explain();
        assert_eq!((explanation.kind, explanation.reason), (Kind::Invalid, reason));
        assert_eq!(explanation.violations[0].field, "metadata_xml");
    }
    let trailing = [RSA.certificate_der(), b"x"].concat();
    assert_eq!(Certificate::from_der(&trailing).unwrap_err(), CertificateError::Malformed);
    assert_eq!(
        Certificate::from_der(&vec![0; limit::CERTIFICATE_BYTES_MAX + 1]).unwrap_err(),
        CertificateError::TooLarge
    );
}

#[test]
fn a_key_that_verifies_nothing_spoils_no_others() {
    let genuine_key = Certificate::from_der(EC.certificate_der()).unwrap().public_key_der().to_vec();
    let mut der = EC.certificate_der().to_vec();
    let at = der.windows(genuine_key.len()).position(|window| window == genuine_key).unwrap();
    // The second number of a point: with another one it does not lie on the curve.
    der[at + genuine_key.len() - 1] ^= 1;
    let certificate = Certificate::from_der(&der).unwrap();
    let genuine_one = Certificate::from_der(RSA.certificate_der()).unwrap();
    assert!(TrustedCertificates::new([genuine_one, certificate]).is_err());
    let named = genuine().replace(&STANDARD.encode(EC.certificate_der()), &STANDARD.encode(&der));
    assert_eq!(parse(&named).unwrap_err(), MetadataError::Certificate(CertificateError::KeyUnsupported));
}

#[test]
fn what_is_no_metadata_of_one_identity_provider_is_refused() {
    let xml = genuine();
    let role = element(&xml, "md:IDPSSODescriptor");
    let entity = element(&xml, "md:EntityDescriptor");
    let several = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{entity}{entity}</md:EntitiesDescriptor>"
    );
    let keys =
        xml.find("<md:KeyDescriptor").unwrap()..xml.rfind("</md:KeyDescriptor>").unwrap() + "</md:KeyDescriptor>".len();
    let without_keys = format!("{}{}", &xml[..keys.start], &xml[keys.end..]);
    let cases = [
        ("a page", "<html/>".to_owned(), "METADATA_NOT_SAML"),
        (
            "a service provider",
            xml.replace("IDPSSODescriptor", "SPSSODescriptor"),
            "METADATA_WITHOUT_IDENTITY_PROVIDER",
        ),
        ("SAML 1.1", xml.replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "METADATA_WITHOUT_IDENTITY_PROVIDER"),
        ("two roles", replace(&xml, role, &role.repeat(2)), "METADATA_WITH_SEVERAL_IDENTITY_PROVIDERS"),
        ("two entities", several, "METADATA_WITH_SEVERAL_IDENTITY_PROVIDERS"),
        ("no entity id", replace(&xml, &format!(" entityID=\"{IDP}\""), ""), "METADATA_WITHOUT_ENTITY_ID"),
        ("an empty one", replace(&xml, &format!("entityID=\"{IDP}\""), "entityID=\" \""), "METADATA_WITHOUT_ENTITY_ID"),
        (
            "a long one",
            replace(&xml, &format!("entityID=\"{IDP}\""), &format!("entityID=\"{}\"", "a".repeat(1025))),
            "METADATA_ENTITY_ID_TOO_LONG",
        ),
        ("no certificate", without_keys, "METADATA_WITHOUT_SIGNING_CERTIFICATE"),
        ("validUntil", xml.replace(" entityID", " validUntil=\"soon\" entityID"), "METADATA_VALID_UNTIL_MALFORMED"),
        (
            "a DTD",
            xml.replace("<md:EntityDescriptor", "<!DOCTYPE a [<!ENTITY b \"c\">]><md:EntityDescriptor"),
            "METADATA_DOCTYPE_FORBIDDEN",
        ),
        ("cut off", xml[..xml.len() - 5].to_owned(), "METADATA_MALFORMED"),
        ("nothing", String::new(), "METADATA_MALFORMED"),
        ("too deep", format!("{}{}", "<a>".repeat(60), "</a>".repeat(60)), "METADATA_TOO_COMPLEX"),
        ("too large", format!("{xml}{}", " ".repeat(limit::METADATA_BYTES_MAX)), "METADATA_TOO_LARGE"),
    ];
    for (case, odd, reason) in cases {
        assert_eq!(parse(&odd).unwrap_err().explain().reason, reason, "{case}");
    }
    assert_eq!(IdentityProviderMetadata::parse(b"<a>\xff</a>").unwrap_err(), MetadataError::Malformed);
}

#[test]
fn metadata_may_declare_a_namespace_at_each_claim() {
    let claims = |count| {
        let claim = "<auth:ClaimType Uri=\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name\" Optional=\"true\" \
            xmlns:auth=\"http://docs.oasis-open.org/wsfed/authorization/200706\"/>";
        let offered = claim.repeat(count);
        replace(
            &genuine(),
            "<md:IDPSSODescriptor",
            &format!("<md:Extensions>{offered}</md:Extensions><md:IDPSSODescriptor"),
        )
    };
    assert!(parse(&claims(3000)).is_ok());
    let nested = "<a xmlns:m=\"urn:m\" xmlns:n=\"urn:n\">".repeat(32) + &"</a>".repeat(32);
    let nested = format!("<md:Extensions>{nested}</md:Extensions><md:IDPSSODescriptor");
    let nested = replace(&genuine(), "<md:IDPSSODescriptor", &nested);
    assert_eq!(parse(&nested).unwrap_err(), MetadataError::TooComplex);
}

#[test]
fn too_many_certificates_are_refused() {
    let keys = (0..=limit::CERTIFICATES_MAX).map(|_| {
        vestibule_saml_idp::SigningKey::generate(vestibule_saml_idp::KeyType::EcP256, "many", NOW, NOW.plus(days(1)))
            .unwrap()
    });
    let many = keys.fold(provider(&RSA), |idp, key| idp.publishing(key.certificate_der()));
    assert_eq!(parse(&many.metadata_xml()).unwrap_err(), MetadataError::TooManyCertificates);
}

#[test]
fn a_fingerprint_survives_its_text_form() {
    let fingerprint = Fingerprint::of(RSA.certificate_der());
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    let json = serde_json::to_string(&fingerprint).unwrap();
    assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
    assert!("abc".parse::<Fingerprint>().is_err());
}

#[test]
fn where_logout_messages_go_is_read() {
    assert!(parse(&genuine()).unwrap().single_logout_services.is_empty());
    let with = provider(&RSA).with_logout("https://idp.acme.test/slo").metadata_xml();
    let services = parse(&with).unwrap().single_logout_services;
    let found: Vec<_> = services
        .iter()
        .map(|service| (service.binding, service.location.as_str(), &service.response_location))
        .collect();
    let slo = "https://idp.acme.test/slo";
    assert_eq!(found, [(Binding::HttpRedirect, slo, &None), (Binding::HttpPost, slo, &None)]);

    let service = |binding: &str, rest: &str| {
        let binding = format!("urn:oasis:names:tc:SAML:2.0:bindings:{binding}");
        format!("<md:SingleLogoutService Binding=\"{binding}\" Location=\"https://idp.acme.test/{rest}/>")
    };
    let among = |services: &str| {
        let before = "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"";
        parse(&replace(&genuine(), before, &format!("{services}{before}")))
    };
    let several = [
        service("SOAP", "soap\""),
        service("HTTP-POST", "first\" ResponseLocation=\"https://idp.acme.test/done\""),
        service("HTTP-POST", "second\""),
    ];
    let services = among(&several.concat()).unwrap().single_logout_services;
    assert_eq!(services.len(), 1, "the first of each binding that is spoken here");
    assert_eq!(services[0].location.as_str(), "https://idp.acme.test/first");
    assert_eq!(services[0].response_location.as_ref().map(url::Url::as_str), Some("https://idp.acme.test/done"));
    for location in ["http://idp.acme.test/slo", "javascript:alert(1)", ""] {
        let bent = |xml: &str| xml.replace("https://idp.acme.test/first", location);
        assert_eq!(among(&bent(&several[1])), Err(MetadataError::LocationInvalid), "{location}");
    }
    let elsewhere = several[1].replace("https://idp.acme.test/done", "http://idp.acme.test/done");
    assert_eq!(among(&elsewhere), Err(MetadataError::LocationInvalid));
}
