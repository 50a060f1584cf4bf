//! The form of a signature, before anything is computed (SAML core section 5.4). What is not exactly this never
//! reaches the signature engine: no URI is followed, no transform language is run, no algorithm is negotiated.

use super::shape::Shape;
use crate::{
    CheckName, Refusal,
    check::Checklist,
    name::{DSIG, ENVELOPED, EXCLUSIVE_C14N},
    xml::Node,
};

/// RFC 6931: RSA (PKCS#1 v1.5) and ECDSA with SHA-2. No SHA-1, no HMAC, no DSA.
const SIGNATURE_METHODS: [&str; 6] = [
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];

/// SHA-2 only.
const DIGEST_METHODS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

/// A signature that has the right form, and the element it stands in and claims to cover.
pub(super) struct Signed<'t> {
    pub(super) signature: Node<'t>,
    pub(super) parent: Node<'t>,
    reference_uri: &'t str,
    transforms: Vec<&'t str>,
    canonicalization_method: &'t str,
    signature_method: &'t str,
    digest_method: &'t str,
}

/// Checks place, form, reference and algorithms of every signature in the document.
pub(super) fn inspect<'t>(shape: &Shape<'t>, checks: &mut Checklist) -> Result<Vec<Signed<'t>>, Refusal> {
    let parents = placed(shape, checks)?;
    let signed = formed(shape, parents, checks)?;
    references(shape, &signed, checks)?;
    algorithms(&signed, checks)?;
    Ok(signed)
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
    let found: Vec<&str> = placed.iter().map(|(_, parent)| parent.local_name()).collect();
    checks.pass(name, expected, &found.join(", "));
    Ok(placed)
}

fn formed<'t>(
    shape: &Shape<'t>,
    placed: Vec<(Node<'t>, Node<'t>)>,
    checks: &mut Checklist,
) -> Result<Vec<Signed<'t>>, Refusal> {
    let (name, expected) = (CheckName::SignatureProfile, "one Reference, nothing but what SAML prescribes");
    if let Some(element) = shape.forbidden {
        return Err(checks.fail(name, expected, element, Refusal::SignatureProfileViolated));
    }
    let signed: Option<Vec<_>> = placed.into_iter().map(|(signature, parent)| form(signature, parent)).collect();
    let Some(signed) = signed else {
        return Err(checks.fail(name, expected, "another form", Refusal::SignatureProfileViolated));
    };
    checks.pass(name, expected, "one Reference in each signature");
    Ok(signed)
}

