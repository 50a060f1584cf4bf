//! Encryption: what stands around a ciphertext, what is in it, and that a ciphertext tells nobody anything.

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml::{CheckName, Refusal};
use vestibule_saml_idp::{ContentCipher, EncryptionTerms, Encrypts, KeyPlacement, Signed};

use super::{Case, Caught, Class, Setting, cases};
use crate::support::{
    ADA, RSA, STRANGER, ada, element, encrypted_for, encryption, genuine, other_credential, provider, replace,
    signed_after, terms,
};

const ORACLES: &str = "Jager and Somorovsky, How to Break XML Encryption, 2011";
const WRAPPING: &str = "Somorovsky et al., On Breaking SAML, 2012";
const BLEICHENBACHER: &str = "Jager et al., Bleichenbacher's Attack Strikes Again, 2012";

const FORM: Caught = (CheckName::ResponseEncryption, Refusal::EncryptionProfileViolated);
const ALGORITHM: Caught = (CheckName::ResponseEncryption, Refusal::EncryptionAlgorithmNotAllowed);
const UNAUTHENTICATED: Caught = (CheckName::ResponseEncryption, Refusal::EncryptionUnauthenticated);
const FAILED: Caught = (CheckName::ResponseEncryption, Refusal::DecryptionFailed);

pub(super) fn all() -> Vec<Case> {
    let mut all = [wrapping(), signatures(), form(), algorithms(), ciphertexts(), plaintexts(), parts()].concat();
    all.extend(settings());
    all
}

fn encrypted(signed: Signed, change: impl FnOnce(&mut EncryptionTerms)) -> String {
    let mut encryption = encryption();
    change(&mut encryption);
    provider(&RSA).respond(&ada(), &terms().signed(signed).encrypted(encryption)).unwrap()
}

fn usual() -> String {
    encrypted(Signed::Assertion, |_| {})
}

/// A Response that holds this, encrypted as it should be, and that the identity provider did not sign.
fn holding(plaintext: &str) -> String {
    let plain = genuine(Signed::Nothing);
    let assertion = element(&plain, "saml:Assertion");
    replace(&plain, assertion, &encryption().encrypt("EncryptedAssertion", plaintext).unwrap())
}

/// The same, signed around it: its content has to be judged all the same.
fn holding_signed(plaintext: &str) -> String {
    RSA.sign_element(&holding(plaintext), &terms().response_id, &RSA.profile()).unwrap()
}

/// A plain Assertion as a document of its own.
fn alone(signed: Signed) -> String {
    let xml = genuine(signed);
    let open = "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ";
    element(&xml, "saml:Assertion").replacen("<saml:Assertion ", open, 1)
}

/// Encrypted assertions where other ones are, or where none belongs.
fn wrapping() -> Vec<Case> {
    let xml = usual();
    let inside = element(&xml, "saml:EncryptedAssertion");
    let plain = genuine(Signed::Nothing);
    let evil = element(&plain, "saml:Assertion").replace(ADA, "eve@acme.test").replace(&terms().assertion_id, "_evil");
    let with = |what: &str| replace(&xml, inside, what);
    let two: Caught = (CheckName::ResponseAssertion, Refusal::AssertionNotSingle);
    let place: Caught = (CheckName::ResponseAssertion, Refusal::AssertionMisplaced);
    let changed: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);
    let sealed = encrypted(Signed::Response, |_| {});
    let exchanged = replace(&sealed, element(&sealed, "saml:EncryptedAssertion"), inside);
    let several = [
        ("a plain Assertion before the encrypted one", with(&format!("{evil}{inside}"))),
        ("a plain Assertion behind the encrypted one", with(&format!("{inside}{evil}"))),
        ("two encrypted assertions", with(&format!("{inside}{inside}"))),
        ("an encrypted assertion in the Extensions, a plain one in its place", {
            with(&format!("<samlp:Extensions>{inside}</samlp:Extensions>{evil}"))
        }),
        (
            "an encrypted assertion in the plain one",
            with(&evil.replace("<saml:Conditions", &format!("{inside}<saml:Conditions"))),
        ),
        ("a signed Response with an encrypted assertion in another's Extensions", {
            let extensions = format!("<samlp:Extensions>{sealed}</samlp:Extensions>{inside}");
            with(&extensions.replace(&terms().response_id, "_other"))
        }),
    ];
    let misplaced = [("in Extensions", with(&format!("<samlp:Extensions>{inside}</samlp:Extensions>")))];
    let exchange = [("another encrypted assertion in a signed Response", exchanged)];
    [
        cases(Class::Encryption, WRAPPING, two, several),
        cases(Class::Encryption, WRAPPING, place, misplaced),
        cases(Class::Encryption, WRAPPING, changed, exchange),
    ]
    .concat()
}

