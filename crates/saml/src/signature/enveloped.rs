use super::{Hash, SignatureMethod};
use crate::{
    Certificate, Refusal, TrustedCertificates, encoding, limit,
    name::{DSIG, ENVELOPED, EXCLUSIVE_C14N},
    xml::{Node, canonicalize},
};

/// A signature that has the form that SAML prescribes (core section 5.4), and the element it stands in and claims to
/// cover. What is not exactly this is never computed: no URI is followed, no transform language is run, no algorithm
/// is negotiated.
pub(crate) struct EnvelopedSignature<'t> {
    pub(crate) signature: Node<'t>,
    pub(crate) parent: Node<'t>,
    pub(crate) reference_uri: &'t str,
    pub(crate) signature_method: &'t str,
    signed_info: Node<'t>,
    transforms: Vec<&'t str>,
    /// The PrefixLists of SignedInfo and of the reference.
    prefixes: [Vec<&'t str>; 2],
    canonicalization_method: &'t str,
    digest_method: &'t str,
    digest_value: &'t str,
    signature_value: &'t str,
}

/// Why the form of a signature is refused, with what was expected and found.
pub(crate) struct Misformed {
    pub(crate) expected: String,
    pub(crate) found: String,
    pub(crate) refusal: Refusal,
}

/// The algorithms of a signature, all of them on the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Algorithms {
    method: SignatureMethod,
    digest: Hash,
}

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unproven {
    /// A value is not Base64.
    NotBase64,
    /// The content cannot be canonicalised.
    NoCanonicalForm,
    /// It does not refer to the element it stands in.
    Elsewhere,
    /// No trusted key verifies it: another key made it, or what is signed was changed.
    Signature,
    /// The signature is good, but the content is another than the one that was signed.
    Digest,
}

impl Unproven {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotBase64 => "a value of the signature is not Base64",
            Self::NoCanonicalForm => "a namespace is relative or undeclared: there is no canonical form",
            Self::Elsewhere => "the signature does not cover the element it stands in",
            Self::Signature => "no trusted key verifies the signature",
            Self::Digest => "the content was changed after it was signed: the digest is another",
        }
    }
}

impl<'t> EnvelopedSignature<'t> {
    /// `Signature(SignedInfo(CanonicalizationMethod, SignatureMethod, Reference(Transforms, DigestMethod,
    /// DigestValue)), SignatureValue, KeyInfo?)`: exactly these elements in this order, no comment or other text
    /// between them, no attribute in a foreign namespace that a reader by local name could take for its own.
    pub(crate) fn read(signature: Node<'t>, parent: Node<'t>) -> Option<Self> {
        let mut parts = signature.elements();
        let (signed_info, value, key_info) = (parts.next()?, parts.next()?, parts.next());
        let whole = parts.next().is_none() && key_info.is_none_or(|node| node.is(DSIG, "KeyInfo"));
        let is_value = value.is(DSIG, "SignatureValue") && has_only(value, &[]);
        if !whole || !is_value || !signature.holds_only_elements() || !has_only(signature, &[]) {
            return None;
        }
        let signed_info = Some(signed_info).filter(|node| node.is(DSIG, "SignedInfo") && has_only(*node, &[]))?;
        let [canonicalization, method, reference] =
            children(signed_info, ["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
        let [transforms, digest_method, digest_value] =
            children(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
        let leaves = empty(method) && empty(digest_method);
        let attributes = has_only(reference, &["URI"]) && has_only(transforms, &[]) && has_only(digest_value, &[]);
        if !leaves || !attributes || !transforms.holds_only_elements() {
            return None;
        }
        let (transforms, listed) = transforms_of(transforms)?;
        Some(Self {
            signature,
            parent,
            reference_uri: reference.attribute("URI").unwrap_or("none"),
            signature_method: algorithm(method)?,
            signed_info,
            transforms,
            prefixes: [prefixes(canonicalization)?, listed],
            canonicalization_method: algorithm(canonicalization)?,
            digest_method: algorithm(digest_method)?,
            digest_value: digest_value.only_text()?,
            signature_value: value.only_text()?,
        })
    }

    /// The reference names the element that the signature stands in, whose ID is `id`, through enveloped-signature and
    /// exclusive C14N and nothing else (SAML core sections 5.4.2 and 5.4.4).
    pub(crate) fn require_reference(&self, id: &str) -> Result<(), Misformed> {
        if self.reference_uri.strip_prefix('#') != Some(id) {
            return Err(Misformed {
                expected: format!("#{id}"),
                found: self.reference_uri.to_owned(),
                refusal: Refusal::SignatureReferenceForbidden,
            });
        }
        if self.transforms != [ENVELOPED, EXCLUSIVE_C14N] {
            return Err(Misformed {
                expected: "enveloped-signature, exclusive C14N".to_owned(),
                found: self.transforms.join(", "),
                refusal: Refusal::SignatureTransformForbidden,
            });
        }
        Ok(())
    }

    /// The algorithms, when all of them are on the list; SHA-1 only where `sha1` allows it.
    pub(crate) fn algorithms(&self, sha1: bool) -> Result<Algorithms, Misformed> {
        let misformed = |found: &str| Misformed {
            expected: "RSA or ECDSA with SHA-256, SHA-384 or SHA-512".to_owned(),
            found: found.to_owned(),
            refusal: Refusal::SignatureAlgorithmNotAllowed,
        };
        let allowed = |hash: Hash| sha1 || hash != Hash::Sha1;
        let method = SignatureMethod::of_uri(self.signature_method).filter(|method| allowed(method.hash));
        let method = method.ok_or_else(|| misformed(self.signature_method))?;
        let digest = Hash::of_digest_method(self.digest_method).filter(|hash| allowed(*hash));
        let digest = digest.ok_or_else(|| misformed(self.digest_method))?;
        if self.canonicalization_method != EXCLUSIVE_C14N {
            return Err(misformed(self.canonicalization_method));
        }
        Ok(Algorithms { method, digest })
    }

    /// The trusted certificate whose key made this signature over the parent as it stands in the tree.
    ///
    /// The signature comes first: what was not signed by a trusted key is not worth the canonicalisation of a whole
    /// message. That it covers the parent is looked at once more, so that no caller can forget it.
    pub(crate) fn verify<'c>(
        &self,
        algorithms: Algorithms,
        trusted: &'c TrustedCertificates,
    ) -> Result<&'c Certificate, Unproven> {
        let in_place = self.signature.parent().map(Node::id) == Some(self.parent.id());
        let id = self.parent.attribute("ID").filter(|id| in_place && !id.is_empty());
        if id.is_none_or(|id| self.require_reference(id).is_err()) {
            return Err(Unproven::Elsewhere);
        }
        let decoded = |value| encoding::decode(value).map_err(|_| Unproven::NotBase64);
        let (signature, expected) = (decoded(self.signature_value)?, decoded(self.digest_value)?);
        let [of_signed_info, of_reference] = &self.prefixes;
        let signed_info =
            canonicalize(self.signed_info, None, of_signed_info).map_err(|_| Unproven::NoCanonicalForm)?;
        let certificate = trusted.signer(algorithms.method, &signed_info, &signature).ok_or(Unproven::Signature)?;
        let content =
            canonicalize(self.parent, Some(self.signature), of_reference).map_err(|_| Unproven::NoCanonicalForm)?;
        if algorithms.digest.digest(&content).as_ref() != expected {
            return Err(Unproven::Digest);
        }
        Ok(certificate)
    }
}

impl Algorithms {
    pub(crate) fn uses_sha1(self) -> bool {
        self.method.hash == Hash::Sha1 || self.digest == Hash::Sha1
    }
}

/// Exactly these children in this order.
fn children<'t, const N: usize>(node: Node<'t>, names: [&str; N]) -> Option<[Node<'t>; N]> {
    let mut elements = node.elements();
    let mut found = [node; N];
    for (slot, name) in found.iter_mut().zip(names) {
        *slot = elements.next().filter(|child| child.is(DSIG, name))?;
    }
    (elements.next().is_none() && node.holds_only_elements()).then_some(found)
}

