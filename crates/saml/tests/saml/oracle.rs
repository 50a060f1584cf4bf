//! What somebody else's engine says of the signatures of a document: bergshamra, with the same keys.

use bergshamra::{
    DsigContext, KeysManager, VerifyResult, dsig::verify::verify_all_document_with_source, keys::loader::load_spki_der,
};
use vestibule_saml::{Certificate, CheckName, CheckStatus, Verdict};
use vestibule_saml_idp::SigningKey;

/// Whether there are signatures and all of them hold, each over the element it stands in.
pub(crate) fn holds(xml: &str, keys: &[&SigningKey]) -> bool {
    let Ok(document) = uppsala::parse(xml) else { return false };
    let mut known = KeysManager::new();
    for key in keys {
        let certificate = Certificate::from_der(key.certificate_der()).unwrap();
        known.add_key(load_spki_der(certificate.public_key_der()).unwrap());
    }
    let results = verify_all_document_with_source(&DsigContext::new(known), &document, Some(xml)).unwrap_or_default();
    let covers_parent = |result: &VerifyResult| match result {
        VerifyResult::Valid { signature_node, references, .. } => matches!(
            references.as_slice(),
            [reference] if reference.digest_verified && reference.resolved_node == document.parent(*signature_node)
        ),
        VerifyResult::Invalid { .. } => false,
    };
    !results.is_empty() && results.iter().all(covers_parent)
}

/// What we say of the signatures; `None` when they were never computed.
pub(crate) fn ours(verdict: &Verdict) -> Option<bool> {
    let check = verdict.checks.iter().find(|check| check.name == CheckName::SignatureValue).unwrap();
    match check.status {
        CheckStatus::NotReached => None,
        CheckStatus::Failed => Some(false),
        CheckStatus::Passed | CheckStatus::Warned => Some(true),
    }
}

/// The one difference: what has no canonical form, because a namespace is relative or undeclared, is refused here, as
/// Canonical XML section 1.3 wants it, and canonicalised there.
pub(crate) fn is_explained(verdict: &Verdict) -> bool {
    verdict.failed_check().is_some_and(|check| check.found.contains("there is no canonical form"))
}

/// Whether both say the same of the signatures, as far as both say anything.
#[track_caller]
pub(crate) fn agree(case: &str, xml: &str, verdict: &Verdict, keys: &[&SigningKey]) {
    if let Some(ours) = ours(verdict).filter(|_| !is_explained(verdict)) {
        assert_eq!(ours, holds(xml, keys), "{case}: ours, then the other engine's: {:?}", verdict.failed_check());
    }
}
