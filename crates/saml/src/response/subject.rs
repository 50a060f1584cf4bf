//! Whom the Assertion is about, and whether whoever bears it may be taken for that person.

use vestibule_kernel::Timestamp;

use super::{
    Expectation, address, encrypted,
    instant::{self, Window},
    name_id,
};
use crate::{
    CheckName, NameId, Refusal,
    check::Checklist,
    name::{ASSERTION, BEARER},
    xml::Node,
};

const ONE_NAME_ID: &str = "one NameID";

/// Reads the NameID and checks the bearer confirmation; the moment is until when it may be presented.
pub(super) fn read(
    assertion: Node<'_>,
    expectation: &Expectation<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<(NameId, Timestamp), Refusal> {
    let subject = assertion.only(ASSERTION, "Subject");
    let name_id = subject_name_id(subject, expectation, checks)?;
    let confirmed_until = confirmation(subject, expectation, window, checks)?;
    Ok((name_id, confirmed_until))
}

/// SAML core section 2.2.3. The finding tells the format only.
fn subject_name_id(
    subject: Option<Node<'_>>,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<NameId, Refusal> {
    let only = |name| subject.and_then(|subject| subject.only(ASSERTION, name));
    match (only("NameID"), only("EncryptedID")) {
        (Some(node), None) => plain_name_id(node, checks),
        (None, Some(node)) => encrypted::element(node, "NameID", expectation.decryption, checks, plain_name_id),
        (None, None) => Err(checks.fail(CheckName::SubjectNameId, ONE_NAME_ID, "none", Refusal::NameIdMissing)),
        (Some(_), Some(_)) => {
            Err(checks.fail(CheckName::SubjectNameId, ONE_NAME_ID, "two, one encrypted", Refusal::NameIdMissing))
        }
    }
}

fn plain_name_id(node: Node<'_>, checks: &mut Checklist) -> Result<NameId, Refusal> {
    let (name, expected) = (CheckName::SubjectNameId, ONE_NAME_ID);
    let name_id = name_id::read(node).map_err(|refusal| {
        let found = match refusal {
            Refusal::NameIdMissing => "an empty NameID",
            Refusal::LimitExceeded => "a longer one than the limit",
            _ => "forbidden content",
        };
        checks.fail(name, expected, found, refusal)
    })?;
    if name_id.is_transient() {
        checks.warn(name, "a NameID that recognises the person next time", &name_id.format);
    } else {
        checks.pass(name, expected, &name_id.format);
    }
    Ok(name_id)
}

/// SAML profiles section 4.1.4.2: a bearer confirmation with Recipient, NotOnOrAfter and InResponseTo, without
/// NotBefore. One that satisfies is enough; with several, the one that fits is looked for first.
fn confirmation(
    subject: Option<Node<'_>>,
    expectation: &Expectation<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<Timestamp, Refusal> {
    let bearers: Vec<Node<'_>> = subject
        .into_iter()
        .flat_map(|subject| subject.named(ASSERTION, "SubjectConfirmation"))
        .filter(|confirmation| confirmation.attribute("Method") == Some(BEARER))
        .filter_map(|confirmation| confirmation.only(ASSERTION, "SubjectConfirmationData"))
        .collect();
    let fits = |data: &&Node<'_>| judge(**data, expectation, window, &mut Checklist::default()).is_ok();
    // Of one alone nothing has to be tried.
    let fitting = bearers.get(1).and_then(|_| bearers.iter().find(fits));
    let Some(data) = fitting.or(bearers.first()) else {
        return Err(checks.fail(CheckName::ConfirmationMethod, BEARER, "none", Refusal::ConfirmationMissing));
    };
    checks.pass(CheckName::ConfirmationMethod, BEARER, BEARER);
    judge(*data, expectation, window, checks)
}

fn judge(
    data: Node<'_>,
    expectation: &Expectation<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<Timestamp, Refusal> {
    let recipient = data.attribute("Recipient").unwrap_or("none");
    let expected = expectation.acs_url;
    let name = CheckName::ConfirmationRecipient;
    checks.require(name, recipient == expected, expected, recipient, Refusal::RecipientMismatch)?;
    address::in_response_to(CheckName::ConfirmationInResponseTo, data, expectation, checks)?;

    let (name, expected) = (CheckName::ConfirmationTime, "NotOnOrAfter in the future, no NotBefore");
    if let Some(not_before) = data.attribute("NotBefore") {
        let found = format!("NotBefore {not_before}");
        return Err(checks.fail(name, expected, &found, Refusal::ConfirmationNotBefore));
    }
    let Ok(Some(until)) = instant::read(data, "NotOnOrAfter") else {
        let found = data.attribute("NotOnOrAfter").unwrap_or("none");
        return Err(checks.fail(name, expected, found, Refusal::InstantMalformed));
    };
    checks.require(name, !window.has_ended(until), expected, Some(until), Refusal::AssertionExpired)?;
    Ok(until)
}
