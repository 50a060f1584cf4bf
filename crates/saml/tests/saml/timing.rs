//! Every boundary, exactly: NotBefore is inclusive, NotOnOrAfter exclusive, both widened by the skew.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_saml::{CheckStatus, Expectation, Refusal, limit, validate_xml};
use vestibule_saml_idp::{Deviation, Deviations, Signed};

use crate::support::{NOW, RSA, SKEW, ada, days, expectation, judge, provider, refuse, signed_after, terms};

const MILLI: Duration = Duration::from_millis(1);

fn at(now: Timestamp, skew: Duration, deviate: impl FnOnce(&mut Deviations)) -> vestibule_saml::Verdict {
    let xml = provider(&RSA).respond(&ada(), &terms().deviating(deviate)).unwrap();
    validate_xml(&xml, &Expectation { now, skew, ..expectation() })
}

fn said(instant: Timestamp) -> Deviation {
    Deviation::instead(instant.to_string())
}

#[test]
fn the_end_of_conditions_and_confirmation_is_exclusive() {
    let end = NOW.plus(Duration::from_mins(5));
    for skew in [Duration::ZERO, SKEW] {
        assert!(at(end.plus(skew).minus(MILLI), skew, |_| {}).outcome.is_ok());
        for now in [end.plus(skew), end.plus(days(1))] {
            // Far later the assertion would be too old as well: keep it young.
            let verdict = at(now, skew, |odd| odd.assertion_issue_instant = said(now));
            refuse(&now.to_string(), &verdict, Refusal::AssertionExpired);
        }
    }
    let only_conditions = at(NOW, SKEW, |odd| odd.not_on_or_after = said(NOW.minus(SKEW)));
    refuse("conditions", &only_conditions, Refusal::AssertionExpired);
    assert!(at(NOW, SKEW, |odd| odd.not_on_or_after = said(NOW.minus(SKEW).plus(MILLI))).outcome.is_ok());
    let only_confirmation = at(NOW, SKEW, |odd| odd.confirmation_not_on_or_after = said(NOW.minus(SKEW)));
    refuse("confirmation", &only_confirmation, Refusal::AssertionExpired);
}

#[test]
fn the_beginning_is_inclusive() {
    assert!(at(NOW, SKEW, |odd| odd.not_before = said(NOW.plus(SKEW))).outcome.is_ok());
    let verdict = at(NOW, SKEW, |odd| odd.not_before = said(NOW.plus(SKEW).plus(MILLI)));
    refuse("NotBefore", &verdict, Refusal::AssertionNotYetValid);
    let verdict = at(NOW, Duration::ZERO, |odd| odd.not_before = said(NOW.plus(MILLI)));
    refuse("NotBefore without skew", &verdict, Refusal::AssertionNotYetValid);
}

#[test]
fn the_conditions_may_leave_their_times_out_the_confirmation_not() {
    let accepted = at(NOW, SKEW, |odd| {
        odd.not_before = Deviation::Omit;
        odd.not_on_or_after = Deviation::Omit;
    });
    assert_eq!(accepted.outcome.unwrap().not_on_or_after, NOW.plus(Duration::from_mins(5)));
    refuse("end", &at(NOW, SKEW, |odd| odd.confirmation_not_on_or_after = Deviation::Omit), Refusal::InstantMalformed);
    let early = at(NOW, SKEW, |odd| odd.confirmation_not_before = said(NOW.minus(SKEW)));
    refuse("NotBefore of the confirmation", &early, Refusal::ConfirmationNotBefore);
}

#[test]
fn the_assertion_was_made_just_now() {
    let oldest = NOW.minus(limit::ASSERTION_AGE_MAX).minus(SKEW);
    for issued in [NOW, NOW.plus(SKEW), oldest.plus(MILLI)] {
        let verdict = at(NOW, SKEW, |odd| odd.assertion_issue_instant = said(issued));
        assert_eq!(verdict.outcome.unwrap().issue_instant, issued);
    }
    let future = at(NOW, SKEW, |odd| odd.assertion_issue_instant = said(NOW.plus(SKEW).plus(MILLI)));
    refuse("future", &future, Refusal::AssertionNotYetValid);
    refuse("old", &at(NOW, SKEW, |odd| odd.assertion_issue_instant = said(oldest)), Refusal::AssertionTooOld);
    refuse("none", &at(NOW, SKEW, |odd| odd.assertion_issue_instant = Deviation::Omit), Refusal::InstantMalformed);
}

