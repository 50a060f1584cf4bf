//! Our verdict on signatures beside that of `xmlsec1`, libxmlsec1's own command line, with the key pinned and nothing
//! taken from the message. Documents go both ways: what ours or bergshamra signs, and what xmlsec1 signs.
//!
//! Only what our profile lets through is compared: the rest is never computed here, and would be run or fetched there.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_kernel::ExposeSecret as _;
use vestibule_saml::{Expectation, Verdict, validate_xml};
use vestibule_saml_idp::{KeyInfo, KeyType, SignatureProfile, Signed, SigningKey};

use crate::{
    corpus::corpus,
    differential::WAYS,
    encryption, oracle, recorded,
    support::{NOW, RSA, STRANGER, accept, days, element, expectation, genuine, judge, replace, terms, trusting},
    vendor,
};

/// Every difference between the two verdicts, by what the document has, and why it is right that way.
///
/// (what was written, ours, xmlsec1's, why)
const DIFFERENCES: [(&str, bool, bool, &str); 4] = [
    (
        "a tab in an attribute",
        false,
        true,
        "uppsala keeps white space in attribute values that XML 1.0 section 3.3.3 makes a blank: the digest is another",
    ),
    (
        "a line end in an attribute",
        false,
        true,
        "as with a tab; an identity provider that writes so has to write a reference",
    ),
    (
        "CRLF in CDATA",
        false,
        true,
        "uppsala keeps the carriage return that XML 1.0 section 2.11 takes away: the digest is another",
    ),
    (
        "prefix bound to nothing",
        false,
        true,
        "Namespaces in XML 1.0 section 2.2 knows no such declaration: libxml2 complains and goes on, ours does not",
    ),
];

/// What stands where, what it is when it is signed, and another way to write the same afterwards.
const ODD: [(&str, &str, &str, &str); 3] = [
    ("a tab in an attribute", "<saml:Subject>", "<saml:Subject a=\"b c\">", "<saml:Subject a=\"b\tc\">"),
    ("a line end in an attribute", "<saml:Subject>", "<saml:Subject a=\"b c\">", "<saml:Subject a=\"b\nc\">"),
    ("CRLF in CDATA", ">Ada<", ">A\nda<", "><![CDATA[A\r\nda]]><"),
];

#[expect(clippy::print_stdout, reason = "a test that was left out says so")]
fn skipped(test: &str) -> bool {
    let is_there = Command::new("xmlsec1").arg("--version").output().is_ok();
    let may_skip = env::var("VESTIBULE_TEST_REQUIRE_ALL").as_deref() != Ok("1");
    assert!(is_there || may_skip, "xmlsec1 is needed");
    if !is_there {
        println!("skipped: {test} needs xmlsec1");
    }
    !is_there
}

fn file(content: &str, ending: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("xmlsec1-{}-{number}.{ending}", std::process::id()));
    fs::write(&path, content).unwrap();
    path
}

