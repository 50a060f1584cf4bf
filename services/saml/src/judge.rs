//! The verdict on a Response, without any effect: the same question has the same answer as often as it is asked.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_saml::{self as saml, Assertion, Expectation, NormalisedIdentity, Verified};
use vestibule_tenancy::{EmailAddress, organization::ForeignEmail};

use crate::{
    checklist::{Check, Checklist},
    connection::ReadyConnection,
    email::Email,
    refusal::Refusal,
};

/// What is to be judged.
pub(crate) struct Case<'a> {
    pub(crate) connection: &'a ReadyConnection,
    pub(crate) saml_response: &'a str,
    /// The ID of the request that must be answered.
    pub(crate) request_id: &'a str,
    pub(crate) email_required: bool,
    pub(crate) organization_suspended: bool,
    /// What the organization wants to become of foreign addresses; what the pool requires is stronger.
    pub(crate) foreign_email: ForeignEmail,
    pub(crate) now: Timestamp,
    pub(crate) skew: Duration,
}

/// What a Response says that may sign somebody in, unless it was used before.
pub(crate) struct Acceptable {
    pub(crate) assertion: Assertion,
    /// What its signatures cover, for a second opinion; `None` when no other engine could verify it by itself.
    pub(crate) verified: Option<Verified>,
    pub(crate) identity: NormalisedIdentity,
    /// What becomes of the address.
    pub(crate) email: Email,
}

/// Whether the verdict turns on a domain not being verified.
pub(crate) fn is_email_foreign(verdict: &Result<Acceptable, Refusal>) -> bool {
    match verdict {
        Ok(acceptable) => acceptable.email == Email::Foreign,
        Err(refusal) => *refusal == Refusal::EmailForeign,
    }
}

/// Judges; `owns` tells whether an address lies inside the organization's verified domains.
pub(crate) fn judge(
    case: &Case<'_>,
    owns: impl FnOnce(&EmailAddress) -> bool,
) -> (Checklist, Result<Acceptable, Refusal>) {
    let mut checks = Checklist::default();
    let Some(trusted) = &case.connection.trusted else {
        let refusal = checks.fail(Check::ConnectionTrusted, "none", Refusal::NoTrustedCertificate);
        return (checks, Err(refusal));
    };
    checks.pass(Check::ConnectionTrusted);
    let expectation = Expectation {
        service_provider: &case.connection.service_provider.entity_id,
        acs_url: &case.connection.service_provider.acs_url,
        identity_provider: &case.connection.identity_provider,
        trusted,
        in_response_to: case.request_id,
        now: case.now,
        skew: case.skew,
        sha1_until: case.connection.settings.sha1_until,
    };
    let verdict = saml::validate(case.saml_response, &expectation);
    checks.extend(&verdict.checks);
    let (outcome, verified) = (verdict.outcome, verdict.verified);
    let outcome =
        outcome.map_err(Refusal::from).and_then(|assertion| allow(case, assertion, verified, owns, &mut checks));
    (checks, outcome)
}

/// What organization and connection allow.
fn allow(
    case: &Case<'_>,
    assertion: Assertion,
    verified: Option<Verified>,
    owns: impl FnOnce(&EmailAddress) -> bool,
    checks: &mut Checklist,
) -> Result<Acceptable, Refusal> {
    let active = !case.organization_suspended;
    checks.require(Check::OrganizationActive, active, "suspended", Refusal::OrganizationSuspended)?;
    let enabled = case.connection.is_enabled;
    checks.require(Check::ConnectionEnabled, enabled, "disabled", Refusal::ConnectionDisabled)?;
    let identity = saml::normalise(&assertion);
    let stable = !identity.subject_is_transient;
    checks.require(Check::SubjectStable, stable, "a transient NameID", Refusal::SubjectNotStable)?;
    let email = Email::of(&identity, owns);
    match email.refusal() {
        None => checks.pass(Check::EmailReleasable),
        Some(refusal) if case.email_required || refuses(case.foreign_email, &email) => {
            return Err(checks.fail(Check::EmailReleasable, &refusal.to_string(), refusal));
        }
        Some(refusal) => checks.warn(Check::EmailReleasable, &format!("not released: {refusal}")),
    }
    Ok(Acceptable { assertion, verified, identity, email })
}

/// An address that is no address, or not a single one, is nobody's: only what lies outside of the verified domains is
/// foreign.
fn refuses(policy: ForeignEmail, email: &Email) -> bool {
    policy == ForeignEmail::Refuse && *email == Email::Foreign
}
