//! Under which conditions the Assertion may be used (SAML core section 2.5).

use vestibule_kernel::Timestamp;

use super::{
    Expectation,
    instant::{self, Window},
};
use crate::{
    CheckName, Refusal,
    check::{Checklist, Listed},
    name::ASSERTION,
    xml::Node,
};

/// Conditions that need nothing of us: a single use is the rule here anyway, and nothing is passed on.
const HARMLESS: [&str; 2] = ["OneTimeUse", "ProxyRestriction"];

/// Checks the time and the audience; the moment is when the Conditions end, if they say so.
pub(super) fn check(
    assertion: Node<'_>,
    expectation: &Expectation<'_>,
    window: Window,
    checks: &mut Checklist,
) -> Result<Option<Timestamp>, Refusal> {
    let (name, expected) = (CheckName::ConditionsNotBefore, "NotBefore in the past");
    let Some(conditions) = assertion.only(ASSERTION, "Conditions") else {
        return Err(checks.fail(name, expected, "not exactly one Conditions", Refusal::ConditionsMissing));
    };
    let Ok(from) = instant::read(conditions, "NotBefore") else {
        let found = conditions.attribute("NotBefore").unwrap_or_default();
        return Err(checks.fail(name, expected, found, Refusal::InstantMalformed));
    };
    let begun = from.is_none_or(|from| window.has_begun(from));
    checks.require(name, begun, expected, from, Refusal::AssertionNotYetValid)?;

    let (name, expected) = (CheckName::ConditionsNotOnOrAfter, "NotOnOrAfter in the future");
    let Ok(until) = instant::read(conditions, "NotOnOrAfter") else {
        let found = conditions.attribute("NotOnOrAfter").unwrap_or_default();
        return Err(checks.fail(name, expected, found, Refusal::InstantMalformed));
    };
    let lasts = until.is_none_or(|until| !window.has_ended(until));
    checks.require(name, lasts, expected, until, Refusal::AssertionExpired)?;

    audience(conditions, expectation.service_provider, checks)?;
    Ok(until)
}

/// SAML core section 2.5.1.4: every AudienceRestriction must hold, each through one of its Audiences. At least one
/// is required (profiles section 4.1.4.2). A condition that is not understood forbids the use (section 2.5.1).
fn audience(conditions: Node<'_>, expected: &str, checks: &mut Checklist) -> Result<(), Refusal> {
    let name = CheckName::ConditionsAudience;
    let mut restricted = false;
    for condition in conditions.elements() {
        if condition.is(ASSERTION, "AudienceRestriction") {
            restricted = true;
            let mut named = false;
            for audience in condition.named(ASSERTION, "Audience") {
                let Ok(audience) = audience.uri() else {
                    return Err(checks.fail(name, expected, "forbidden content", Refusal::ValueForbiddenContent));
                };
                named |= audience == expected;
            }
            if !named {
                let found = condition.named(ASSERTION, "Audience").filter_map(|audience| audience.uri().ok());
                return Err(checks.fail(name, expected, Listed(found), Refusal::AudienceMismatch));
            }
        } else if !HARMLESS.iter().any(|harmless| condition.is(ASSERTION, harmless)) {
            return Err(checks.fail(name, expected, condition.local_name(), Refusal::ConditionUnknown));
        }
    }
    let found = if restricted { expected } else { "none" };
    checks.require(name, restricted, expected, found, Refusal::AudienceMissing)
}
