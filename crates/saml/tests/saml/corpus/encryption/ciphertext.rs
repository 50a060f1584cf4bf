//! Whatever is wrong with a ciphertext or a key has one answer.

use super::{Case, Class, FAILED, ORACLES, cases, encrypted, usual};
use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_saml_idp::{ContentCipher, Signed};

use crate::support::{RSA, element, encrypted_for, other_credential, replace, terms};

pub(super) fn all() -> Vec<Case> {
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
                *byte ^= 1;
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
    messages.extend(half_blocks());
    cases(Class::Encryption, ORACLES, FAILED, messages)
}

/// Inside of a signed Response, AES-CBC: whoever can make it sign can choose the ciphertext.
fn half_blocks() -> Vec<(String, String)> {
    let mut messages = Vec::new();
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
    messages
}
