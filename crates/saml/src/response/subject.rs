//! Whom the Assertion is about, and whether whoever bears it may be taken for that person.

use vestibule_kernel::Timestamp;

use super::{
    Expectation, address,
    instant::{self, Window},
};
use crate::{
    CheckName, NameId, Refusal,
    check::Checklist,
    limit,
    name::{ASSERTION, BEARER, name_id_format},
    xml::Node,
};

/// Reads the NameID and checks the bearer confirmation; the moment is until when it may be presented.
pub(super) fn read(
    assertion: Node<'_>,
    expectation: &Expectation<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<(NameId, Timestamp), Refusal> {
    let subject = assertion.only(ASSERTION, "Subject");
    let name_id = name_id(subject, checks)?;
    let confirmed_until = confirmation(subject, expectation, window, checks)?;
    Ok((name_id, confirmed_until))
}

/// SAML core section 2.2.3. The finding tells the format only.
fn name_id(subject: Option<Node<'_>>, checks: &mut Checklist) -> Result<NameId, Refusal> {
    let (name, expected) = (CheckName::SubjectNameId, "one NameID");
    let Some(node) = subject.and_then(|subject| subject.only(ASSERTION, "NameID")) else {
        return Err(checks.fail(name, expected, "none", Refusal::NameIdMissing));
    };
    let Ok(value) = node.text() else {
        return Err(checks.fail(name, expected, "forbidden content", Refusal::ValueForbiddenContent));
    };
    let format = node.attribute("Format").unwrap_or(name_id_format::UNSPECIFIED);
    if value.trim().is_empty() {
        return Err(checks.fail(name, expected, "an empty NameID", Refusal::NameIdMissing));
    }
    let qualifiers = [node.attribute("NameQualifier"), node.attribute("SPNameQualifier")];
    let parts = qualifiers.into_iter().flatten().chain([&*value, format]);
    if parts.map(|part| part.chars().count()).any(|chars| chars > limit::NAME_ID_CHARS_MAX) {
        return Err(checks.fail(name, expected, "a longer one than the limit", Refusal::LimitExceeded));
    }
    if format == name_id_format::TRANSIENT {
        checks.warn(name, "a NameID that recognises the person next time", format);
    } else {
        checks.pass(name, expected, format);
    }
    let [name_qualifier, sp_name_qualifier] = qualifiers.map(|qualifier| qualifier.map(str::to_owned));
    Ok(NameId { value: value.into_owned(), format: format.to_owned(), name_qualifier, sp_name_qualifier })
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
    let Some(data) = bearers.iter().find(fits).or(bearers.first()) else {
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
    checks.require(name, !window.has_ended(until), expected, &until.to_string(), Refusal::AssertionExpired)?;
    Ok(until)
}
