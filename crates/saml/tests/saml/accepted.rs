use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml::{CheckName, CheckStatus, name_id_format, validate};
use vestibule_saml_idp::{Deviation, KeyInfo, SignatureProfile, Signed, Subject, saml_response_value};

use crate::support::{
    ACS, ADA, IDP, NOW, RSA, SP, accept, ada, expectation, genuine, judge, provider, signed_after, terms,
};

#[test]
fn a_signature_on_the_assertion_the_response_or_both() {
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        let assertion = accept(judge(&genuine(signed)));
        assert_eq!(assertion.id, terms().assertion_id, "{signed:?}");
        assert_eq!(assertion.issuer, IDP);
        assert_eq!(assertion.subject.value, ADA);
        assert_eq!(assertion.subject.format, name_id_format::EMAIL_ADDRESS);
        assert_eq!(assertion.session_index, Some(terms().session_index));
        assert_eq!((assertion.issue_instant, assertion.authn_instant), (NOW, NOW));
        assert_eq!(assertion.not_on_or_after, NOW.plus(terms().lifetime));
        assert!(assertion.authn_context.unwrap().ends_with("PasswordProtectedTransport"));
        assert_eq!(assertion.signed_by.to_string(), hex_sha256(RSA.certificate_der()));
        let names: Vec<_> = assertion.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        assert_eq!(names, ["email", "given_name", "groups"]);
        assert_eq!(assertion.attributes[2].values, ["staff", "admins"]);
    }
}

fn hex_sha256(der: &[u8]) -> String {
    vestibule_saml::Fingerprint::of(der).to_string()
}

#[test]
fn the_form_value_is_decoded_with_and_without_line_breaks() {
    let value = saml_response_value(&genuine(Signed::Assertion));
    accept(validate(&value, &expectation()));
    let lines: Vec<&str> = value.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
    accept(validate(&lines.join("\r\n"), &expectation()));
    let declared = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{}\n", genuine(Signed::Both));
    accept(validate(&STANDARD.encode(declared), &expectation()));
}

#[test]
fn a_signature_without_key_info_and_one_with_a_prefix_list() {
    let variants = [
        SignatureProfile { key_info: KeyInfo::Omit, ..RSA.profile() },
        SignatureProfile { inclusive_prefixes: Some("xs saml".to_owned()), ..RSA.profile() },
    ];
    for profile in variants {
        let xml = RSA.sign_element(&genuine(Signed::Nothing), &terms().assertion_id, &profile).unwrap();
        accept(judge(&xml));
    }
}

#[test]
fn every_check_is_listed_in_order_and_tells_no_personal_value() {
    let verdict = judge(&genuine(Signed::Both));
    let names: Vec<CheckName> = verdict.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, CheckName::ALL);
    assert!(verdict.checks.iter().all(|check| check.status == CheckStatus::Passed));
    let told = format!("{verdict:?}");
    for secret in [ADA, "\"Ada\"", "staff", "admins"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[test]
fn the_unsigned_shell_may_leave_out_destination_and_issuer() {
    let bare = terms().deviating(|odd| {
        odd.destination = Deviation::Omit;
        odd.response_issuer = Deviation::Omit;
    });
    accept(judge(&provider(&RSA).respond(&ada(), &bare).unwrap()));
}

#[test]
fn comments_between_elements_change_nothing() {
    let xml = genuine(Signed::Assertion).replace("<saml:Conditions", "<!-- between --><saml:Conditions");
    assert_eq!(accept(judge(&xml)), accept(judge(&genuine(Signed::Assertion))));
}

#[test]
fn cdata_and_references_are_read_whole() {
    let parts = "<![CDATA[ada@acme.test]]>.evil&#46;example";
    let xml = signed_after(Signed::Assertion, |xml| xml.replacen(&format!(">{ADA}<"), &format!(">{parts}<"), 1));
    assert_eq!(accept(judge(&xml)).subject.value, "ada@acme.test.evil.example");
    // Moving the boundary afterwards keeps the signature and the value.
    let moved = xml.replace(parts, "ada@acme<![CDATA[.test.evil.]]>example");
    assert_eq!(accept(judge(&moved)).subject.value, "ada@acme.test.evil.example");
}

#[test]
fn a_transient_name_id_is_accepted_with_a_warning() {
    let xml = provider(&RSA).respond(&Subject::transient("_t1"), &terms()).unwrap();
    let verdict = judge(&xml);
    let warned: Vec<_> = verdict.checks.iter().filter(|check| check.status == CheckStatus::Warned).collect();
    assert_eq!(warned.iter().map(|check| check.name).collect::<Vec<_>>(), [CheckName::SubjectNameId]);
    assert!(accept(verdict).subject.is_transient());
}

#[test]
fn of_several_bearer_confirmations_one_must_fit() {
    let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
        <saml:SubjectConfirmationData Recipient=\"https://elsewhere.example/acs\" \
        NotOnOrAfter=\"2099-01-01T00:00:00Z\"/></saml:SubjectConfirmation>";
    let xml = signed_after(Signed::Assertion, |xml| {
        xml.replacen("<saml:SubjectConfirmation ", &format!("{other}<saml:SubjectConfirmation "), 1)
    });
    accept(judge(&xml));
}

#[test]
fn qualifiers_of_the_name_id_are_kept() {
    let xml = signed_after(Signed::Assertion, |xml| {
        xml.replacen("<saml:NameID ", &format!("<saml:NameID NameQualifier=\"{IDP}\" SPNameQualifier=\"{SP}\" "), 1)
    });
    let subject = accept(judge(&xml)).subject;
    assert_eq!(subject.name_qualifier.as_deref(), Some(IDP));
    assert_eq!(subject.sp_name_qualifier.as_deref(), Some(SP));
    let none = signed_after(Signed::Assertion, |xml| {
        xml.replacen(" Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"", "", 1)
    });
    assert_eq!(accept(judge(&none)).subject.format, name_id_format::UNSPECIFIED);
}

#[test]
fn a_nil_value_is_no_value() {
    let nil = "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>";
    let xml =
        signed_after(Signed::Assertion, |xml| xml.replacen("<saml:AttributeValue>Ada</saml:AttributeValue>", nil, 1));
    assert_eq!(accept(judge(&xml)).attributes[1].values, Vec::<String>::new());
    assert!(xml.contains(ACS));
}
