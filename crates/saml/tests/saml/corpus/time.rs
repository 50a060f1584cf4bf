//! Too early, too late, or no moment at all. The exact boundaries are in the module `timing`.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_saml::{CheckName, Refusal, limit};
use vestibule_saml_idp::{Deviation, Deviations};

use super::{Case, Caught, Class, cases};
use crate::support::{NOW, RSA, SKEW, ada, provider, terms};

pub(super) fn all() -> Vec<Case> {
    [out_of_time(), malformed()].into_iter().flatten().collect()
}

fn said(instant: Timestamp) -> Deviation {
    Deviation::instead(instant.to_string())
}

fn deviating(name: &str, caught: Caught, deviate: impl FnOnce(&mut Deviations)) -> Vec<Case> {
    let xml = provider(&RSA).respond(&ada(), &terms().deviating(deviate)).unwrap();
    cases(Class::Time, "", caught, [(name, xml)])
}

fn out_of_time() -> Vec<Case> {
    let past = NOW.minus(SKEW);
    let future = NOW.plus(SKEW).plus(Duration::from_millis(1));
    let oldest = past.minus(limit::ASSERTION_AGE_MAX);
    let (expired, early) = (Refusal::AssertionExpired, Refusal::AssertionNotYetValid);
    [
        deviating("Conditions have ended", (CheckName::ConditionsNotOnOrAfter, expired), |odd| {
            odd.not_on_or_after = said(past);
        }),
        deviating("Conditions have not begun", (CheckName::ConditionsNotBefore, early), |odd| {
            odd.not_before = said(future);
        }),
        deviating("confirmation has ended", (CheckName::ConfirmationTime, expired), |odd| {
            odd.confirmation_not_on_or_after = said(past);
        }),
        deviating(
            "confirmation with NotBefore",
            (CheckName::ConfirmationTime, Refusal::ConfirmationNotBefore),
            |odd| odd.confirmation_not_before = said(past),
        ),
        deviating("made in the future", (CheckName::AssertionIssueInstant, early), |odd| {
            odd.assertion_issue_instant = said(future);
        }),
        deviating("made long ago", (CheckName::AssertionIssueInstant, Refusal::AssertionTooOld), |odd| {
            odd.assertion_issue_instant = said(oldest);
        }),
        deviating("authenticated in the future", (CheckName::AuthnStatement, early), |odd| {
            odd.authn_instant = said(future);
        }),
        deviating("session has ended", (CheckName::AuthnStatement, Refusal::SessionExpired), |odd| {
            odd.session_not_on_or_after = said(past);
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn malformed() -> Vec<Case> {
    let refusal = Refusal::InstantMalformed;
    let mut all = deviating("no end of the confirmation", (CheckName::ConfirmationTime, refusal), |odd| {
        odd.confirmation_not_on_or_after = Deviation::Omit;
    });
    all.extend(deviating("no IssueInstant", (CheckName::AssertionIssueInstant, refusal), |odd| {
        odd.assertion_issue_instant = Deviation::Omit;
    }));
    for text in ["2027-01-15T08:00:00", "1800000000", "", "9999999-01-15T08:00:00Z"] {
        all.extend(deviating(&format!("NotBefore is {text:?}"), (CheckName::ConditionsNotBefore, refusal), |odd| {
            odd.not_before = Deviation::instead(text);
        }));
    }
    all
}
