//! What identity providers encrypt is read like what they do not.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml::{
    Assertion, Certificate, CheckName, CheckStatus, Credential, DecryptionKeys, Expectation, Refusal,
    TrustedCertificates, Verdict, validate_xml,
};
use vestibule_saml_idp::{ContentCipher, EncryptionTerms, Encrypts, KeyPlacement, KeyTransport, Signed};

use crate::{
    corpus,
    support::{
        ADA, OURS, RSA, accept, ada, element, encrypted_for, encryption, expectation, genuine, judge, other_credential,
        provider, replace, signed_after, terms,
    },
};

fn encrypted(signed: Signed, change: impl FnOnce(&mut EncryptionTerms)) -> String {
    let mut encryption = encryption();
    change(&mut encryption);
    provider(&RSA).respond(&ada(), &terms().signed(signed).encrypted(encryption)).unwrap()
}

fn plain(signed: Signed) -> Assertion {
    accept(judge(&genuine(signed)))
}

#[test]
fn whatever_is_signed_and_however_it_is_encrypted_the_same_is_read() {
    let gcm = [ContentCipher::Aes128Gcm, ContentCipher::Aes192Gcm, ContentCipher::Aes256Gcm];
    for cipher in gcm {
        for transport in [KeyTransport::OaepMgf1p, KeyTransport::OaepSha1, KeyTransport::OaepSha256] {
            for placement in [KeyPlacement::Inside, KeyPlacement::Beside] {
                for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
                    let xml = encrypted(signed, |terms| {
                        (terms.cipher, terms.transport, terms.placement) = (cipher, transport, placement);
                    });
                    assert!(!xml.contains(ADA) && !xml.contains("<saml:Assertion"), "{xml}");
                    assert_eq!(accept(judge(&xml)), plain(signed), "{cipher:?} {transport:?} {placement:?} {signed:?}");
                }
            }
        }
    }
}

#[test]
fn cbc_is_read_inside_of_a_signed_response_only() {
    for cipher in [ContentCipher::Aes128Cbc, ContentCipher::Aes192Cbc, ContentCipher::Aes256Cbc] {
        for signed in [Signed::Response, Signed::Both] {
            let xml = encrypted(signed, |terms| terms.cipher = cipher);
            assert_eq!(accept(judge(&xml)), plain(signed), "{cipher:?}, {signed:?}");
            // The signature is verified before: another one is the reason, not what the ciphertext would open to.
            let id = terms().response_id;
            let changed = xml.replace(&id, "_other");
            assert_eq!(judge(&changed).outcome, Err(Refusal::SignatureInvalid));
        }
    }
}

#[test]
fn a_name_id_alone_or_inside_of_an_encrypted_assertion() {
    for encrypts in [Encrypts::NameId, Encrypts::Both] {
        for cipher in [ContentCipher::Aes256Gcm, ContentCipher::Aes128Cbc] {
            for signed in [Signed::Response, Signed::Both] {
                let xml = encrypted(signed, |terms| (terms.encrypts, terms.cipher) = (encrypts, cipher));
                let assertion = accept(judge(&xml));
                assert_eq!(assertion.subject, plain(Signed::Both).subject, "{encrypts:?} {cipher:?} {signed:?}");
            }
        }
    }
    // The Assertion's own signature covers the ciphertext of its NameID.
    accept(judge(&encrypted(Signed::Assertion, |terms| {
        (terms.encrypts, terms.cipher) = (Encrypts::NameId, ContentCipher::Aes128Cbc);
    })));
}

#[test]
fn an_attribute_that_is_encrypted_by_itself_is_left_out_with_a_warning() {
    let encrypted = encryption().encrypt("EncryptedAttribute", "<a/>").unwrap();
    let xml = signed_after(Signed::Assertion, |xml| {
        replace(&xml, "</saml:AttributeStatement>", &format!("{encrypted}</saml:AttributeStatement>"))
    });
    let verdict = judge(&xml);
    let attributes = verdict.checks.iter().find(|check| check.name == CheckName::Attributes).unwrap();
    assert_eq!(attributes.status, CheckStatus::Warned);
    assert!(attributes.found.ends_with("1 encrypted ones are not read"), "{}", attributes.found);
    assert_eq!(accept(verdict).attributes, plain(Signed::Assertion).attributes);
}

#[test]
fn during_a_rotation_both_keys_open() {
    let (old, new) = (&*OURS, other_credential());
    for credentials in [vec![new, old], vec![old, new]] {
        let keys = DecryptionKeys::new(credentials).unwrap();
        let expectation = Expectation { decryption: Some(&keys), encryption_required: true, ..expectation() };
        for credential in [old, new] {
            accept(validate_xml(&encrypted_for(credential, Signed::Assertion), &expectation));
        }
    }
    // More keys than two would be more work for whoever sends anything: the ones before are retired.
    let third = Credential::generate("acme", expectation().now, expectation().now).unwrap();
    let keys = DecryptionKeys::new([&third, new, old]).unwrap();
    let expectation = Expectation { decryption: Some(&keys), ..expectation() };
    let verdict = validate_xml(&encrypted_for(old, Signed::Assertion), &expectation);
    assert_eq!(verdict.outcome, Err(Refusal::DecryptionFailed));
}

