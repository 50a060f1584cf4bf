//! Encryption: what stands around a ciphertext, what is in it, and that a ciphertext tells nobody anything.

mod ciphertext;
mod plaintext;

use vestibule_saml::{CheckName, Refusal};
use vestibule_saml_idp::{ContentCipher, EncryptionTerms, Encrypts, KeyPlacement, Signed};

use super::{Case, Caught, Class, Setting, cases};
use crate::support::{ADA, RSA, STRANGER, ada, element, encryption, genuine, provider, replace, signed_after, terms};

const ORACLES: &str = "Jager and Somorovsky, How to Break XML Encryption, 2011";
const WRAPPING: &str = "Somorovsky et al., On Breaking SAML, 2012";
const BLEICHENBACHER: &str = "Jager et al., Bleichenbacher's Attack Strikes Again, 2012";

const FORM: Caught = (CheckName::ResponseEncryption, Refusal::EncryptionProfileViolated);
const ALGORITHM: Caught = (CheckName::ResponseEncryption, Refusal::EncryptionAlgorithmNotAllowed);
const UNAUTHENTICATED: Caught = (CheckName::ResponseEncryption, Refusal::EncryptionUnauthenticated);
const FAILED: Caught = (CheckName::ResponseEncryption, Refusal::DecryptionFailed);

pub(super) fn all() -> Vec<Case> {
    let mut all =
        [wrapping(), signatures(), form(), algorithms(), ciphertext::all(), plaintext::all(), parts()].concat();
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
    let outside = replace(&holding(&evil), "<samlp:Status>", &format!("{genuine_signature}<samlp:Status>"));
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