/// The algorithms of the transforms, and the PrefixList of the canonicalisation among them. Only a list of prefixes
/// may stand in a transform; what an unknown transform holds is judged by its name.
fn transforms_of(transforms: Node<'_>) -> Option<(Vec<&str>, Vec<&str>)> {
    let (mut algorithms, mut listed) = (Vec::with_capacity(2), Vec::new());
    for transform in transforms.elements() {
        algorithms.push(algorithm(transform).filter(|_| transform.is(DSIG, "Transform"))?);
    }
    if algorithms.iter().all(|name| [ENVELOPED, EXCLUSIVE_C14N].contains(name)) {
        for (transform, algorithm) in transforms.elements().zip(&algorithms) {
            let prefixes = prefixes(transform)?;
            if *algorithm == EXCLUSIVE_C14N {
                listed = prefixes;
            } else if transform.elements().next().is_some() {
                return None;
            }
        }
    }
    Some((algorithms, listed))
}

/// The Algorithm, when the element has no other attribute.
fn algorithm(node: Node<'_>) -> Option<&str> {
    node.attribute("Algorithm").filter(|_| has_only(node, &["Algorithm"]))
}

fn empty(node: Node<'_>) -> bool {
    node.holds_only_elements() && node.elements().next().is_none()
}

/// Nothing, or the prefixes of one `ec:InclusiveNamespaces` (exclusive C14N section 4).
fn prefixes(node: Node<'_>) -> Option<Vec<&str>> {
    if !node.holds_only_elements() {
        return None;
    }
    let mut elements = node.elements();
    let Some(list) = elements.next() else { return Some(Vec::new()) };
    let is_list = list.is(EXCLUSIVE_C14N, "InclusiveNamespaces") && has_only(list, &["PrefixList"]) && empty(list);
    if !is_list || elements.next().is_some() {
        return None;
    }
    let prefixes = list.attribute("PrefixList").unwrap_or_default().split_ascii_whitespace();
    let prefixes: Vec<&str> = prefixes.take(limit::INCLUSIVE_PREFIXES_MAX + 1).collect();
    (prefixes.len() <= limit::INCLUSIVE_PREFIXES_MAX).then_some(prefixes)
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