/// `Signature(SignedInfo(CanonicalizationMethod, SignatureMethod, Reference(Transforms, DigestMethod,
/// DigestValue)), SignatureValue, KeyInfo?)`: exactly these elements in this order, no comment or other text
/// between them, no attribute in a foreign namespace that a reader by local name could take for its own.
fn form<'t>(signature: Node<'t>, parent: Node<'t>) -> Option<Signed<'t>> {
    let mut parts = signature.elements();
    let (signed_info, value, key_info) = (parts.next()?, parts.next()?, parts.next());
    let whole = parts.next().is_none() && key_info.is_none_or(|node| node.is(DSIG, "KeyInfo"));
    let value_is_text = value.is(DSIG, "SignatureValue") && value.holds_only_text() && has_only(value, &[]);
    if !whole || !value_is_text || !signature.holds_only_elements() || !has_only(signature, &[]) {
        return None;
    }
    let signed_info = Some(signed_info).filter(|node| node.is(DSIG, "SignedInfo") && has_only(*node, &[]))?;
    let [canonicalization, method, reference] =
        children(signed_info, ["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
    let [transforms, digest_method, digest_value] = children(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
    let leaves = empty(method) && empty(digest_method) && digest_value.holds_only_text();
    let attributes = has_only(reference, &["URI"]) && has_only(transforms, &[]) && has_only(digest_value, &[]);
    if !leaves || !attributes || !prefixes_only(canonicalization) || !transforms.holds_only_elements() {
        return None;
    }
    let mut algorithms = Vec::with_capacity(2);
    for transform in transforms.elements() {
        algorithms.push(algorithm(transform).filter(|_| transform.is(DSIG, "Transform"))?);
    }
    // Only a list of prefixes may stand in a transform; what another transform holds is judged by its name.
    let known = algorithms.iter().all(|name| [ENVELOPED, EXCLUSIVE_C14N].contains(name));
    if known && !transforms.elements().all(prefixes_only) {
        return None;
    }
    Some(Signed {
        signature,
        parent,
        reference_uri: reference.attribute("URI").unwrap_or("none"),
        transforms: algorithms,
        canonicalization_method: algorithm(canonicalization)?,
        signature_method: algorithm(method)?,
        digest_method: algorithm(digest_method)?,
    })
}

/// Exactly these children in this order.
fn children<'t, const N: usize>(node: Node<'t>, names: [&str; N]) -> Option<[Node<'t>; N]> {
    let children: [Node<'t>; N] = node.elements().collect::<Vec<_>>().try_into().ok()?;
    let in_order = children.iter().zip(names).all(|(child, name)| child.is(DSIG, name));
    (in_order && node.holds_only_elements()).then_some(children)
}

/// The Algorithm, when the element has no other attribute.
fn algorithm(node: Node<'_>) -> Option<&str> {
    node.attribute("Algorithm").filter(|_| has_only(node, &["Algorithm"]))
}

fn empty(node: Node<'_>) -> bool {
    node.holds_only_elements() && node.elements().next().is_none()
}

/// Nothing, or one `ec:InclusiveNamespaces` (exclusive C14N section 4).
fn prefixes_only(node: Node<'_>) -> bool {
    let is_list = |child: Node<'_>| {
        child.is(EXCLUSIVE_C14N, "InclusiveNamespaces") && has_only(child, &["PrefixList"]) && empty(child)
    };
    node.holds_only_elements() && node.elements().count() <= 1 && node.elements().all(is_list)
}

/// Whether the element has no attributes but these and `Id`, all without a namespace.
fn has_only(node: Node<'_>, allowed: &[&str]) -> bool {
    node.element().is_some_and(|element| {
        element.attributes.iter().all(|attribute| {
            let name = &*attribute.name.local_name;
            attribute.name.namespace_uri.is_none() && (name == "Id" || allowed.contains(&name))
        })
    })
}

/// The reference names the element that the signature stands in, through enveloped-signature and exclusive C14N
/// and nothing else (SAML core sections 5.4.2 and 5.4.4).
fn references(shape: &Shape<'_>, signed: &[Signed<'_>], checks: &mut Checklist) -> Result<(), Refusal> {
    let name = CheckName::SignatureReference;
    for each in signed {
        let id = if each.parent.id() == shape.response.id() { shape.response_id } else { shape.assertion_id };
        let expected = format!("#{id}");
        if each.reference_uri != expected {
            return Err(checks.fail(name, &expected, each.reference_uri, Refusal::SignatureReferenceForbidden));
        }
        if each.transforms != [ENVELOPED, EXCLUSIVE_C14N] {
            let expected = "enveloped-signature, exclusive C14N";
            let found = each.transforms.join(", ");
            return Err(checks.fail(name, expected, &found, Refusal::SignatureTransformForbidden));
        }
    }
    let found: Vec<&str> = signed.iter().map(|each| each.reference_uri).collect();
    checks.pass(name, "the element it stands in, enveloped, exclusive C14N", &found.join(", "));
    Ok(())
}

fn algorithms(signed: &[Signed<'_>], checks: &mut Checklist) -> Result<(), Refusal> {
    let (name, expected) = (CheckName::SignatureAlgorithm, "RSA or ECDSA with SHA-256, SHA-384 or SHA-512");
    for each in signed {
        for (algorithm, allowed) in [
            (each.signature_method, SIGNATURE_METHODS.as_slice()),
            (each.digest_method, DIGEST_METHODS.as_slice()),
            (each.canonicalization_method, [EXCLUSIVE_C14N].as_slice()),
        ] {
            if !allowed.contains(&algorithm) {
                return Err(checks.fail(name, expected, algorithm, Refusal::SignatureAlgorithmNotAllowed));
            }
        }
    }
    let found: Vec<&str> = signed.iter().map(|each| each.signature_method).collect();
    checks.pass(name, expected, &found.join(", "));
    Ok(())
}
