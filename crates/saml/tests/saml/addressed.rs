//! From whom, for whom, in answer to what: one deviation each, signed by the identity provider itself.

use vestibule_saml::{Refusal, Responsible};
use vestibule_saml_idp::{Deviation, Deviations, Signed};

use crate::support::{ACS, IDP, RSA, SP, ada, genuine, judge, provider, refuse, replace, signed_after, terms};

type Case = (&'static str, fn(&mut Deviations), Refusal);

fn deviating(signed: Signed, deviate: fn(&mut Deviations)) -> String {
    provider(&RSA).respond(&ada(), &terms().signed(signed).deviating(deviate)).unwrap()
}

const FOREIGN: &str = "https://sign-in.example/saml/other";

#[test]
fn every_deviation_has_its_reason() {
    let cases: &[Case] = &[
        ("version", |odd| odd.version = Deviation::instead("1.1"), Refusal::NotAResponse),
        ("no version", |odd| odd.version = Deviation::Omit, Refusal::NotAResponse),
        (
            "status",
            |odd| odd.status = Deviation::instead("urn:oasis:names:tc:SAML:2.0:status:Responder"),
            Refusal::StatusNotSuccess,
        ),
        ("no status", |odd| odd.status = Deviation::Omit, Refusal::StatusNotSuccess),
        ("response issuer", |odd| odd.response_issuer = Deviation::instead(FOREIGN), Refusal::IssuerMismatch),
        ("assertion issuer", |odd| odd.assertion_issuer = Deviation::instead(FOREIGN), Refusal::IssuerMismatch),
        ("no assertion issuer", |odd| odd.assertion_issuer = Deviation::Omit, Refusal::IssuerMissing),
        ("destination", |odd| odd.destination = Deviation::instead(FOREIGN), Refusal::DestinationMismatch),
        (
            "destination with a slash",
            |odd| odd.destination = Deviation::instead(format!("{ACS}/")),
            Refusal::DestinationMismatch,
        ),
        ("empty destination", |odd| odd.destination = Deviation::instead(""), Refusal::DestinationMismatch),
        (
            "response in response to",
            |odd| odd.response_in_response_to = Deviation::instead("_other"),
            Refusal::InResponseToMismatch,
        ),
        ("unsolicited response", |odd| odd.response_in_response_to = Deviation::Omit, Refusal::InResponseToMissing),
        (
            "confirmation in response to",
            |odd| odd.confirmation_in_response_to = Deviation::instead("_other"),
            Refusal::InResponseToMismatch,
        ),
        (
            "unsolicited confirmation",
            |odd| odd.confirmation_in_response_to = Deviation::Omit,
            Refusal::InResponseToMissing,
        ),
        ("recipient", |odd| odd.recipient = Deviation::instead(FOREIGN), Refusal::RecipientMismatch),
        ("no recipient", |odd| odd.recipient = Deviation::Omit, Refusal::RecipientMismatch),
        (
            "holder of key",
            |odd| odd.confirmation_method = Deviation::instead("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
            Refusal::ConfirmationMissing,
        ),
        ("no method", |odd| odd.confirmation_method = Deviation::Omit, Refusal::ConfirmationMissing),
        ("audience", |odd| odd.audience = Deviation::instead(FOREIGN), Refusal::AudienceMismatch),
        (
            "audience as a prefix",
            |odd| odd.audience = Deviation::instead(format!("{SP}.evil.example")),
            Refusal::AudienceMismatch,
        ),
        ("no audience", |odd| odd.audience = Deviation::Omit, Refusal::AudienceMissing),
        ("no conditions", |odd| odd.conditions = Deviation::Omit, Refusal::ConditionsMissing),
        ("no authentication", |odd| odd.authn_instant = Deviation::Omit, Refusal::AuthnStatementMissing),
        ("no name id", |odd| odd.name_id = Deviation::Omit, Refusal::NameIdMissing),
    ];
    for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
        for (case, deviate, refusal) in cases {
            refuse(&format!("{case}, {signed:?}"), &judge(&deviating(signed, *deviate)), *refusal);
        }
    }
}

#[test]
fn a_signed_response_names_its_issuer_and_destination() {
    let cases: &[Case] = &[
        ("issuer", |odd| odd.response_issuer = Deviation::Omit, Refusal::IssuerMissing),
        ("destination", |odd| odd.destination = Deviation::Omit, Refusal::DestinationMissing),
    ];
    for (case, deviate, refusal) in cases {
        refuse(case, &judge(&deviating(Signed::Response, *deviate)), *refusal);
    }
}

#[test]
fn the_unsigned_shell_can_only_refuse() {
    let xml = genuine(Signed::Assertion);
    let cases = [
        (
            "urn:oasis:names:tc:SAML:2.0:status:Success",
            "urn:oasis:names:tc:SAML:2.0:status:Requester",
            Refusal::StatusNotSuccess,
        ),
        (
            &format!("Destination=\"{ACS}\""),
            "Destination=\"https://elsewhere.example/acs\"",
            Refusal::DestinationMismatch,
        ),
    ];
    for (old, new, refusal) in cases {
        refuse(new, &judge(&replace(&xml, old, new)), refusal);
    }
    let other_issuer = xml.replacen(&format!("<saml:Issuer>{IDP}"), "<saml:Issuer>https://evil.example", 1);
    refuse("issuer", &judge(&other_issuer), Refusal::IssuerMismatch);
    let head = xml.find("<saml:Issuer>").unwrap();
    let (shell, rest) = xml.split_at(head);
    let other_request = format!("{}{rest}", replace(shell, crate::support::REQUEST, "_another"));
    refuse("request", &judge(&other_request), Refusal::InResponseToMismatch);
    // The other way round nothing is won: a shell that says all the right things around a foreign assertion.
    let foreign = deviating(Signed::Assertion, |odd| odd.audience = Deviation::instead(FOREIGN));
    refuse("foreign assertion", &judge(&foreign), Refusal::AudienceMismatch);
}

#[test]
fn all_audience_restrictions_must_hold_and_unknown_conditions_forbid() {
    let restriction = |audience: &str| {
        format!("<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>")
    };
    let ours = restriction(SP);
    let with = |conditions: &str| signed_after(Signed::Assertion, |xml| replace(&xml, &ours, conditions));
    let two = format!("{ours}{}", restriction(FOREIGN));
    refuse("one of two", &judge(&with(&two)), Refusal::AudienceMismatch);
    let empty = format!("{ours}<saml:AudienceRestriction/>");
    refuse("an empty one", &judge(&with(&empty)), Refusal::AudienceMismatch);
    let unknown = format!("{ours}<saml:Condition/>");
    refuse("unknown", &judge(&with(&unknown)), Refusal::ConditionUnknown);
    let among = ours.replace("<saml:Audience>", &format!("<saml:Audience>{FOREIGN}</saml:Audience><saml:Audience>\n "));
    let among = format!("<saml:OneTimeUse/>{among}<saml:ProxyRestriction Count=\"0\"/>");
    assert!(judge(&with(&among)).outcome.is_ok());
}

#[test]
fn an_attribute_of_another_namespace_is_not_the_attribute() {
    let xml = signed_after(Signed::Assertion, |xml| {
        let recipient = format!("Recipient=\"{ACS}\"");
        replace(&xml, &recipient, &format!("xmlns:x=\"urn:x\" x:{recipient} Recipient=\"{FOREIGN}\""))
    });
    refuse("x:Recipient", &judge(&xml), Refusal::RecipientMismatch);
}

#[test]
fn refusals_tell_what_was_found_and_who_mends_it() {
    let verdict = judge(&deviating(Signed::Assertion, |odd| odd.audience = Deviation::instead(FOREIGN)));
    let check = verdict.failed_check().unwrap();
    assert_eq!((check.expected.as_str(), check.found.as_str()), (SP, FOREIGN));
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
    let found = &verdict.failed_check().unwrap().found;
    assert_eq!(found.chars().count(), 256);
    assert!(found.chars().all(|each| !each.is_control()));
}
