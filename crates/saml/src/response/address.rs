//! From whom, to whom, in answer to what.

use super::{Expectation, shape::Shape, signature::Signer};
use crate::{CheckName, Refusal, check::Checklist, name::ASSERTION, xml::Node};

/// Compares the addresses. Where only the Assertion is signed, the Response's own are no proof of anything; they
/// are compared all the same and can only refuse.
pub(super) fn compare(
    shape: &Shape<'_>,
    signer: &Signer,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<(), Refusal> {
    // SAML profiles section 4.1.4.2: a signed Response names its Issuer; an unsigned one may leave it out.
    issuer(CheckName::ResponseIssuer, shape.response, signer.covers_response, expectation, checks)?;
    issuer(CheckName::AssertionIssuer, shape.assertion, true, expectation, checks)?;
    destination(shape.response, signer.covers_response, expectation, checks)?;
    in_response_to(CheckName::ResponseInResponseTo, shape.response, expectation, checks)
}

/// SAML core section 2.2.5.
fn issuer(
    name: CheckName,
    parent: Node<'_>,
    required: bool,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<(), Refusal> {
    let expected = expectation.identity_provider;
    let mut issuers = parent.named(ASSERTION, "Issuer");
    let Some(issuer) = issuers.next() else {
        return checks.require(name, !required, expected, "none", Refusal::IssuerMissing);
    };
    let Ok(found) = issuer.uri() else {
        return Err(checks.fail(name, expected, "forbidden content", Refusal::ValueForbiddenContent));
    };
    let only = issuers.next().is_none();
    checks.require(name, only && found == expected, expected, found, Refusal::IssuerMismatch)
}

/// SAML bindings section 3.5.5.2: a signed Response names its Destination.
fn destination(
    response: Node<'_>,
    required: bool,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<(), Refusal> {
    let (name, expected) = (CheckName::ResponseDestination, expectation.acs_url);
    match response.attribute("Destination") {
        None => checks.require(name, !required, expected, "none", Refusal::DestinationMissing),
        Some(found) => checks.require(name, found == expected, expected, found, Refusal::DestinationMismatch),
    }
}

/// SAML core section 3.2.2: an answer names its request. SAML profiles section 4.1.5: an unsolicited Response names none.
pub(super) fn in_response_to(
    name: CheckName,
    node: Node<'_>,
    expectation: &Expectation<'_>,
    checks: &mut Checklist,
) -> Result<(), Refusal> {
    match (expectation.in_response_to, node.attribute("InResponseTo")) {
        (None, found) => {
            let found_none = found.is_none();
            checks.require(name, found_none, "none", found.unwrap_or("none"), Refusal::InResponseToUnexpected)
        }
        (Some(expected), None) => Err(checks.fail(name, expected, "none", Refusal::InResponseToMissing)),
        (Some(expected), Some(found)) => {
            checks.require(name, found == expected, expected, found, Refusal::InResponseToMismatch)
        }
    }
}