/// Encryption is no proof of origin: everybody has the public key.
fn signatures() -> Vec<Case> {
    let evil = alone(Signed::Nothing).replace(ADA, "eve@acme.test");
    let by_stranger = provider(&STRANGER).respond(&ada(), &terms().encrypted(encryption())).unwrap();
    let genuine_signature = element(&alone(Signed::Assertion), "ds:Signature").to_owned();
    let evil_signed = evil.replace("</saml:Issuer>", &format!("</saml:Issuer>{genuine_signature}"));
    let outside = replace(&holding(&evil), "<samlp:Status>", &format!("{}<samlp:Status>", genuine_signature));
    let wrapped =
        replace(&usual(), "</saml:EncryptedAssertion>", &format!("{genuine_signature}</saml:EncryptedAssertion>"));
    let missing: Caught = (CheckName::SignaturePresent, Refusal::SignatureMissing);
    let misplaced: Caught = (CheckName::SignaturePresent, Refusal::SignatureMisplaced);
    let reference: Caught = (CheckName::SignatureReference, Refusal::SignatureReferenceForbidden);
    let changed: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);
    let foreign: Caught = (CheckName::SignatureValue, Refusal::CertificateNotTrusted);
    [
        cases(Class::Encryption, "", missing, [("nobody signed what is encrypted", holding(&evil))]),
        cases(
            Class::Encryption,
            "",
            changed,
            [("a genuine signature around a changed plaintext", holding(&evil_signed))],
        ),
        cases(Class::Encryption, "", reference, [("the Assertion's signature at the Response", outside)]),
        cases(Class::Encryption, "", misplaced, [("a signature beside the EncryptedData", wrapped)]),
        cases(Class::Encryption, "", foreign, [("signed by a stranger, then encrypted", by_stranger)]),
    ]
    .concat()
}

