//! Signed metadata (SAML metadata section 3): the same form, the same code and the same tree as of a signed Response.

use super::MetadataError;
use crate::{
    Refusal, TrustedCertificates,
    name::DSIG,
    response::Inventory,
    signature::EnvelopedSignature,
    xml::{Node, is_id},
};

/// Requires that a pinned key has signed the entity of `provider`, or the outermost element around it.
///
/// The outermost signature counts where there is one, since it covers all others. One below it counts only when the
/// outermost element has none: then only the entity's own, because everything is read out of the entity. What is around
/// it may still shorten how long the document is believed, which can only refuse.
/// Answers what it has signed.
pub(super) fn require<'d>(
    root: Node<'d>,
    provider: Node<'d>,
    pinned: &TrustedCertificates,
) -> Result<Node<'d>, MetadataError> {
    let entity = provider.parent().ok_or(MetadataError::Malformed)?;
    let signed = [root, entity].into_iter().find(|node| node.named(DSIG, "Signature").next().is_some());
    let signed = signed.ok_or(MetadataError::SignatureMissing)?;
    let id = signed.attribute("ID").filter(|id| is_id(id)).ok_or(MetadataError::SignatureMalformed)?;
    let inventory = Inventory::of(root);
    if inventory.forbidden.is_some() || inventory.repeated_id {
        return Err(MetadataError::SignatureMalformed);
    }
    // One signature in one place.
    let signature = signed.only(DSIG, "Signature").ok_or(MetadataError::SignatureMalformed)?;
    let signature = EnvelopedSignature::read(signature, signed).ok_or(MetadataError::SignatureMalformed)?;
    let misformed = |refusal| match refusal {
        Refusal::SignatureAlgorithmNotAllowed => MetadataError::SignatureAlgorithm,
        _ => MetadataError::SignatureMalformed,
    };
    signature.require_reference(id).map_err(|found| misformed(found.refusal))?;
    let algorithms = signature.algorithms(false).map_err(|found| misformed(found.refusal))?;
    signature.verify(algorithms, pinned).map_err(|_| MetadataError::SignatureInvalid)?;
    Ok(signed)
}
