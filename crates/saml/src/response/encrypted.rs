//! A Response whose Assertion, or the NameID in it, is encrypted.
//!
//! What stands outside is judged first and by the same rules: its shape, and its signature if it has one. What comes out
//! is a document of its own, with the limits of any other; it must be signed itself unless the verified signature of
//! the Response covers its ciphertext. Values are read from the decrypted tree only, the Response's own from the outer one.

use uppsala::Document;

use super::{
    Evidence, Expectation, Judged, read,
    shape::{Envelope, Shape},
    signature::Signer,
    verify,
};
use crate::{
    CheckName, Refusal,
    check::{Checklist, Verified},
    encryption::{DecryptionKeys, Encrypted},
    name::ASSERTION,
    xml::{self, Limits, Node},
};

const NAME: CheckName = CheckName::ResponseEncryption;
const OPENS: &str = "opens with a key of this connection";

/// Nothing is encrypted, where that is allowed.
pub(super) fn may_be_plain(expectation: &Expectation<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let expected =
        if expectation.encryption_required { "an EncryptedAssertion" } else { "as the identity provider likes" };
    let (holds, found) = (!expectation.encryption_required, "an Assertion that is not encrypted");
    checks.require(NAME, holds, expected, found, Refusal::AssertionNotEncrypted)
}

/// Judges a Response with an EncryptedAssertion.
pub(super) fn judge(
    envelope: &Envelope<'_>,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<Judged, Refusal> {
    // The Response's signature comes first: AES-CBC under a key of ours is an oracle for whoever may change a ciphertext.
    let outer = signer(&envelope.signable, expectation, checks)?;
    let plaintext = open(envelope.encrypted, outer.is_some(), expectation.decryption, checks)?;
    let document = parsed(&plaintext, "Assertion", checks)?;
    let root = Node::root(&document).ok_or_else(|| does_not_open(checks))?;
    checks.pass(NAME, OPENS, "opened");
    // From here on `document` is the only reading of the Assertion there is.
    let decrypted = Shape::of_decrypted(root, checks)?;
    let inner = signer(&decrypted, expectation, checks)?;
    let Some(signer) = Signer::of(inner.as_ref(), outer.as_ref()) else {
        let (name, expected) = (CheckName::SignaturePresent, "on the Response, the decrypted Assertion or both");
        return Err(checks.fail(name, expected, "none", Refusal::SignatureMissing));
    };
    let shape = Shape { response: envelope.response, ..decrypted };
    let assertion = read(&shape, &signer, expectation, checks)?;
    // The Response's signature covers the ciphertext, which another engine cannot open.
    let readable = inner.filter(|_| !shape.hides_name_id());
    let verified = readable.map(|inner| Verified { document: plaintext.clone(), signed_by: inner.fingerprints });
    Ok(Judged { assertion, evidence: Evidence::Document(verified) })
}

/// Opens an element that stands in the place of a `name` in what a verified signature covers; `take` reads it.
pub(crate) fn element<T>(
    encrypted: Node<'_>,
    name: &str,
    keys: Option<&DecryptionKeys>,
    checks: &mut Checklist,
    take: impl FnOnce(Node<'_>, &mut Checklist) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let plaintext = open(encrypted, true, keys, checks)?;
    let document = parsed(&plaintext, name, checks)?;
    let root = Node::root(&document).ok_or_else(|| does_not_open(checks))?;
    checks.pass(NAME, OPENS, &format!("{name} opened"));
    take(root, checks)
}

/// Who signed the one element of a document that may be signed; nobody, when there is no signature in it.
fn signer(shape: &Shape<'_>, expectation: &Expectation<'_>, checks: &mut Checklist) -> Result<Option<Signer>, Refusal> {
    match (shape.signatures.is_empty(), shape.forbidden) {
        (true, Some(element)) => {
            let (name, expected) = (CheckName::SignatureProfile, "nothing but what SAML prescribes");
            Err(checks.fail(name, expected, element, Refusal::SignatureProfileViolated))
        }
        (true, None) => Ok(None),
        (false, _) => verify(shape, expectation, checks).map(Some),
    }
}

impl Signer {
    /// The Assertion's own signature speaks for it; else the Response's does, which covers its ciphertext.
    fn of(inner: Option<&Self>, outer: Option<&Self>) -> Option<Self> {
        let speaks = inner.or(outer)?;
        Some(Self {
            fingerprint: speaks.fingerprint,
            fingerprints: speaks.fingerprints.clone(),
            covers_response: outer.is_some(),
        })
    }
}

/// The text of an encrypted element. `authenticated` tells whether a verified signature covers it.
fn open(
    element: Node<'_>,
    authenticated: bool,
    keys: Option<&DecryptionKeys>,
    checks: &mut Checklist,
) -> Result<String, Refusal> {
    let Some(keys) = keys.filter(|keys| !keys.is_empty()) else {
        return Err(checks.fail(NAME, "nothing encrypted", element.local_name(), Refusal::AssertionEncrypted));
    };
    let encrypted = Encrypted::read(element)
        .map_err(|misformed| checks.fail(NAME, &misformed.expected, &misformed.found, misformed.refusal))?;
    if encrypted.cipher.is_malleable() && !authenticated {
        let (expected, found) = ("AES-GCM, or a signature around it", "AES-CBC and no signature around it");
        return Err(checks.fail(NAME, expected, found, Refusal::EncryptionUnauthenticated));
    }
    keys.open(&encrypted).map_err(|_| does_not_open(checks))
}

/// Plaintext as a document of its own, whose element is a `name` of SAML's: it inherits no namespace and no trust. That
/// it is none is no other answer than that nothing was decrypted.
fn parsed<'p>(plaintext: &'p str, name: &str, checks: &mut Checklist) -> Result<Document<'p>, Refusal> {
    let document = xml::parse(plaintext, Limits::RESPONSE).map_err(|_| does_not_open(checks))?;
    let is_expected = Node::root(&document).is_some_and(|root| root.is(ASSERTION, name));
    if is_expected { Ok(document) } else { Err(does_not_open(checks)) }
}

/// One answer for everything that goes wrong once a private key is involved.
fn does_not_open(checks: &mut Checklist) -> Refusal {
    checks.fail(NAME, OPENS, "does not open", Refusal::DecryptionFailed)
}
