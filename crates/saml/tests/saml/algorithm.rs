//! The algorithms of a signature: each that is on the list, with each kind of key, and SHA-1, which is on it for a while.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_saml::{CheckName, CheckStatus, Expectation, Refusal, TrustedCertificates, Verdict, validate_xml};
use vestibule_saml_idp::{KeyType, ResponseTerms, SignatureAlgorithm, SignatureProfile, Signed, SigningKey};

use crate::{
    oracle,
    support::{
        ADA, EC, NOW, RSA, SKEW, accept, ada, days, element, expectation, genuine, judge, provider, refuse, replace,
        terms, trusting,
    },
};

fn key(key_type: KeyType) -> SigningKey {
    SigningKey::generate(key_type, "idp.acme.test", NOW.minus(days(30)), NOW.plus(days(365))).unwrap()
}

fn signed(key: &SigningKey, profile: SignatureProfile) -> String {
    provider(key).respond(&ada(), &ResponseTerms { signature: Some(profile), ..terms() }).unwrap()
}

fn judge_by(xml: &str, trusted: &TrustedCertificates, sha1_until: Option<Timestamp>) -> Verdict {
    validate_xml(xml, &Expectation { trusted, sha1_until, ..expectation() })
}

#[test]
fn every_algorithm_on_the_list_verifies_with_every_kind_of_key() {
    use SignatureAlgorithm::{
        EcdsaSha256, EcdsaSha384, EcdsaSha512, RsaPssSha256, RsaPssSha384, RsaPssSha512, RsaSha256, RsaSha384,
        RsaSha512,
    };
    let rsa = [RsaSha256, RsaSha384, RsaSha512, RsaPssSha256, RsaPssSha384, RsaPssSha512];
    for (key_type, algorithms) in [
        (KeyType::Rsa2048, rsa.as_slice()),
        (KeyType::Rsa4096, &rsa),
        (KeyType::EcP256, &[EcdsaSha256]),
        (KeyType::EcP384, &[EcdsaSha384]),
        (KeyType::EcP521, &[EcdsaSha512]),
    ] {
        let key = key(key_type);
        let trusted = trusting(&[&RSA, &EC, &key]);
        for algorithm in algorithms {
            let xml = signed(&key, SignatureProfile::new(*algorithm));
            let assertion = accept(judge_by(&xml, &trusted, None));
            assert_eq!(assertion.signed_by, trusted.certificates()[2].fingerprint(), "{key_type:?} {algorithm:?}");
            let changed = replace(&xml, &format!(">{ADA}</saml:NameID>"), ">eve@acme.test</saml:NameID>");
            refuse("changed", &judge_by(&changed, &trusted, None), Refusal::SignatureInvalid);
        }
    }
}

#[test]
fn a_signature_of_one_scheme_is_none_of_another() {
    // The method is signed too, so a changed one is found out twice over; here it is also the wrong one for the value.
    let pss = SignatureAlgorithm::RsaPssSha256;
    let other = SignatureAlgorithm::RsaSha256;
    let xml = signed(&RSA, SignatureProfile::new(pss));
    refuse("as PKCS#1", &judge(&replace(&xml, pss.uri(), other.uri())), Refusal::SignatureInvalid);
    let xml = genuine(Signed::Assertion);
    refuse("as PSS", &judge(&replace(&xml, other.uri(), pss.uri())), Refusal::SignatureInvalid);
}

#[test]
fn an_ecdsa_signature_is_two_numbers_of_the_length_of_the_curve() {
    let xml = signed(&EC, EC.profile());
    let trusted = trusting(&[&EC]);
    accept(judge_by(&xml, &trusted, None));
    let value = element(&xml, "ds:SignatureValue");
    for (case, other) in [
        ("nothing of one", "A".repeat(43) + "="),
        ("zeros", "A".repeat(86) + "=="),
        ("the longest numbers", "/".repeat(85) + "w=="),
        // ASN.1, as other protocols write it.
        (
            "ASN.1",
            "MEUCIQDKTlO6cQwWbnDGmR5qjyTSpvr4YgUKZAXxlyTYJ0WTewIgLcJTDUMCOoKZuHNOYuJO3KGeYnXbBzUkF8Ztb2qTi5g="
                .to_owned(),
        ),
    ] {
        let odd = replace(&xml, value, &format!("<ds:SignatureValue>{other}</ds:SignatureValue>"));
        refuse(case, &judge_by(&odd, &trusted, None), Refusal::SignatureInvalid);
    }
}

#[test]
fn sha1_is_accepted_until_the_exception_ends_and_each_time_with_a_warning() {
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1".to_owned();
    let xml = signed(&RSA, SignatureProfile { digest_method: sha1, ..RSA.profile() });
    let (trusted, second) = (trusting(&[&RSA]), Duration::from_secs(1));
    let until = NOW.plus(second);
    let verdict = judge_by(&xml, &trusted, Some(until));
    let check = verdict.checks.iter().find(|check| check.name == CheckName::SignatureAlgorithm).unwrap();
    assert_eq!(check.status, CheckStatus::Warned);
    assert!(check.found.contains(&until.to_string()), "{}", check.found);
    accept(verdict);
    for ended in [None, Some(NOW), Some(NOW.minus(second))] {
        // Not even the skew prolongs it.
        assert!(SKEW > second);
        let verdict = judge_by(&xml, &trusted, ended);
        assert_eq!(verdict.failed_check().unwrap().name, CheckName::SignatureAlgorithm);
        refuse("ended", &verdict, Refusal::SignatureAlgorithmNotAllowed);
    }
}

#[test]
fn the_exception_for_sha1_allows_nothing_else_and_warns_of_nothing_else() {
    let until = Some(NOW.plus(days(1)));
    let trusted = trusting(&[&RSA]);
    let verdict = judge_by(&genuine(Signed::Both), &trusted, until);
    assert!(verdict.checks.iter().all(|check| check.status == CheckStatus::Passed));
    let xml = genuine(Signed::Assertion);
    for method in [
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    ] {
        let other = replace(&xml, SignatureAlgorithm::RsaSha256.uri(), method);
        refuse(method, &judge_by(&other, &trusted, until), Refusal::SignatureAlgorithmNotAllowed);
    }
}

#[test]
fn what_is_wrong_with_a_signature_is_told_exactly() {
    let found = |xml: &str| judge(xml).failed_check().unwrap().found.to_owned();
    let xml = genuine(Signed::Assertion);
    let digest = "the content was changed after it was signed: the digest is another";
    assert_eq!(found(&replace(&xml, ">staff<", ">stafF<")), digest);
    let signature = "no trusted key verifies the signature";
    let value = element(&xml, "ds:DigestValue");
    let other = "<ds:DigestValue>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ds:DigestValue>";
    assert_eq!(found(&replace(&xml, value, other)), signature);
    let base64 = "a value of the signature is not Base64";
    assert_eq!(found(&replace(&xml, value, "<ds:DigestValue>?</ds:DigestValue>")), base64);
    let relative = replace(&xml, "<saml:Subject>", "<saml:Subject xmlns:r=\"relative\">");
    assert_eq!(found(&relative), "a namespace is relative or undeclared: there is no canonical form");
    assert!(!oracle::holds(&replace(&xml, value, other), &[&RSA]));
}
