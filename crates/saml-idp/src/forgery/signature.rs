//! A signature that is missing, of a foreign key, of another kind, or over something else.

use super::{Forger, element};
use crate::{IdentityProvider, IdpError, Signed};

pub(super) fn unsigned(forger: &Forger<'_>) -> Result<String, IdpError> {
    Ok(forger.about_victim(&forger.genuine(Signed::Nothing)?))
}

pub(super) fn in_comment(forger: &Forger<'_>) -> Result<String, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    let signature = element(&xml, "ds:Signature");
    Ok(forger.about_victim(&xml.replacen(signature, &format!("<!--{signature}-->"), 1)))
}

pub(super) fn tampered(forger: &Forger<'_>) -> Result<String, IdpError> {
    Ok(forger.about_victim(&forger.genuine(Signed::Assertion)?))
}

pub(super) fn foreign_key(forger: &Forger<'_>) -> Result<String, IdpError> {
    let provider = forger.provider;
    let stranger = IdentityProvider::new(provider.entity_id(), provider.sso_url(), forger.stranger.clone());
    let mut victim = forger.subject.clone();
    forger.victim.clone_into(&mut victim.name_id);
    stranger.respond(&victim, forger.terms)
}

pub(super) fn hmac_of_public_key(forger: &Forger<'_>) -> Result<String, IdpError> {
    let provider = forger.provider;
    let key = provider.signing_key().hmac_of_public_key()?;
    let mut victim = forger.subject.clone();
    forger.victim.clone_into(&mut victim.name_id);
    IdentityProvider::new(provider.entity_id(), provider.sso_url(), key).respond(&victim, forger.terms)
}

pub(super) fn reference_outside(forger: &Forger<'_>) -> Result<String, IdpError> {
    let own = format!("URI=\"#{}\"", forger.terms.assertion_id);
    // Port 9 discards; nobody may even try.
    Ok(forger.genuine(Signed::Assertion)?.replacen(&own, "URI=\"http://127.0.0.1:9/forged\"", 1))
}

pub(super) fn stylesheet_transform(forger: &Forger<'_>) -> Result<String, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    let stylesheet = "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\">\
         <xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/></ds:Transform>";
    Ok(xml.replacen("<ds:Transforms>", stylesheet, 1))
}

pub(super) fn two_signed_info(forger: &Forger<'_>) -> Result<String, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    let signed_info = element(&xml, "ds:SignedInfo");
    let digest = element(signed_info, "ds:DigestValue");
    let evil = signed_info.replacen(digest, "<ds:DigestValue>AAAA</ds:DigestValue>", 1);
    Ok(xml.replacen(signed_info, &format!("{signed_info}{evil}"), 1))
}

pub(super) fn comment_in_digest(forger: &Forger<'_>) -> Result<String, IdpError> {
    let xml = forger.genuine(Signed::Assertion)?;
    Ok(xml.replacen("<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->", 1))
}
