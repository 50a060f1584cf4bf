//! Moments in time (SAML core section 1.3.3).

use std::time::Duration;

use vestibule_kernel::Timestamp;

use crate::{CheckName, Refusal, check::Checklist, limit, xml::Node};

/// The present as far as both clocks may differ.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    earliest: Timestamp,
    latest: Timestamp,
}

impl Window {
    pub(crate) fn new(now: Timestamp, skew: Duration) -> Self {
        let skew = skew.min(limit::SKEW_MAX);
        Self { earliest: now.minus(skew), latest: now.plus(skew) }
    }

    /// Whether what begins at `instant` has begun on the other side's clock: NotBefore is inclusive.
    pub(crate) fn has_begun(self, instant: Timestamp) -> bool {
        instant <= self.latest
    }

    /// Whether what ends at `instant` has ended on the other side's clock: NotOnOrAfter is exclusive.
    pub(crate) fn has_ended(self, instant: Timestamp) -> bool {
        instant <= self.earliest
    }
}

/// A moment is missing its form.
pub(crate) struct Malformed;

/// The moment in this attribute, or `None` when there is no such attribute.
pub(crate) fn read(node: Node<'_>, attribute: &str) -> Result<Option<Timestamp>, Malformed> {
    node.attribute(attribute).map(parse).transpose()
}

/// An xs:dateTime (XML Schema part 2, section 3.2.7) that means one moment and no other: SAML core section 1.3.3 wants UTC,
/// an offset says the same as clearly, and so do fractions of a second, of which milliseconds count. A moment without any
/// time zone is refused, for it may be UTC or the other side's local time; so is a leap second, which SAML forbids.
fn parse(text: &str) -> Result<Timestamp, Malformed> {
    let bytes = text.as_bytes();
    // RFC 3339, which is read here, also knows small letters, and other separators than `T`.
    let is_schema = bytes.get(10) == Some(&b'T') && !bytes.ends_with(b"z") && bytes.get(17..19) != Some(b"60");
    if is_schema { text.parse().map_err(|_| Malformed) } else { Err(Malformed) }
}

/// The Assertion's IssueInstant: not in the future, not older than [`limit::ASSERTION_AGE_MAX`]. The memory of
/// used assertions is sorted by it and may forget what is older.
pub(super) fn issue(assertion: Node<'_>, window: Window, checks: &mut Checklist) -> Result<Timestamp, Refusal> {
    let name = CheckName::AssertionIssueInstant;
    let oldest = window.earliest.minus(limit::ASSERTION_AGE_MAX);
    let latest = window.latest;
    let Ok(Some(instant)) = read(assertion, "IssueInstant") else {
        let found = assertion.attribute("IssueInstant").unwrap_or("none");
        let expected = format_args!("after {oldest}, up to {latest}");
        return Err(checks.fail(name, expected, found, Refusal::InstantMalformed));
    };
    let (begun, fresh) = (window.has_begun(instant), instant > oldest);
    let refusal = if begun { Refusal::AssertionTooOld } else { Refusal::AssertionNotYetValid };
    let expected = format_args!("after {oldest}, up to {latest}");
    checks.require(name, begun && fresh, expected, Some(instant), refusal)?;
    Ok(instant)
}
