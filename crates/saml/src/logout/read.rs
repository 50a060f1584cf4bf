//! Shape and values of a logout message, once it is proven who sent it.

use vestibule_kernel::Timestamp;

use super::{LogoutExpectation, LogoutOutcome, ReceivedLogout, ReceivedLogoutRequest, ReceivedLogoutResponse};
use crate::{
    CheckName, Fingerprint, MessageKind, NameId, Refusal,
    check::{self, Checklist},
    limit,
    name::{ASSERTION, PARTIAL_LOGOUT, PROTOCOL, SUCCESS},
    response::{encrypted, instant, name_id},
    xml::{Node, is_id},
};

/// By what a LogoutRequest may name somebody.
const NAMES: [&str; 3] = ["NameID", "EncryptedID", "BaseID"];

const ONE_NAME: &str = "one NameID";

/// SAML core sections 3.2.1 and 3.2.2: the element that the parameter promised, Version 2.0, with an ID.
pub(super) fn shape<'t>(
    root: Option<Node<'t>>,
    kind: MessageKind,
    checks: &mut Checklist,
) -> Result<(Node<'t>, &'t str), Refusal> {
    let name = CheckName::LogoutShape;
    let element = match kind {
        MessageKind::Request => "LogoutRequest",
        MessageKind::Response => "LogoutResponse",
    };
    let expected = format!("samlp:{element}, Version 2.0, with an ID");
    let mut fail = |found: &str, refusal| Err(checks.fail(name, &expected, found, refusal));
    let Some(root) = root else { return fail("nothing", Refusal::NotALogoutMessage) };
    if !root.is(PROTOCOL, element) {
        return fail(root.local_name(), Refusal::NotALogoutMessage);
    }
    let version = root.attribute("Version").unwrap_or("none");
    if version != "2.0" {
        return fail(&format!("Version {version}"), Refusal::NotALogoutMessage);
    }
    let Some(id) = root.attribute("ID").filter(|id| is_id(id)) else {
        return fail(root.attribute("ID").unwrap_or("no ID"), Refusal::IdInvalid);
    };
    checks.pass(name, &expected, id);
    Ok((root, id))
}

/// Reads and compares the values. The signature covers the whole message.
pub(super) fn values(
    root: Node<'_>,
    id: &str,
    kind: MessageKind,
    signed_by: Fingerprint,
    expectation: &LogoutExpectation<'_>,
    checks: &mut Checklist,
) -> Result<ReceivedLogout, Refusal> {
    issuer(root, expectation, checks)?;
    destination(root, expectation, checks)?;
    let issue_instant = issue_instant(root, expectation, checks)?;
    Ok(match kind {
        MessageKind::Request => {
            not_on_or_after(root, expectation, checks)?;
            let subject = subject(root, expectation, checks)?;
            let session_indexes = session_indexes(root, checks)?;
            let id = id.to_owned();
            ReceivedLogout::Request(ReceivedLogoutRequest { id, subject, session_indexes, issue_instant, signed_by })
        }
        MessageKind::Response => {
            in_response_to(root, expectation, checks)?;
            let outcome = status(root, checks);
            ReceivedLogout::Response(ReceivedLogoutResponse { outcome, signed_by })
        }
    })
}

/// SAML profiles sections 4.4.4.1 and 4.4.4.2: the Issuer is required.
fn issuer(root: Node<'_>, expectation: &LogoutExpectation<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let (name, expected) = (CheckName::LogoutIssuer, expectation.identity_provider);
    let mut issuers = root.named(ASSERTION, "Issuer");
    let Some(issuer) = issuers.next() else {
        return Err(checks.fail(name, expected, "none", Refusal::IssuerMissing));
    };
    let Ok(found) = issuer.uri() else {
        return Err(checks.fail(name, expected, "forbidden content", Refusal::ValueForbiddenContent));
    };
    let only = issuers.next().is_none();
    checks.require(name, only && found == expected, expected, found, Refusal::IssuerMismatch)
}

/// SAML bindings sections 3.4.5.2 and 3.5.5.2: a signed message names where it is sent.
fn destination(root: Node<'_>, expectation: &LogoutExpectation<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let (name, expected) = (CheckName::LogoutDestination, expectation.slo_url);
    match root.attribute("Destination") {
        None => Err(checks.fail(name, expected, "none", Refusal::DestinationMissing)),
        Some(found) => checks.require(name, found == expected, expected, found, Refusal::DestinationMismatch),
    }
}

/// Made just now (SAML core sections 3.2.1 and 3.2.2): what was caught long ago is not heard.
fn issue_instant(
    root: Node<'_>,
    expectation: &LogoutExpectation<'_>,
    checks: &mut Checklist,
) -> Result<Timestamp, Refusal> {
    let (name, window) = (CheckName::LogoutIssueInstant, expectation.window());
    let expected = format!("at most {} minutes ago", limit::LOGOUT_AGE_MAX.as_secs() / 60);
    let Ok(Some(instant)) = instant::read(root, "IssueInstant") else {
        let found = root.attribute("IssueInstant").unwrap_or("none");
        return Err(checks.fail(name, &expected, found, Refusal::InstantMalformed));
    };
    let found = instant.to_string();
    if !window.has_begun(instant) {
        return Err(checks.fail(name, &expected, &found, Refusal::LogoutMessageNotYetValid));
    }
    let fresh = !window.has_ended(instant.plus(limit::LOGOUT_AGE_MAX));
    checks.require(name, fresh, &expected, &found, Refusal::LogoutMessageTooOld)?;
    Ok(instant)
}

