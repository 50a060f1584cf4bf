//! Place, form, reference and algorithms of the signatures of a Response, before anything is computed.

use super::{Expectation, shape::Shape};
use crate::{
    CheckName, Refusal,
    check::{Checklist, Listed},
    signature::{Algorithms, EnvelopedSignature, Misformed},
    xml::Node,
};

/// A signature that has the right form, and its algorithms.
pub(super) struct Signed<'t> {
    pub(super) signature: EnvelopedSignature<'t>,
    pub(super) algorithms: Algorithms,
}

/// Checks place, form, reference and algorithms of every signature in the document.
pub(super) fn inspect<'t>(
    shape: &Shape<'t>,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<Vec<Signed<'t>>, Refusal> {
    let parents = placed(shape, checks)?;
    let signatures = formed(shape, parents, checks)?;
    references(shape, &signatures, checks)?;
    algorithms(signatures, expectation, checks)
}

/// One or two signatures, each a child of the Response or of the Assertion, not two in one place.
fn placed<'t>(shape: &Shape<'t>, checks: &mut Checklist) -> Result<Vec<(Node<'t>, Node<'t>)>, Refusal> {
    let (name, expected) = (CheckName::SignaturePresent, "on the Response, the Assertion or both");
    if shape.signatures.is_empty() {
        return Err(checks.fail(name, expected, "none", Refusal::SignatureMissing));
    }
    let mut placed: Vec<(Node<'t>, Node<'t>)> = Vec::with_capacity(2);
    for signature in &shape.signatures {
        let allowed = [shape.response.id(), shape.assertion.id()];
        let parent = signature.parent().filter(|parent| allowed.contains(&parent.id()));
        let Some(parent) = parent.filter(|parent| placed.iter().all(|(_, other)| other.id() != parent.id())) else {
            let found = format!("a signature in {}", signature.parent().map_or("nothing", Node::local_name));
            return Err(checks.fail(name, expected, &found, Refusal::SignatureMisplaced));
        };
        placed.push((*signature, parent));
    }
    checks.pass(name, expected, Listed(placed.iter().map(|(_, parent)| parent.local_name())));
    Ok(placed)
}

fn formed<'t>(
    shape: &Shape<'t>,
    placed: Vec<(Node<'t>, Node<'t>)>,
    checks: &mut Checklist,
) -> Result<Vec<EnvelopedSignature<'t>>, Refusal> {
    let (name, expected) = (CheckName::SignatureProfile, "one Reference, nothing but what SAML prescribes");
    if let Some(element) = shape.forbidden {
        return Err(checks.fail(name, expected, element, Refusal::SignatureProfileViolated));
    }
    let formed: Option<Vec<_>> =
        placed.into_iter().map(|(signature, parent)| EnvelopedSignature::read(signature, parent)).collect();
    let Some(formed) = formed else {
        return Err(checks.fail(name, expected, "another form", Refusal::SignatureProfileViolated));
    };
    checks.pass(name, expected, "one Reference in each signature");
    Ok(formed)
}

fn references(shape: &Shape<'_>, signatures: &[EnvelopedSignature<'_>], checks: &mut Checklist) -> Result<(), Refusal> {
    let name = CheckName::SignatureReference;
    for each in signatures {
        let id = if each.parent.id() == shape.response.id() { shape.response_id } else { shape.assertion_id };
        each.require_reference(id).map_err(|misformed| refuse(name, &misformed, checks))?;
    }
    let found = Listed(signatures.iter().map(|each| each.reference_uri));
    checks.pass(name, "the element it stands in, enveloped, exclusive C14N", found);
    Ok(())
}

fn algorithms<'t>(
    signatures: Vec<EnvelopedSignature<'t>>,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<Vec<Signed<'t>>, Refusal> {
    let (name, expected) = (CheckName::SignatureAlgorithm, "RSA or ECDSA with SHA-256, SHA-384 or SHA-512");
    let sha1_until = expectation.sha1_until.filter(|until| expectation.now < *until);
    let mut signed = Vec::with_capacity(signatures.len());
    for signature in signatures {
        let algorithms = signature.algorithms(sha1_until.is_some());
        let algorithms = algorithms.map_err(|misformed| refuse(name, &misformed, checks))?;
        signed.push(Signed { signature, algorithms });
    }
    let found = signed.iter().map(|each| each.signature.signature_method);
    if let Some(until) = sha1_until.filter(|_| signed.iter().any(|each| each.algorithms.uses_sha1())) {
        let found = found.collect::<Vec<_>>().join(", ");
        checks.warn(name, expected, format_args!("SHA-1, which this connection allows until {until}: {found}"));
    } else {
        checks.pass(name, expected, Listed(found));
    }
    Ok(signed)
}

fn refuse(name: CheckName, misformed: &Misformed, checks: &mut Checklist) -> Refusal {
    checks.fail(name, &misformed.expected, &misformed.found, misformed.refusal)
}