#[test]
fn the_authentication_is_not_in_the_future_and_its_session_lasts() {
    let future = at(NOW, SKEW, |odd| odd.authn_instant = said(NOW.plus(SKEW).plus(MILLI)));
    refuse("AuthnInstant", &future, Refusal::AssertionNotYetValid);
    assert!(at(NOW, SKEW, |odd| odd.authn_instant = said(NOW.minus(days(30)))).outcome.is_ok());
    let ended = at(NOW, SKEW, |odd| odd.session_not_on_or_after = said(NOW.minus(SKEW)));
    refuse("SessionNotOnOrAfter", &ended, Refusal::SessionExpired);
    // Of two statements, either may say that the session has ended.
    let statement =
        format!("<saml:AuthnStatement AuthnInstant=\"{NOW}\" SessionNotOnOrAfter=\"{}\"/>", NOW.minus(SKEW));
    let second = signed_after(Signed::Assertion, |xml| {
        xml.replace("<saml:AttributeStatement>", &format!("{statement}<saml:AttributeStatement>"))
    });
    refuse("the second statement", &judge(&second), Refusal::SessionExpired);
    let short = NOW.plus(Duration::from_secs(10));
    let verdict = at(NOW, SKEW, |odd| odd.session_not_on_or_after = said(short));
    assert_eq!(verdict.outcome.unwrap().not_on_or_after, short);
}

#[test]
fn moments_are_written_so_that_they_mean_one_moment() {
    for (text, outcome) in [
        ("2027-01-15T08:00:00Z", None),
        ("2027-01-15T08:00:00.1234567Z", None),
        ("2027-01-15T08:00:00.123456789012345678901234567890Z", None),
        // An offset says which moment is meant as clearly as `Z` does.
        ("2027-01-15T10:00:00+02:00", None),
        ("2027-01-15T00:30:00.000-07:30", None),
        ("2027-01-15T08:00:00-00:00", None),
        // Two hours later than it would be without its offset.
        ("2027-01-15T08:00:00-02:00", Some(Refusal::AssertionNotYetValid)),
        ("2027-01-15T08:00:00+0200", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00+02", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00+24:00", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00 UTC", Some(Refusal::InstantMalformed)),
        ("2027-01-15 08:00:00Z", Some(Refusal::InstantMalformed)),
        ("2027-01-15t08:00:00Z", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00z", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00Z", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00,5Z", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00.Z", Some(Refusal::InstantMalformed)),
        ("2026-12-31T23:59:60Z", Some(Refusal::InstantMalformed)),
        ("2027-01-14T24:00:00Z", Some(Refusal::InstantMalformed)),
        ("-2027-01-15T08:00:00Z", Some(Refusal::InstantMalformed)),
        ("２０２７-01-15T08:00:00Z", Some(Refusal::InstantMalformed)),
        ("2027-01-15T08:00:00", Some(Refusal::InstantMalformed)),
        ("2027-01-15", Some(Refusal::InstantMalformed)),
        ("1800000000", Some(Refusal::InstantMalformed)),
        ("2027-13-15T08:00:00Z", Some(Refusal::InstantMalformed)),
        ("", Some(Refusal::InstantMalformed)),
        (" 2027-01-15T08:00:00Z ", Some(Refusal::InstantMalformed)),
        ("9999999-01-15T08:00:00Z", Some(Refusal::InstantMalformed)),
    ] {
        let verdict = at(NOW, SKEW, |odd| odd.not_before = Deviation::instead(text));
        assert_eq!(verdict.outcome.as_ref().err().copied(), outcome, "{text}: {:?}", verdict.failed_check());
    }
}

#[test]
fn the_skew_is_capped_whatever_is_configured() {
    let end = NOW.plus(Duration::from_mins(5));
    let verdict = at(end.plus(limit::SKEW_MAX), days(365), |_| {});
    refuse("a year of skew", &verdict, Refusal::AssertionExpired);
    assert!(verdict.checks.iter().any(|check| check.status == CheckStatus::Passed));
}
