//! Which certificates count, and which of them signed.

use vestibule_kernel::{Explain, Kind};
use vestibule_saml::{
    Certificate, CheckName, CheckStatus, Expectation, Fingerprint, Refusal, TrustError, TrustedCertificates,
    validate_xml,
};
use vestibule_saml_idp::{KeyType, Signed, SigningKey};

use crate::support::{EC, NOW, RSA, STRANGER, accept, ada, days, expectation, provider, refuse, terms, trusting};

#[test]
fn during_a_change_of_keys_both_sign_whichever_stands_first() {
    for keys in [[&*EC, &*RSA], [&*RSA, &*EC]] {
        let trusted = trusting(&keys);
        let expectation = Expectation { trusted: &trusted, ..expectation() };
        for key in keys {
            let xml = provider(key).respond(&ada(), &terms()).unwrap();
            let assertion = accept(validate_xml(&xml, &expectation));
            assert_eq!(assertion.signed_by, Fingerprint::of(key.certificate_der()));
        }
        let foreign = provider(&STRANGER).respond(&ada(), &terms()).unwrap();
        let verdict = validate_xml(&foreign, &expectation);
        refuse("neither", &verdict, Refusal::CertificateNotTrusted);
        let found = verdict.failed_check().unwrap().found;
        assert!(found.contains(&Fingerprint::of(STRANGER.certificate_der()).to_string()), "{found}");
    }
}

#[test]
fn an_expired_certificate_still_proves_who_signed_and_is_noted() {
    let key = SigningKey::generate(KeyType::EcP256, "old", NOW.minus(days(400)), NOW.minus(days(1))).unwrap();
    let trusted = trusting(&[&key]);
    let xml = provider(&key).respond(&ada(), &terms()).unwrap();
    let verdict = validate_xml(&xml, &Expectation { trusted: &trusted, ..expectation() });
    let noted: Vec<_> = verdict.checks.iter().filter(|check| check.status == CheckStatus::Warned).collect();
    assert_eq!(noted.iter().map(|check| check.name).collect::<Vec<_>>(), [CheckName::SignatureCertificate]);
    accept(verdict);
}

#[test]
fn a_certificate_is_held_to_its_validity_where_the_connection_says_so() {
    let generate = |from, to| SigningKey::generate(KeyType::EcP256, "held", from, to).unwrap();
    let (day, year) = (days(1), days(365));
    for (key, holds) in [
        (generate(NOW.minus(year), NOW.minus(day)), false),
        (generate(NOW.plus(day), NOW.plus(year)), false),
        (generate(NOW.minus(year), NOW.plus(day)), true),
    ] {
        let trusted = trusting(&[&key, &RSA]);
        let expectation = Expectation { trusted: &trusted, enforce_certificate_validity: true, ..expectation() };
        let verdict = validate_xml(&provider(&key).respond(&ada(), &terms()).unwrap(), &expectation);
        if holds {
            accept(verdict);
        } else {
            assert_eq!(verdict.failed_check().unwrap().name, CheckName::SignatureCertificate);
            refuse("outside", &verdict, Refusal::CertificateNotValid);
        }
    }
}

#[test]
fn every_signature_needs_a_valid_certificate_where_they_are_held_to_it() {
    let old = SigningKey::generate(KeyType::EcP256, "old", NOW.minus(days(400)), NOW.minus(days(1))).unwrap();
    let trusted = trusting(&[&old, &RSA]);
    let held = Expectation { trusted: &trusted, enforce_certificate_validity: true, ..expectation() };
    for (inner, outer) in [(&old, &*RSA), (&*RSA, &old)] {
        let assertion_signed = provider(inner).respond(&ada(), &terms().signed(Signed::Assertion)).unwrap();
        let both = outer.sign_element(&assertion_signed, &terms().response_id, &outer.profile()).unwrap();
        refuse("one is old", &validate_xml(&both, &held), Refusal::CertificateNotValid);
        let noted = validate_xml(&both, &Expectation { enforce_certificate_validity: false, ..held });
        let check = noted.checks.iter().find(|check| check.name == CheckName::SignatureCertificate).unwrap();
        assert_eq!(check.status, CheckStatus::Warned);
        accept(noted);
    }
}

#[test]
fn a_renewed_certificate_of_the_same_key_counts_where_they_are_held_to_it() {
    let old = SigningKey::generate(KeyType::EcP256, "idp", NOW.minus(days(400)), NOW.minus(days(1))).unwrap();
    let renewed = old.renewed("idp", NOW.minus(days(1)), NOW.plus(days(365))).unwrap();
    for keys in [[&old, &renewed], [&renewed, &old]] {
        let trusted = trusting(&keys);
        let held = Expectation { trusted: &trusted, enforce_certificate_validity: true, ..expectation() };
        accept(validate_xml(&provider(&old).respond(&ada(), &terms()).unwrap(), &held));
    }
}

#[test]
fn trust_in_nobody_is_an_error_of_its_own() {
    let error = TrustedCertificates::new([]).unwrap_err();
    assert!(matches!(error, TrustError::Empty));
    assert_eq!((error.explain().kind, error.explain().reason), (Kind::Precondition, "NO_TRUSTED_CERTIFICATE"));
    let certificate = Certificate::from_der(EC.certificate_der()).unwrap();
    let same = TrustedCertificates::new(vec![certificate; 40]).unwrap();
    assert_eq!(same.certificates().len(), 1);
}