/// One EncryptedData with everything it needs inside, and nothing that leads elsewhere.
fn form() -> Vec<Case> {
    let xml = usual();
    let data = element(&xml, "xenc:EncryptedData");
    let key = element(&xml, "xenc:EncryptedKey");
    let value = element(data, "xenc:CipherValue");
    let beside = encrypted(Signed::Assertion, |terms| terms.placement = KeyPlacement::Beside);
    let with = |old: &str, new: &str| replace(&xml, old, new);
    let reference = "<xenc:CipherReference URI=\"http://evil.test/ciphertext\"/>";
    let cipher_value = xml.rfind("<xenc:CipherValue>").unwrap();
    let referenced = format!(
        "{}{}",
        &xml[..cipher_value],
        xml[cipher_value..].replacen(element(&xml[cipher_value..], "xenc:CipherValue"), reference, 1)
    );
    let retrieval = |uri: &str, kind: &str| {
        let retrieval = element_empty(&beside, "<ds:RetrievalMethod");
        replace(&beside, retrieval, &format!("<ds:RetrievalMethod Type=\"{kind}\" URI=\"{uri}\"/>"))
    };
    let of_key = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";
    let messages = [
        ("no EncryptedData", with(data, "")),
        ("two EncryptedData", with(data, &format!("{data}{data}"))),
        ("something beside the EncryptedData", with(data, &format!("{data}<saml:Advice/>"))),
        (
            "Type Content",
            with(
                "Type=\"http://www.w3.org/2001/04/xmlenc#Element\"",
                "Type=\"http://www.w3.org/2001/04/xmlenc#Content\"",
            ),
        ),
        ("no EncryptedKey", with(key, "")),
        ("three EncryptedKeys", with(key, &key.repeat(3))),
        ("CipherReference", referenced),
        ("EncryptionProperties", with("</xenc:EncryptedData>", "<xenc:EncryptionProperties/></xenc:EncryptedData>")),
        (
            "a comment in the CipherValue",
            with(value, &value.replace("<xenc:CipherValue>", "<xenc:CipherValue><!-- -->")),
        ),
        ("text beside the EncryptedKey", with("</xenc:EncryptedData>", "</xenc:EncryptedData>text")),
        ("an OAEP label", with("</xenc:EncryptionMethod>", "<xenc:Unknown/></xenc:EncryptionMethod>")),
        ("a RetrievalMethod to another host", retrieval("http://evil.test/key", of_key)),
        ("a RetrievalMethod to a file", retrieval("file:///etc/passwd", of_key)),
        ("a RetrievalMethod to nothing", retrieval("#nothing", of_key)),
        (
            "a RetrievalMethod of another type",
            retrieval("#_key_of_EncryptedAssertion", "http://www.w3.org/2000/09/xmldsig#X509Data"),
        ),
        ("a RetrievalMethod with a transform", {
            let retrieval = element_empty(&beside, "<ds:RetrievalMethod");
            let open = retrieval.replace("/>", "><ds:Transforms/></ds:RetrievalMethod>");
            replace(&beside, retrieval, &open)
        }),
    ];
    let (label, messages): (Vec<_>, Vec<_>) = messages.into_iter().partition(|(name, _)| *name == "an OAEP label");
    [
        cases(Class::Encryption, "", FORM, messages),
        cases(
            Class::Encryption,
            "",
            ALGORITHM,
            label.into_iter().map(|(_, xml)| ("a parameter that nobody knows", xml)),
        ),
    ]
    .concat()
}

fn element_empty<'x>(xml: &'x str, open: &str) -> &'x str {
    let start = xml.find(open).unwrap();
    &xml[start..=start + xml[start..].find('>').unwrap()]
}

/// What is not on the list is never computed.
fn algorithms() -> Vec<Case> {
    let xml = usual();
    let content = |uri: &str| replace(&xml, ContentCipher::Aes256Gcm.uri(), uri);
    let oaep = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    let transport = |uri: &str| replace(&xml, oaep, uri);
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let label = replace(
        &xml,
        "</xenc:EncryptionMethod>",
        "<xenc:OAEPparams>bGFiZWw=</xenc:OAEPparams></xenc:EncryptionMethod>",
    );
    let others = [
        ("Triple DES", content("http://www.w3.org/2001/04/xmlenc#tripledes-cbc")),
        ("no cipher", content("")),
        ("key wrap as a cipher", content("http://www.w3.org/2001/04/xmlenc#kw-aes256")),
        ("AES key wrap", transport("http://www.w3.org/2001/04/xmlenc#kw-aes256")),
        ("key agreement", transport("http://www.w3.org/2009/xmlenc11#ECDH-ES")),
        ("a transport that nobody knows", transport("urn:example:transport")),
        ("OAEP with MD5", replace(&xml, sha1, "http://www.w3.org/2001/04/xmldsig-more#md5")),
        ("OAEP with two hashes", replace(&xml, sha1, "http://www.w3.org/2001/04/xmlenc#sha256")),
        ("OAEP with a label", label),
    ];
    let pkcs1 = [("RSA 1.5", transport("http://www.w3.org/2001/04/xmlenc#rsa-1_5"))];
    let ciphers = [ContentCipher::Aes128Cbc, ContentCipher::Aes192Cbc, ContentCipher::Aes256Cbc];
    let cbc = ciphers.map(|cipher| {
        let name = format!("{cipher:?}, and only the Assertion in it is signed");
        (name, encrypted(Signed::Assertion, |terms| terms.cipher = cipher))
    });
    let nobody = [(
        "AES-CBC, and nothing is signed",
        encrypted(Signed::Nothing, |terms| terms.cipher = ContentCipher::Aes128Cbc),
    )];
    [
        cases(Class::Encryption, "", ALGORITHM, others),
        cases(Class::Encryption, BLEICHENBACHER, ALGORITHM, pkcs1),
        cases(Class::Encryption, ORACLES, UNAUTHENTICATED, cbc),
        cases(Class::Encryption, ORACLES, UNAUTHENTICATED, nobody),
    ]
    .concat()
}