/// SAML core section 3.7.1: from then on the request is not to be heard. It may say nothing; its age ends it then.
fn not_on_or_after(root: Node<'_>, expectation: &LogoutExpectation<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let (name, expected) = (CheckName::LogoutNotOnOrAfter, "none, or in the future");
    match instant::read(root, "NotOnOrAfter") {
        Ok(None) => {
            checks.pass(name, expected, "none");
            Ok(())
        }
        Ok(Some(until)) => {
            let holds = !expectation.window().has_ended(until);
            checks.require(name, holds, expected, &until.to_string(), Refusal::LogoutRequestExpired)
        }
        Err(_) => {
            let found = root.attribute("NotOnOrAfter").unwrap_or("none");
            Err(checks.fail(name, expected, found, Refusal::InstantMalformed))
        }
    }
}

/// SAML core section 3.7.1: exactly one of NameID, EncryptedID and `BaseID`. The finding tells the format only.
fn subject(root: Node<'_>, expectation: &LogoutExpectation<'_>, checks: &mut Checklist) -> Result<NameId, Refusal> {
    let mut names = root.elements().filter(|node| NAMES.iter().any(|name| node.is(ASSERTION, name)));
    match (names.next(), names.next()) {
        (Some(node), None) if node.is(ASSERTION, "NameID") => {
            checks.pass(
                CheckName::ResponseEncryption,
                "as the identity provider likes",
                "a NameID that is not encrypted",
            );
            name_id(node, checks)
        }
        (Some(node), None) if node.is(ASSERTION, "EncryptedID") => {
            encrypted::element(node, "NameID", expectation.decryption, checks, name_id)
        }
        (first, _) => {
            let found = first.map_or("none", |_| "several, or a BaseID");
            Err(checks.fail(CheckName::SubjectNameId, ONE_NAME, found, Refusal::NameIdMissing))
        }
    }
}

fn name_id(node: Node<'_>, checks: &mut Checklist) -> Result<NameId, Refusal> {
    match name_id::read(node) {
        Ok(name_id) => {
            checks.pass(CheckName::SubjectNameId, ONE_NAME, &name_id.format);
            Ok(name_id)
        }
        Err(refusal) => {
            let found = "an empty one, one beyond the limit, or one that is not plain text";
            Err(checks.fail(CheckName::SubjectNameId, ONE_NAME, found, refusal))
        }
    }
}

/// SAML core section 3.7.1: none means all sessions. The finding tells how many.
fn session_indexes(root: Node<'_>, checks: &mut Checklist) -> Result<Vec<String>, Refusal> {
    let (name, expected) = (CheckName::LogoutSessionIndex, "plain text, within the limits");
    let mut indexes = Vec::new();
    for node in root.named(PROTOCOL, "SessionIndex") {
        let Ok(index) = node.text() else {
            return Err(checks.fail(name, expected, "forbidden content", Refusal::ValueForbiddenContent));
        };
        if indexes.len() == limit::SESSION_INDEXES_MAX || limit::is_beyond(&index, limit::ID_CHARS_MAX) {
            return Err(checks.fail(name, expected, "too many, or too long a one", Refusal::LimitExceeded));
        }
        indexes.push(index.into_owned());
    }
    checks.pass(name, expected, &indexes.len().to_string());
    Ok(indexes)
}

/// SAML core section 3.2.2: the answer names the request of ours that waits for it.
fn in_response_to(root: Node<'_>, expectation: &LogoutExpectation<'_>, checks: &mut Checklist) -> Result<(), Refusal> {
    let (name, expected) =
        (CheckName::LogoutInResponseTo, expectation.in_response_to.unwrap_or("no answer is awaited"));
    let Some(found) = root.attribute("InResponseTo") else {
        return Err(checks.fail(name, expected, "none", Refusal::InResponseToMissing));
    };
    let holds = Some(found) == expectation.in_response_to;
    checks.require(name, holds, expected, found, Refusal::InResponseToMismatch)
}

/// SAML core section 3.2.2.2. Whatever it says, the identity provider has said it: no refusal of the message.
fn status(root: Node<'_>, checks: &mut Checklist) -> LogoutOutcome {
    let outer = root.only(PROTOCOL, "Status").and_then(|status| status.only(PROTOCOL, "StatusCode"));
    let inner = outer.and_then(|code| code.only(PROTOCOL, "StatusCode"));
    let value = |code: Option<Node<'_>>| code.and_then(|code| code.attribute("Value").map(str::to_owned));
    let (code, detail) = (value(outer).unwrap_or_else(|| "none".to_owned()), value(inner));
    let found = detail.as_ref().map_or_else(|| code.clone(), |detail| format!("{code}, {detail}"));
    // Some send `PartialLogout` below Success, some below Responder; either way the session there has ended.
    let outcome = match detail.as_deref() {
        Some(PARTIAL_LOGOUT) => LogoutOutcome::Partial,
        _ if code == SUCCESS => LogoutOutcome::Success,
        _ => LogoutOutcome::Refused(check::finding(&found)),
    };
    if outcome == LogoutOutcome::Success {
        checks.pass(CheckName::LogoutStatus, SUCCESS, &found);
    } else {
        checks.warn(CheckName::LogoutStatus, SUCCESS, &found);
    }
    outcome
}
