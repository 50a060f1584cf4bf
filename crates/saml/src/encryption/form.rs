//! The form of an encrypted element (SAML core section 2.2.4), read before any key is touched.

use super::{Cipher, transport::KeyTransport};
use crate::{
    Refusal, encoding, limit,
    name::{DSIG, XENC},
    signature::Misformed,
    xml::Node,
};

/// The only Type that SAML allows.
const TYPE_ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";
const TYPE_ENCRYPTED_KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";

/// What an EncryptedAssertion, EncryptedID or EncryptedAttribute holds.
pub(crate) struct Encrypted {
    pub(crate) cipher: Cipher,
    pub(super) ciphertext: Vec<u8>,
    pub(super) keys: Vec<EncryptedKey>,
}

/// A content key, encrypted for one of our keys. For which is not asked: a Recipient, a `KeyName` or a certificate beside it
/// is a hint of the sender's that nothing follows.
pub(super) struct EncryptedKey {
    pub(super) transport: KeyTransport,
    pub(super) ciphertext: Vec<u8>,
}

const FORM: &str = "one EncryptedData with EncryptionMethod, KeyInfo and CipherValue, and its EncryptedKeys";
const METHODS: &str = "AES in GCM or CBC mode, RSA-OAEP with SHA-1 or with SHA-256 throughout";

impl Encrypted {
    /// Reads the element, or tells what is not as it must be. Nothing is fetched, nothing is resolved outside of it.
    pub(crate) fn read(element: Node<'_>) -> Result<Self, Misformed> {
        let mut children = element.elements();
        let data =
            children.next().filter(|first| first.is(XENC, "EncryptedData")).ok_or_else(|| form("no EncryptedData"))?;
        let siblings: Vec<Node<'_>> = children.collect();
        if !element.holds_only_elements() || !siblings.iter().all(|sibling| sibling.is(XENC, "EncryptedKey")) {
            return Err(form("something else beside the EncryptedData"));
        }
        if data.attribute("Type").is_some_and(|kind| kind != TYPE_ELEMENT) {
            return Err(form("a Type that is not Element"));
        }
        let Parts { method, key_info, cipher_value } = Parts::read(data, &[]).ok_or_else(|| form("another form"))?;
        if method.elements().any(|child| !child.is(XENC, "KeySize")) {
            return Err(form("parameters of the EncryptionMethod"));
        }
        let uri = method.attribute("Algorithm").unwrap_or("none");
        let cipher = Cipher::of_uri(uri).ok_or_else(|| not_allowed(uri))?;
        let inside = key_info.map(|key_info| inside(key_info, &siblings)).transpose()?.unwrap_or_default();
        let found: Vec<Node<'_>> = inside.into_iter().chain(siblings).collect();
        if found.is_empty() || found.len() > limit::ENCRYPTED_KEYS_MAX {
            return Err(form(&format!("{} EncryptedKeys", found.len())));
        }
        let keys = found.into_iter().map(EncryptedKey::read).collect::<Result<_, _>>()?;
        Ok(Self { cipher, ciphertext: decoded(cipher_value), keys })
    }
}

impl EncryptedKey {
    fn read(key: Node<'_>) -> Result<Self, Misformed> {
        let parts = Parts::read(key, &["ReferenceList", "CarriedKeyName"]);
        let Parts { method, cipher_value, .. } = parts.ok_or_else(|| form("an EncryptedKey of another form"))?;
        let transport = KeyTransport::read(method).map_err(|found| not_allowed(&found))?;
        Ok(Self { transport, ciphertext: decoded(cipher_value) })
    }
}

/// What EncryptedData and EncryptedKey have in common (XML Encryption 1.1 section 3.1). No CipherReference: what is
/// encrypted stands in the message. No EncryptionProperties.
struct Parts<'t> {
    method: Node<'t>,
    key_info: Option<Node<'t>>,
    cipher_value: Node<'t>,
}

impl<'t> Parts<'t> {
    fn read(node: Node<'t>, behind: &[&str]) -> Option<Self> {
        let mut children = node.elements().peekable();
        let method = children.next().filter(|method| method.is(XENC, "EncryptionMethod"))?;
        let key_info = children.next_if(|child| child.is(DSIG, "KeyInfo"));
        let data = children.next().filter(|data| data.is(XENC, "CipherData") && data.holds_only_elements())?;
        let mut values = data.elements();
        let cipher_value = values.next().filter(|value| value.is(XENC, "CipherValue") && value.text().is_ok())?;
        let known = children.all(|child| behind.iter().any(|name| child.is(XENC, name)));
        let whole = known && values.next().is_none() && node.holds_only_elements() && method.holds_only_elements();
        whole.then_some(Self { method, key_info, cipher_value })
    }
}

/// The EncryptedKeys of a KeyInfo. A RetrievalMethod may only say what holds anyway, that an EncryptedKey stands beside
/// the EncryptedData; `KeyName`, `X509Data` and the like are hints that nothing follows.
fn inside<'t>(key_info: Node<'t>, siblings: &[Node<'t>]) -> Result<Vec<Node<'t>>, Misformed> {
    let mut keys = Vec::new();
    for child in key_info.elements() {
        if child.is(XENC, "EncryptedKey") {
            keys.push(child);
        } else if child.is(DSIG, "RetrievalMethod") {
            let id = child.attribute("URI").and_then(|uri| uri.strip_prefix('#'));
            let beside = id.is_some_and(|id| siblings.iter().any(|sibling| sibling.attribute("Id") == Some(id)));
            let of_key = child.attribute("Type") == Some(TYPE_ENCRYPTED_KEY);
            if !beside || !of_key || child.elements().next().is_some() {
                return Err(form("a RetrievalMethod that leads elsewhere"));
            }
        }
    }
    Ok(keys)
}

/// What is no Base64 is an empty ciphertext, which does not open: whatever is wrong with a
/// ciphertext has one answer.
fn decoded(value: Node<'_>) -> Vec<u8> {
    encoding::decode(&value.text().unwrap_or_default()).unwrap_or_default()
}

fn form(found: &str) -> Misformed {
    Misformed { expected: FORM.to_owned(), found: found.to_owned(), refusal: Refusal::EncryptionProfileViolated }
}

fn not_allowed(found: &str) -> Misformed {
    let refusal = Refusal::EncryptionAlgorithmNotAllowed;
    Misformed { expected: METHODS.to_owned(), found: found.to_owned(), refusal }
}
