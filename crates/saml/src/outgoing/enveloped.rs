//! The enveloped signature of a message of ours (SAML core section 5.4).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::SigningError;
use crate::{
    Credential,
    name::{ASSERTION, DSIG, ENVELOPED, EXCLUSIVE_C14N, RSA_SHA256, SHA256_DIGEST},
    xml::{Node, canonicalize, is_id},
};

/// Signs the document element and puts the signature where SAML's schema wants it, behind the Issuer.
///
/// The message is sent in its canonical form: what the receiver's enveloped-signature transform leaves is, byte by
/// byte, what was digested.
pub(super) fn sign(xml: &str, signer: &Credential) -> Result<String, SigningError> {
    let (canonical, id) = canonical(xml).ok_or(SigningError::NotAMessage)?;
    let behind_issuer = behind_issuer(&canonical).ok_or(SigningError::NotAMessage)?;
    let digest = STANDARD.encode(digest(&SHA256, canonical.as_bytes()));
    // Exclusive canonicalisation writes the namespace at the element it starts with; in the document it is inherited.
    let namespace = format!(" xmlns:ds=\"{DSIG}\"");
    let signature = signer.rsa_sha256(signed_info(&namespace, &id, &digest).as_bytes())?;
    let signature = format!(
        "<ds:Signature{namespace}>{}<ds:SignatureValue>{}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
         <ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
        signed_info("", &id, &digest),
        STANDARD.encode(signature),
        STANDARD.encode(signer.certificate().der()),
    );
    let (before, after) = canonical.split_at_checked(behind_issuer).ok_or(SigningError::NotAMessage)?;
    Ok(format!("{before}{signature}{after}"))
}

/// In canonical form: no empty-element tags, attributes in order, nothing between the elements.
fn signed_info(namespace: &str, id: &str, digest: &str) -> String {
    format!(
        "<ds:SignedInfo{namespace}>\
         <ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\">\
         <ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXCLUSIVE_C14N}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256_DIGEST}\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue>\
         </ds:Reference></ds:SignedInfo>"
    )
}

/// The canonical form of the document element, and its ID.
fn canonical(xml: &str) -> Option<(String, String)> {
    let document = uppsala::parse(xml).ok()?;
    let root = Node::root(&document)?;
    let id = root.attribute("ID").filter(|id| is_id(id))?;
    let canonical = canonicalize(root, None, &[]).ok()?;
    Some((String::from_utf8(canonical).ok()?, id.to_owned()))
}

/// Where the Issuer ends.
fn behind_issuer(xml: &str) -> Option<usize> {
    let document = uppsala::parse(xml).ok()?;
    let issuer = Node::root(&document)?.only(ASSERTION, "Issuer")?;
    document.node_range(issuer.id()).map(|range| range.end)
}
