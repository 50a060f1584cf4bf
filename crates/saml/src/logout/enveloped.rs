//! The enveloped signature of the POST binding: the same code as that of a Response, with one place where it may stand.

use super::LogoutExpectation;
use crate::{
    CheckName, Fingerprint, Refusal,
    check::Checklist,
    response::{Inventory, diagnose},
    signature::{EnvelopedSignature, Misformed},
    xml::Node,
};

/// Verifies that the message as a whole is signed, once.
pub(super) fn verify(
    root: Node<'_>,
    id: &str,
    expectation: &LogoutExpectation<'_>,
    checks: &mut Checklist,
) -> Result<Fingerprint, Refusal> {
    let inventory = Inventory::of(root);
    if inventory.repeated_id {
        let (name, expected) = (CheckName::LogoutShape, "each ID once");
        return Err(checks.fail(name, expected, "an ID that two elements carry", Refusal::IdNotUnique));
    }
    let signature = placed(root, &inventory, checks)?;
    let signature = formed(root, signature, &inventory, checks)?;
    let refuse = |name, misformed: Misformed, checks: &mut Checklist| {
        checks.fail(name, &misformed.expected, &misformed.found, misformed.refusal)
    };
    let name = CheckName::SignatureReference;
    signature.require_reference(id).map_err(|misformed| refuse(name, misformed, checks))?;
    checks.pass(name, "the whole message, enveloped, exclusive C14N", signature.reference_uri);
    let algorithms = signature.algorithms(expectation.sha1_until().is_some());
    let algorithms = algorithms.map_err(|misformed| refuse(CheckName::SignatureAlgorithm, misformed, checks))?;
    expectation.note_algorithm(signature.signature_method, algorithms.uses_sha1(), checks);

    let (name, expected) = (CheckName::SignatureValue, "verifies with the key of a trusted certificate");
    let certificate = signature.verify(algorithms, expectation.trusted).map_err(|unproven| {
        let (found, refusal) = diagnose(signature.signature, unproven, expectation.trusted);
        checks.fail(name, expected, &found, refusal)
    })?;
    checks.pass(name, expected, format_args!("{}", certificate.fingerprint()));
    expectation.require_validity(certificate, checks)?;
    Ok(certificate.fingerprint())
}

/// SAML bindings section 3.4.4.1: whoever puts a message into a query takes its enveloped signature off. One that is
/// there all the same was made for another binding, and another place.
pub(super) fn must_be_absent(root: Node<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    if Inventory::of(root).signatures.is_empty() {
        return Ok(());
    }
    let (name, expected) = (CheckName::SignaturePresent, "in the query only");
    Err(checks.fail(name, expected, "a signature in the message", Refusal::SignatureMisplaced))
}

fn placed<'t>(root: Node<'t>, inventory: &Inventory<'t>, checks: &mut Checklist) -> Result<Node<'t>, Refusal> {
    let (name, expected) = (CheckName::SignaturePresent, "one, on the message");
    match inventory.signatures.as_slice() {
        [] => Err(checks.fail(name, expected, "none", Refusal::SignatureMissing)),
        [only] if only.parent().map(Node::id) == Some(root.id()) => {
            checks.pass(name, expected, "one");
            Ok(*only)
        }
        several => {
            let found = format!("{} signatures, or one in another place", several.len());
            Err(checks.fail(name, expected, &found, Refusal::SignatureMisplaced))
        }
    }
}

fn formed<'t>(
    root: Node<'t>,
    signature: Node<'t>,
    inventory: &Inventory<'t>,
    checks: &mut Checklist,
) -> Result<EnvelopedSignature<'t>, Refusal> {
    let (name, expected) = (CheckName::SignatureProfile, "one Reference, nothing but what SAML prescribes");
    if let Some(element) = inventory.forbidden {
        return Err(checks.fail(name, expected, element, Refusal::SignatureProfileViolated));
    }
    let Some(formed) = EnvelopedSignature::read(signature, root) else {
        return Err(checks.fail(name, expected, "another form", Refusal::SignatureProfileViolated));
    };
    checks.pass(name, expected, "one Reference");
    Ok(formed)
}