/// Whatever is wrong with a ciphertext or a key has one answer.
fn ciphertexts() -> Vec<Case> {
    let xml = usual();
    let at = |key: bool| if key { xml.find("<xenc:CipherValue>") } else { xml.rfind("<xenc:CipherValue>") }.unwrap();
    let bytes = |key: bool| {
        let value = element(&xml[at(key)..], "xenc:CipherValue");
        STANDARD.decode(&value["<xenc:CipherValue>".len()..value.len() - "</xenc:CipherValue>".len()]).unwrap()
    };
    let with = |key: bool, text: &str| {
        let value = element(&xml[at(key)..], "xenc:CipherValue");
        replace(&xml, value, &format!("<xenc:CipherValue>{text}</xenc:CipherValue>"))
    };
    let changed = |key: bool, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes(key);
        change(&mut bytes);
        with(key, &STANDARD.encode(bytes))
    };
    let flip = |key: bool, at: usize| {
        changed(key, &|bytes| {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1
            }
        })
    };
    let last = |key: bool| bytes(key).len() - 1;
    let mut messages = vec![
        ("the key's first byte".to_owned(), flip(true, 0)),
        ("the key's middle".to_owned(), flip(true, 128)),
        ("the key's last byte".to_owned(), flip(true, last(true))),
        ("a shorter key".to_owned(), changed(true, &|bytes| bytes.truncate(255))),
        ("a longer key".to_owned(), changed(true, &|bytes| bytes.push(0))),
        ("no key".to_owned(), with(true, "")),
        ("a key that is no Base64".to_owned(), with(true, "%%%")),
        ("the nonce".to_owned(), flip(false, 0)),
        ("the first byte of the content".to_owned(), flip(false, 12)),
        ("the middle of the content".to_owned(), flip(false, last(false) / 2)),
        ("the first byte of the tag".to_owned(), flip(false, last(false) - 15)),
        ("the last byte of the tag".to_owned(), flip(false, last(false))),
        ("a nonce alone".to_owned(), changed(false, &|bytes| bytes.truncate(12))),
        ("nonce and half a tag".to_owned(), changed(false, &|bytes| bytes.truncate(20))),
        ("no content".to_owned(), with(false, "")),
        ("content that is no Base64".to_owned(), with(false, "%%%")),
        ("content with something behind it".to_owned(), changed(false, &|bytes| bytes.extend([0; 16]))),
        ("another cipher than the one it was made with".to_owned(), {
            replace(&xml, ContentCipher::Aes256Gcm.uri(), ContentCipher::Aes128Gcm.uri())
        }),
        ("another hash than the one it was made with".to_owned(), {
            let oaep = replace(
                &xml,
                "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
                "http://www.w3.org/2009/xmlenc11#rsa-oaep",
            );
            let digest =
                replace(&oaep, "http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmlenc#sha256");
            let mask = "<m:MGF xmlns:m=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>";
            replace(&digest, "</xenc:EncryptionMethod>", &format!("{mask}</xenc:EncryptionMethod>"))
        }),
        ("for the key of another connection".to_owned(), { encrypted_for(other_credential(), Signed::Both) }),
        ("for the identity provider's own key".to_owned(), {
            encrypted(Signed::Assertion, |terms| terms.certificate_der = RSA.certificate_der().to_vec())
        }),
    ];
    // Inside of a signed Response, AES-CBC: whoever can make it sign can choose the ciphertext.
    for (name, cut) in [("half a block", 8), ("no block", usize::MAX)] {
        let xml = encrypted(Signed::Nothing, |terms| terms.cipher = ContentCipher::Aes256Cbc);
        let value = element(&xml[xml.rfind("<xenc:CipherValue>").unwrap()..], "xenc:CipherValue");
        let mut bytes =
            STANDARD.decode(&value["<xenc:CipherValue>".len()..value.len() - "</xenc:CipherValue>".len()]).unwrap();
        bytes.truncate(bytes.len().saturating_sub(cut).max(16));
        let cut = replace(&xml, value, &format!("<xenc:CipherValue>{}</xenc:CipherValue>", STANDARD.encode(bytes)));
        messages
            .push((format!("AES-CBC, {name}"), RSA.sign_element(&cut, &terms().response_id, &RSA.profile()).unwrap()));
    }
    cases(Class::Encryption, ORACLES, FAILED, messages)
}

