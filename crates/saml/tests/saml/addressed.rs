//! From whom, for whom, in answer to what: what passes, and how a refusal tells of it.

use vestibule_saml::{CheckName, Expectation, Refusal, Responsible, validate_xml};
use vestibule_saml_idp::{Deviation, Deviations, Signed};

use crate::support::{
    IDP, RSA, SP, accept, ada, expectation, genuine, judge, provider, refuse, replace, signed_after, terms,
};

fn deviating(signed: Signed, deviate: fn(&mut Deviations)) -> String {
    provider(&RSA).respond(&ada(), &terms().signed(signed).deviating(deviate)).unwrap()
}

const FOREIGN: &str = "https://sign-in.example/saml/other";

#[test]
fn a_shell_that_says_all_the_right_things_wins_nothing() {
    let foreign = deviating(Signed::Assertion, |odd| odd.audience = Deviation::instead(FOREIGN));
    let said = replace(&foreign, "<samlp:Status>", &format!("<saml:Audience>{SP}</saml:Audience><samlp:Status>"));
    refuse("foreign assertion", &judge(&said), Refusal::AudienceMismatch);
}

/// SAML profiles section 4.1.5: an unsolicited Response names no request, neither outside nor inside.
#[test]
fn where_nobody_asked_a_response_must_answer_nothing() {
    let nobody_asked = Expectation { in_response_to: None, ..expectation() };
    let judge = |deviate: fn(&mut Deviations)| validate_xml(&deviating(Signed::Both, deviate), &nobody_asked);
    accept(judge(|odd| {
        odd.response_in_response_to = Deviation::Omit;
        odd.confirmation_in_response_to = Deviation::Omit;
    }));
    let unexpected = Refusal::InResponseToUnexpected;
    refuse("an answer", &judge(|_| {}), unexpected);
    let inside = judge(|odd| odd.response_in_response_to = Deviation::Omit);
    refuse("an answer inside", &inside, unexpected);
    assert_eq!(inside.failed_check().map(|check| check.name), Some(CheckName::ConfirmationInResponseTo));
    refuse("an answer outside", &judge(|odd| odd.confirmation_in_response_to = Deviation::Omit), unexpected);
    refuse("an empty name", &judge(|odd| odd.response_in_response_to = Deviation::instead("")), unexpected);
}

#[test]
fn one_audience_of_several_and_harmless_conditions_are_accepted() {
    let ours = format!("<saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>");
    let among = ours.replace("<saml:Audience>", &format!("<saml:Audience>{FOREIGN}</saml:Audience><saml:Audience>\n "));
    let among = format!("<saml:OneTimeUse/>{among}<saml:ProxyRestriction Count=\"0\"/>");
    accept(judge(&signed_after(Signed::Assertion, |xml| replace(&xml, &ours, &among))));
}

#[test]
fn refusals_tell_what_was_found_and_who_mends_it() {
    let verdict = judge(&deviating(Signed::Assertion, |odd| odd.audience = Deviation::instead(FOREIGN)));
    let check = verdict.failed_check().unwrap();
    assert_eq!((check.expected, check.found), (SP, FOREIGN));
    let refusal = verdict.outcome.unwrap_err();
    assert_eq!(refusal.reason(), "AUDIENCE_MISMATCH");
    assert_eq!(refusal.responsible(), Responsible::IdentityProvider);
    assert_eq!(Refusal::CertificateNotTrusted.responsible(), Responsible::Operator);
    let mut reasons: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.reason()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), Refusal::ALL.len());
    assert!(reasons.iter().all(|reason| reason.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')));
}

#[test]
fn findings_are_short_and_printable() {
    let long = format!("https://evil.example/\u{7}{}", "x".repeat(5000)).replace('\u{7}', "\u{85}");
    let xml = genuine(Signed::Assertion).replacen(&format!("<saml:Issuer>{IDP}"), &format!("<saml:Issuer>{long}"), 1);
    let verdict = judge(&xml);
    let found = verdict.failed_check().unwrap().found;
    assert_eq!(found.chars().count(), 256);
    assert!(found.chars().all(|each| !each.is_control()));
}
