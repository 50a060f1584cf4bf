use vestibule_rpc::saml::v1::explain_response_response::Difference;
use vestibule_saml::{Fingerprint, Unverified};

use super::millis_ahead;
use crate::judge::Case;

/// Everything in the message that is not as this connection expects, in a fixed order. Unproven, and complete: a
/// verdict ends at the first failed check, and whoever mends things wants to mend all of them at once.
pub(super) fn all(case: &Case<'_>, unverified: &Unverified) -> Vec<Difference> {
    let ours = &case.connection.service_provider;
    let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
    let compared = [
        ("issuer", case.connection.identity_provider.as_str(), unverified.issuers.clone()),
        ("destination", &ours.acs_url, one(&unverified.destination)),
        ("recipient", &ours.acs_url, unverified.recipients.clone()),
        ("audience", &ours.entity_id, unverified.audiences.clone()),
        ("request", case.request_id, one(&unverified.in_response_to)),
    ];
    let mut differences: Vec<Difference> = certificate(case, unverified).into_iter().collect();
    for (subject, expected, found) in compared {
        if found.iter().any(|found| found != expected)
            && !(subject == "audience" && found.iter().any(|found| found == expected))
        {
            differences.push(difference(subject, expected.to_owned(), found.join(", ")));
        }
    }
    differences.extend(clock(case, unverified));
    differences
}

/// The certificates that the message names, when none of them is trusted.
fn certificate(case: &Case<'_>, unverified: &Unverified) -> Option<Difference> {
    let trusted = case.connection.trusted.at(case.now)?;
    let trusted: Vec<Fingerprint> =
        trusted.certificates().iter().map(vestibule_saml::Certificate::fingerprint).collect();
    let unknown =
        !unverified.certificates.is_empty() && !unverified.certificates.iter().any(|seen| trusted.contains(seen));
    let list =
        |fingerprints: &[Fingerprint]| fingerprints.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    unknown.then(|| difference("certificate", list(&trusted), list(&unverified.certificates)))
}

/// The clock of the sender, as far as the moment tells at which the message says it was made.
fn clock(case: &Case<'_>, unverified: &Unverified) -> Option<Difference> {
    let made = unverified.issue_instant?;
    let ahead = millis_ahead(made, case.now);
    let skew = i64::try_from(case.skew().as_millis()).unwrap_or(i64::MAX);
    if ahead.saturating_abs() <= skew {
        return None;
    }
    let seconds = ahead.saturating_abs() / 1000;
    let found = if ahead > 0 {
        format!("made at {made}: the sender's clock is at least {seconds} seconds ahead")
    } else {
        format!("made at {made}: {seconds} seconds before, so it was delayed or the sender's clock is behind")
    };
    Some(difference("clock", format!("within {} seconds of {}", case.skew().as_secs(), case.now), found))
}

fn difference(subject: &str, expected: String, found: String) -> Difference {
    Difference { subject: subject.to_owned(), expected, found }
}