/// What was decrypted is a message like any other.
fn plaintexts() -> Vec<Case> {
    let assertion = alone(Signed::Assertion);
    let bare = assertion.replace(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "");
    let entity = "<!DOCTYPE saml:Assertion [<!ENTITY eve \"eve@acme.test\">]>";
    let bomb = format!("<!DOCTYPE a [<!ENTITY a \"{0}\"><!ENTITY b \"{1}\">]>", "a".repeat(64), "&a;".repeat(64));
    let deep =
        assertion.replace("<saml:Conditions", &format!("{}{}<saml:Conditions", "<x>".repeat(60), "</x>".repeat(60)));
    let wide = assertion.replace("<saml:Conditions", &format!("<x {}/><saml:Conditions", "y".repeat(9000)));
    let name_id = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">eve@acme.test</saml:NameID>";
    let other = assertion.replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion");
    let encrypted_again = encryption().encrypt("EncryptedAssertion", &assertion).unwrap();
    let unreadable = [
        ("nothing", String::new()),
        ("text", "eve".to_owned()),
        ("a NameID", name_id.to_owned()),
        ("a whole Response", genuine(Signed::Response)),
        ("an Assertion of another namespace", other),
        ("a prefix that is declared outside", bare),
        ("two elements", format!("{assertion}{assertion}")),
        ("an Assertion with a DTD", format!("{entity}{assertion}")),
        ("an Assertion with a bomb", format!("{bomb}{assertion}")),
        ("an Assertion too deep", deep),
        ("an Assertion with too large a tag", wide),
        ("a byte order mark", format!("\u{feff}{assertion}")),
        ("an encrypted assertion", encrypted_again.clone()),
    ];
    let nested =
        assertion.replace("<saml:Conditions", &format!("<saml:Advice>{encrypted_again}</saml:Advice><saml:Conditions"));
    let advice = assertion
        .replace("<saml:Conditions", &format!("<saml:Advice>{}</saml:Advice><saml:Conditions", alone(Signed::Nothing)));
    let two: Caught = (CheckName::ResponseAssertion, Refusal::AssertionNotSingle);
    let id: Caught = (CheckName::ResponseAssertion, Refusal::IdInvalid);
    let same: Caught = (CheckName::ResponseAssertion, Refusal::IdNotUnique);
    let version: Caught = (CheckName::ResponseAssertion, Refusal::NotAResponse);
    let repeated =
        assertion.replace("<saml:Conditions", &format!("<x ID=\"{}\"/><saml:Conditions", terms().assertion_id));
    let mut all = cases(
        Class::Encryption,
        ORACLES,
        FAILED,
        unreadable.map(|(name, xml)| (format!("{name} inside"), holding(&xml))),
    );
    let inside = [("another assertion in Advice", advice), ("an encrypted assertion in Advice", nested)];
    all.extend(cases(Class::Encryption, WRAPPING, two, inside.map(|(name, xml)| (name, holding_signed(&xml)))));
    all.extend(cases(Class::Encryption, WRAPPING, same, [("an ID twice inside", holding_signed(&repeated))]));
    let nameless = alone(Signed::Nothing).replace(&terms().assertion_id, "");
    all.extend(cases(Class::Encryption, "", id, [("an Assertion without ID inside", holding_signed(&nameless))]));
    let old = alone(Signed::Nothing).replace("Version=\"2.0\"", "Version=\"1.1\"");
    all.extend(cases(Class::Encryption, "", version, [("an Assertion of SAML 1.1 inside", holding_signed(&old))]));
    all
}

