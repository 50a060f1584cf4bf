//! Which certificates count, and which of them signed.

use vestibule_kernel::{Explain, Kind};
use vestibule_saml::{
    Certificate, CheckName, CheckStatus, Expectation, Fingerprint, Refusal, TrustError, TrustedCertificates,
    validate_xml,
};
use vestibule_saml_idp::{KeyType, SigningKey};

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
        let found = &verdict.failed_check().unwrap().found;
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
fn trust_in_nobody_is_an_error_of_its_own() {
    let error = TrustedCertificates::new([]).unwrap_err();
    assert!(matches!(error, TrustError::Empty));
    assert_eq!((error.explain().kind, error.explain().reason), (Kind::Precondition, "NO_TRUSTED_CERTIFICATE"));
    let certificate = Certificate::from_der(EC.certificate_der()).unwrap();
    let same = TrustedCertificates::new(vec![certificate; 40]).unwrap();
    assert_eq!(same.certificates().len(), 1);
}