fn pem(certificate_der: &[u8]) -> String {
    let text = STANDARD.encode(certificate_der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Runs it over a document, with the IDs of SAML known to it, from one signature on.
fn xmlsec1(document: &str, arguments: &[&str], signature: &str) -> (bool, String) {
    let path = file(document, "xml");
    let output = Command::new("xmlsec1")
        .args(arguments)
        .args(["--enabled-reference-uris", "empty,same-doc"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:Response"])
        .args(["--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"])
        .args(["--node-xpath", signature])
        .arg(&path)
        .output()
        .unwrap();
    fs::remove_file(path).unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

const OF_RESPONSE: &str = "/*/*[local-name()='Signature']";
const OF_ASSERTION: &str = "/*/*[local-name()='Assertion']/*[local-name()='Signature']";

/// Whether there is a signature, and xmlsec1 verifies every one, with this certificate's key alone.
fn holds(xml: &str, certificate_der: &[u8]) -> bool {
    let certificate = file(&pem(certificate_der), "pem");
    let arguments =
        ["--verify", "--enabled-key-data", "raw-x509-cert", "--pubkey-cert-pem", certificate.to_str().unwrap()];
    let document = uppsala::parse(xml).unwrap();
    let root = document.document_element().unwrap();
    let has =
        |parent| document.child_elements_by_name_ns(parent, "http://www.w3.org/2000/09/xmldsig#", "Signature").len();
    let assertions = document.child_elements_by_name_ns(root, "urn:oasis:names:tc:SAML:2.0:assertion", "Assertion");
    let in_assertion: usize = assertions.iter().map(|assertion| has(*assertion)).sum();
    let mut places = vec![(has(root), OF_RESPONSE), (in_assertion, OF_ASSERTION)];
    places.retain(|(count, _)| *count > 0);
    let all = places.iter().all(|(_, at)| xmlsec1(xml, &arguments, at).0);
    fs::remove_file(certificate).unwrap();
    !places.is_empty() && all
}

/// Signs the Assertion with xmlsec1.
fn sign(xml: &str, key: &SigningKey, profile: &SignatureProfile) -> String {
    let profile = SignatureProfile { key_info: KeyInfo::Omit, ..profile.clone() };
    // Whoever signs first leaves the form; the values are xmlsec1's.
    let usual = SignatureProfile {
        signature_method: key.profile().signature_method,
        digest_method: key.profile().digest_method,
        ..profile.clone()
    };
    let signed = key.sign_element(xml, &terms().assertion_id, &usual).unwrap();
    let template = replace(&signed, element(&signed, "ds:DigestValue"), "<ds:DigestValue/>");
    let template = replace(&template, element(&signed, "ds:SignatureValue"), "<ds:SignatureValue/>");
    let method = |xml: &str, element: &str, old: &str, new: &str| {
        replace(xml, &format!("<ds:{element} Algorithm=\"{old}\"/>"), &format!("<ds:{element} Algorithm=\"{new}\"/>"))
    };
    let template = method(&template, "SignatureMethod", &usual.signature_method, &profile.signature_method);
    let template = method(&template, "DigestMethod", &usual.digest_method, &profile.digest_method);
    let private = file(key.private_key_pem().expose_secret(), "pem");
    let (done, signed) = xmlsec1(&template, &["--sign", "--privkey-pem", private.to_str().unwrap()], OF_ASSERTION);
    fs::remove_file(private).unwrap();
    assert!(done, "xmlsec1 does not sign with {}", profile.signature_method);
    signed
}

/// Both say the same, or the difference is listed.
#[track_caller]
fn compare(case: &str, xml: &str, verdict: &Verdict, key: &SigningKey) -> Option<bool> {
    let ours = oracle::ours(verdict)?;
    let theirs = holds(xml, key.certificate_der());
    let listed = DIFFERENCES.iter().any(|(what, our, their, _)| *what == case && (*our, *their) == (ours, theirs));
    assert!(ours == theirs || listed, "{case}: ours {ours}, xmlsec1's {theirs}: {:?}\n{xml}", verdict.failed_check());
    Some(ours)
}

#[test]
fn xmlsec1_says_the_same_of_every_forgery_whose_signature_is_computed() {
    if skipped("xmlsec1_says_the_same_of_every_forgery_whose_signature_is_computed") {
        return;
    }
    let (mut hold, mut fail) = (0, 0);
    for case in corpus() {
        let xml = STANDARD.decode(&case.value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        // What arrives encrypted is verified in another document than the one that was sent.
        let Some(xml) = xml.filter(|xml| !xml.contains("EncryptedAssertion")) else { continue };
        match compare(&case.name, &xml, &judge(&xml), &RSA) {
            Some(true) => hold += 1,
            Some(false) => fail += 1,
            None => {}
        }
    }
    println!("of the corpus, {hold} signatures hold and {fail} do not, by both");
    assert!(hold > 50 && fail > 20, "{hold} {fail}");
}

/// What products send, what pysaml2 sent, and what was encrypted: all that is accepted here although no engine of ours wrote it.
#[test]
fn xmlsec1_verifies_every_message_in_the_shape_of_others() {
    if skipped("xmlsec1_verifies_every_message_in_the_shape_of_others") {
        return;
    }
    let messages = [vendor::messages(), vec![recorded::message()], encryption::messages()].concat();
    assert!(messages.len() >= 16, "{}", messages.len());
    for (from, xml, certificate_der) in messages {
        assert!(holds(&xml, &certificate_der), "{from}");
        assert!(!holds(&xml, STRANGER.certificate_der()), "{from}, with another key");
    }
}

#[test]
fn each_verifies_what_the_other_signs_however_it_is_written() {
    if skipped("each_verifies_what_the_other_signs_however_it_is_written") {
        return;
    }
    let unsigned = genuine(Signed::Nothing);
    let mut documents: Vec<(String, String)> =
        WAYS.iter().map(|(case, old, new)| ((*case).to_owned(), unsigned.replacen(old, new, 1))).collect();
    // Several ways at once: every pair of neighbours and every third.
    for step in [1, 5] {
        for start in 0..WAYS.len() {
            let ways = WAYS.iter().cycle().skip(start).step_by(step).take(4);
            let xml = ways.fold(unsigned.clone(), |xml, (_, old, new)| xml.replacen(old, new, 1));
            // Two ways may meet in one tag and say a thing twice.
            if uppsala::parse(&xml).is_ok() {
                documents.push((format!("four ways from {start} by {step}"), xml));
            }
        }
    }
    for (at, (case, xml)) in documents.iter().enumerate() {
        let prefixes = [None, Some("xs saml"), Some("#default xsi samlp")][at % 3];
        let profile = SignatureProfile { inclusive_prefixes: prefixes.map(str::to_owned), ..RSA.profile() };
        let theirs = sign(xml, &RSA, &profile);
        assert_eq!(compare(case, &theirs, &judge(&theirs), &RSA), Some(true), "{case}, signed by xmlsec1");
        let ours = RSA.sign_element(xml, &terms().assertion_id, &profile).unwrap();
        let ours = RSA.sign_element(&ours, &terms().response_id, &profile).unwrap();
        assert_eq!(compare(case, &ours, &judge(&ours), &RSA), Some(true), "{case}, signed by the other library");
        let changed = ours.replacen("Destination=\"", "Destination=\"x", 1);
        assert_eq!(compare("changed", &changed, &judge(&changed), &RSA), Some(false));
    }
    println!("{} documents, each signed by two engines and verified by two", documents.len());
}

#[test]
fn every_difference_is_one_of_the_listed() {
    if skipped("every_difference_is_one_of_the_listed") {
        return;
    }
    for (case, old, before, after) in ODD {
        let xml = sign(&genuine(Signed::Nothing).replacen(old, before, 1), &RSA, &RSA.profile());
        assert_eq!(compare("before", &xml, &judge(&xml), &RSA), Some(true));
        let xml = replace(&xml, before, after);
        let (_, ours, theirs, why) = DIFFERENCES.iter().find(|(what, ..)| *what == case).unwrap();
        assert_eq!(
            (compare(case, &xml, &judge(&xml), &RSA), holds(&xml, RSA.certificate_der())),
            (Some(*ours), *theirs)
        );
        println!("{case}: ours {ours}, xmlsec1's {theirs}: {why}");
    }
}

#[test]
fn the_algorithms_that_no_library_of_ours_signs_with_verify() {
    if skipped("the_algorithms_that_no_library_of_ours_signs_with_verify") {
        return;
    }
    let more = |name: &str| format!("http://www.w3.org/2001/04/xmldsig-more#{name}");
    let ecdsa = ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"].map(more);
    let sha1 = ["http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned()];
    for (key_type, methods) in [
        (KeyType::EcP256, ecdsa.as_slice()),
        (KeyType::EcP384, &ecdsa),
        (KeyType::EcP521, &ecdsa),
        (KeyType::Rsa2048, &sha1),
    ] {
        let key = SigningKey::generate(key_type, "idp.acme.test", NOW.minus(days(1)), NOW.plus(days(1))).unwrap();
        let trusted = trusting(&[&key]);
        for method in methods {
            let profile = SignatureProfile { signature_method: method.clone(), ..key.profile() };
            let xml = sign(&genuine(Signed::Nothing), &key, &profile);
            let expectation = Expectation { trusted: &trusted, sha1_until: Some(NOW.plus(days(1))), ..expectation() };
            accept(validate_xml(&xml, &expectation));
        }
    }
}
