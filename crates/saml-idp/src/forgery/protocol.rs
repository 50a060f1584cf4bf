//! Genuinely signed, and meant for another place, another time or another request.

use std::time::Duration;

use super::Forger;
use crate::{Deviation, Deviations, IdpError};

/// Longer than any clock may be wrong.
const LONG: Duration = Duration::from_hours(2);

fn deviating(forger: &Forger<'_>, deviate: impl FnOnce(&mut Deviations)) -> Result<String, IdpError> {
    forger.provider.respond(forger.subject, &forger.terms.clone().deviating(deviate))
}

pub(super) fn other_audience(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| odd.audience = Deviation::instead("https://other.example/saml"))
}

pub(super) fn other_recipient(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| odd.recipient = Deviation::instead("https://other.example/acs"))
}

pub(super) fn other_destination(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| odd.destination = Deviation::instead("https://other.example/acs"))
}

pub(super) fn other_issuer(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| {
        odd.response_issuer = Deviation::instead("https://idp.other.example/saml");
        odd.assertion_issuer = Deviation::instead("https://idp.other.example/saml");
    })
}

pub(super) fn other_request(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| {
        odd.response_in_response_to = Deviation::instead("_ffffffffffffffffffffffffffffffff");
        odd.confirmation_in_response_to = Deviation::instead("_ffffffffffffffffffffffffffffffff");
    })
}

pub(super) fn unsolicited(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| {
        odd.response_in_response_to = Deviation::Omit;
        odd.confirmation_in_response_to = Deviation::Omit;
    })
}

pub(super) fn expired(forger: &Forger<'_>) -> Result<String, IdpError> {
    let past = forger.terms.now.minus(LONG).to_string();
    deviating(forger, |odd| {
        odd.not_before = Deviation::instead(forger.terms.now.minus(LONG * 2).to_string());
        odd.not_on_or_after = Deviation::instead(past.clone());
        odd.confirmation_not_on_or_after = Deviation::instead(past);
    })
}

pub(super) fn not_yet_valid(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| {
        odd.not_before = Deviation::instead(forger.terms.now.plus(LONG).to_string());
        odd.not_on_or_after = Deviation::instead(forger.terms.now.plus(LONG * 2).to_string());
    })
}

pub(super) fn failed_status(forger: &Forger<'_>) -> Result<String, IdpError> {
    deviating(forger, |odd| odd.status = Deviation::instead("urn:oasis:names:tc:SAML:2.0:status:Responder"))
}