#[test]
fn a_message_for_several_recipients_opens_with_whichever_key_is_ours() {
    let ours = encrypted(Signed::Assertion, |_| {});
    let theirs = encrypted_for(other_credential(), Signed::Assertion);
    let (our_key, their_key) = (element(&ours, "xenc:EncryptedKey"), element(&theirs, "xenc:EncryptedKey"));
    for both in [format!("{their_key}{our_key}"), format!("{our_key}{their_key}")] {
        accept(judge(&ours.replace(our_key, &both)));
    }
    // What names the recipient is a hint that nothing follows.
    accept(judge(&ours.replace("<xenc:EncryptedKey ", "<xenc:EncryptedKey Recipient=\"https://someone.else.test\" ")));
}

/// No outsider learns from the answer what was wrong with a ciphertext.
#[test]
fn every_failure_of_decryption_is_the_same_in_every_word() {
    let cases: Vec<_> = corpus::corpus().into_iter().filter(|case| case.refusal == Refusal::DecryptionFailed).collect();
    assert!(cases.len() > 30, "{} cases", cases.len());
    let mut told: Option<String> = None;
    for case in cases {
        let verdict = vestibule_saml::validate(&case.value, &expectation());
        let failed = format!("{:?}", verdict.failed_check().unwrap());
        assert_eq!(told.get_or_insert_with(|| failed.clone()), &failed, "{}", case.name);
    }
}

#[test]
fn what_is_verified_is_handed_out_decrypted_when_its_own_signature_proves_it() {
    for signed in [Signed::Assertion, Signed::Both] {
        for placement in [KeyPlacement::Inside, KeyPlacement::Beside] {
            let verified = judge(&encrypted(signed, |terms| terms.placement = placement)).verified.unwrap();
            assert!(
                verified.document.contains(ADA) && !verified.document.contains("Encrypted"),
                "{}",
                verified.document
            );
            assert_eq!(verified.document.matches("<ds:Signature ").count(), 1);
            assert!(verified.document.starts_with("<saml:Assertion"), "{}", verified.document);
            assert_eq!(verified.signed_by.len(), 1);
        }
    }
    // The only signature covers the ciphertext, or the name is still one: another engine could not read it.
    for encrypts in [Encrypts::NameId, Encrypts::Both] {
        assert_eq!(judge(&encrypted(Signed::Assertion, |terms| terms.encrypts = encrypts)).verified, None);
    }
    assert_eq!(judge(&encrypted(Signed::Response, |_| {})).verified, None);
}

#[test]
fn the_checklist_of_an_encrypted_response_is_whole_and_tells_no_personal_value() {
    let verdict = judge(&encrypted(Signed::Both, |terms| terms.encrypts = Encrypts::Both));
    assert!(CheckName::ALL.iter().all(|name| verdict.checks.iter().any(|check| check.name == *name)));
    assert!(verdict.checks.iter().all(|check| check.status == CheckStatus::Passed), "{:?}", verdict.checks);
    let told = format!("{verdict:?}");
    assert!(!told.contains(ADA) && !told.contains("staff"), "{told}");
    assert!(format!("{:?}", expectation().decryption).contains(&OURS.certificate().fingerprint().to_string()));
}

#[test]
fn of_the_contexts_that_are_required_one_is_enough() {
    let contexts = ["TimeSyncToken", "PasswordProtectedTransport"];
    let contexts = contexts.map(|class| format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{class}"));
    accept(validate_xml(&genuine(Signed::Both), &Expectation { required_authn_context: &contexts, ..expectation() }));
}

/// What `xmlsec1 --encrypt` (1.2.37, OpenSSL) made of a Response: the key was made for this alone.
const KEPT: [&str; 6] = [
    include_str!("recorded/xmlsec1/aes128_gcm.xml"),
    include_str!("recorded/xmlsec1/aes192_gcm.xml"),
    include_str!("recorded/xmlsec1/aes256_gcm.xml"),
    include_str!("recorded/xmlsec1/aes128_cbc.xml"),
    include_str!("recorded/xmlsec1/aes192_cbc.xml"),
    include_str!("recorded/xmlsec1/aes256_cbc.xml"),
];

fn kept() -> Vec<Verdict> {
    let kept = STANDARD.decode(include_str!("recorded/xmlsec1/credential.base64")).unwrap();
    let credential = Credential::from_bytes(&kept.into()).unwrap();
    let keys = DecryptionKeys::new([&credential]).unwrap();
    let certificate = Certificate::from_base64(include_str!("recorded/xmlsec1/idp.base64")).unwrap();
    let trusted = TrustedCertificates::new([certificate]).unwrap();
    crate::second_opinion::remember(trusted.certificates());
    let expectation = Expectation { trusted: &trusted, decryption: Some(&keys), ..expectation() };
    KEPT.iter().map(|recorded| validate_xml(recorded, &expectation)).collect()
}

/// What is signed in what xmlsec1 encrypted, with the certificate that verifies it.
pub(crate) fn messages() -> Vec<(String, String, Vec<u8>)> {
    let certificate = Certificate::from_base64(include_str!("recorded/xmlsec1/idp.base64")).unwrap();
    let message = |(recorded, verdict): (&&str, Verdict)| {
        let document = verdict.verified.map_or_else(|| (*recorded).to_owned(), |verified| verified.document);
        ("encrypted by xmlsec1".to_owned(), document, certificate.der().to_vec())
    };
    KEPT.iter().zip(kept()).map(message).collect()
}

#[test]
fn what_xmlsec1_encrypts_is_read() {
    for verdict in kept() {
        assert_eq!(accept(verdict).subject.value, ADA);
    }
}