/// The NameID alone, in an Assertion that can be read.
fn parts() -> Vec<Case> {
    let name_id = |placement| {
        let mut encryption = encryption();
        (encryption.encrypts, encryption.placement) = (Encrypts::NameId, placement);
        encryption
    };
    let assertion = "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>";
    let wrong = name_id(KeyPlacement::Inside).encrypt("EncryptedID", assertion).unwrap();
    let xml = provider(&RSA).respond(&ada(), &terms().encrypted(name_id(KeyPlacement::Inside))).unwrap();
    let inside = element(&xml, "saml:EncryptedID").to_owned();
    let plain = element(&genuine(Signed::Nothing), "saml:NameID").to_owned();
    let value: Caught = (CheckName::SignatureValue, Refusal::SignatureInvalid);
    let missing: Caught = (CheckName::SubjectNameId, Refusal::NameIdMissing);
    let both = format!("{plain}{inside}");
    [
        cases(
            Class::Encryption,
            "",
            FAILED,
            [("an Assertion in an EncryptedID", signed_after(Signed::Assertion, |xml| replace(&xml, &plain, &wrong)))],
        ),
        cases(
            Class::Encryption,
            "",
            FORM,
            [(
                "an empty EncryptedID",
                signed_after(Signed::Assertion, |xml| replace(&xml, &plain, "<saml:EncryptedID/>")),
            )],
        ),
        cases(
            Class::Encryption,
            "",
            missing,
            [("a NameID beside an EncryptedID", signed_after(Signed::Assertion, |xml| replace(&xml, &plain, &both)))],
        ),
        cases(
            Class::Encryption,
            WRAPPING,
            value,
            [("another EncryptedID in a signed Assertion", replace(&xml, &inside, &wrong))],
        ),
    ]
    .concat()
}

/// What depends on what the connection expects.
fn settings() -> Vec<Case> {
    let place: Caught = (CheckName::ResponseAssertion, Refusal::AssertionEncrypted);
    let part: Caught = (CheckName::ResponseEncryption, Refusal::AssertionEncrypted);
    let plain: Caught = (CheckName::ResponseEncryption, Refusal::AssertionNotEncrypted);
    let context: Caught = (CheckName::AuthnContext, Refusal::AuthnContextMismatch);
    let name_id = encrypted(Signed::Assertion, |terms| terms.encrypts = Encrypts::NameId);
    let contextless =
        signed_after(Signed::Assertion, |xml| replace(&xml, element(&xml, "saml:AuthnContextClassRef"), ""));
    let with = |setting: Setting, cases: Vec<Case>| cases.into_iter().map(move |case| Case { setting, ..case });
    let unexpected = [("no key, an EncryptedAssertion", encrypted(Signed::Both, |_| {}))];
    let unexpected_part = [("no key, an EncryptedID", name_id)];
    let contexts = [
        ("a password where more is required", genuine(Signed::Both)),
        ("no context where one is required", contextless),
    ];
    with(Setting::NoDecryptionKeys, cases(Class::Encryption, "", place, unexpected))
        .chain(with(Setting::NoDecryptionKeys, cases(Class::Encryption, "", part, unexpected_part)))
        .chain(with(
            Setting::EncryptionRequired,
            cases(
                Class::Encryption,
                "",
                plain,
                [("plain, though encryption is required", genuine(Signed::Both).replace("ada@", "ida@"))],
            ),
        ))
        .chain(with(Setting::StrongAuthnContext, cases(Class::AuthnContext, "", context, contexts)))
        .collect()
}
