//! The verdict on a Response, without any effect: the same question has the same answer as often as it is asked.

use std::{sync::Arc, time::Duration};

use vestibule_kernel::Timestamp;
use vestibule_saml::{
    self as saml, Assertion, DecryptionKeys, Expectation, NormalisedIdentity, SubjectFault, SubjectId, Verdict,
    Verified,
};
use vestibule_tenancy::{EmailAddress, connection::CertificateValidity, organization::ForeignEmail};

use crate::{
    checklist::{Check, Checklist},
    connection::ReadyConnection,
    email::Email,
    mapping,
    refusal::Refusal,
};

/// What the engine is asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) saml_response: &'a str,
    /// The ID of the request that must be answered; `None`: nobody asked.
    pub(crate) request_id: Option<&'a str>,
    pub(crate) now: Timestamp,
    pub(crate) skew: Duration,
}

/// What is to be judged.
pub(crate) struct Case<'a> {
    pub(crate) connection: &'a Arc<ReadyConnection>,
    pub(crate) saml_response: &'a str,
    /// The ID of the request that must be answered.
    pub(crate) request_id: &'a str,
    pub(crate) email_required: bool,
    pub(crate) organization_suspended: bool,
    /// What the organization wants to become of foreign addresses; what the pool requires is stronger.
    pub(crate) foreign_email: ForeignEmail,
    pub(crate) now: Timestamp,
    /// What the deployment says of clocks.
    pub(crate) skew: Duration,
    /// The reference id of the sign-in, for the log; empty where nobody signs in.
    pub(crate) sign_in: &'a str,
    /// Whether nobody will be signed in, on a connection that is not live.
    pub(crate) is_test: bool,
}

/// What a Response says that may sign somebody in, unless it was used before.
pub(crate) struct Acceptable {
    pub(crate) assertion: Assertion,
    /// What its signatures cover, for a second opinion; `None` when no other engine could verify it by itself.
    pub(crate) verified: Option<Verified>,
    pub(crate) identity: NormalisedIdentity,
    /// By what the person is recognised.
    pub(crate) subject: SubjectId,
    /// What becomes of the address.
    pub(crate) email: Email,
}

impl Case<'_> {
    /// By how much the clocks may differ: what the connection says, else what the deployment says.
    pub(crate) fn skew(&self) -> Duration {
        self.connection.skew(self.skew)
    }

    pub(crate) fn asked(&self) -> Asked<'_> {
        let Self { saml_response, request_id, now, .. } = *self;
        Asked { saml_response, request_id: Some(request_id), now, skew: self.skew() }
    }
}

/// Whether the verdict turns on a domain not being verified.
pub(crate) fn is_email_foreign(verdict: &Result<Acceptable, Refusal>) -> bool {
    match verdict {
        Ok(acceptable) => acceptable.email == Email::Foreign,
        Err(refusal) => *refusal == Refusal::EmailForeign,
    }
}

/// What the engine says; `None` when no certificate of the connection is usable. With `keys` it opens what is encrypted.
pub(crate) fn verdict(
    connection: &ReadyConnection,
    asked: &Asked<'_>,
    keys: Option<&DecryptionKeys>,
) -> Option<Verdict> {
    let expectation = Expectation {
        service_provider: &connection.service_provider.entity_id,
        acs_url: &connection.service_provider.acs_url,
        identity_provider: &connection.identity_provider,
        trusted: connection.trusted.at(asked.now)?,
        in_response_to: asked.request_id,
        now: asked.now,
        skew: asked.skew,
        sha1_until: connection.settings.sha1_until,
        enforce_certificate_validity: connection.settings.certificate_validity == CertificateValidity::Enforce,
        decryption: keys,
        encryption_required: connection.requires_encryption(),
        // Where nothing was requested, nothing has to be answered.
        required_authn_context: asked.request_id.map_or(&[], |_| &connection.settings.requested_authn_context),
    };
    Some(saml::validate(asked.saml_response, &expectation))
}

/// Judges what the engine said; `owns` tells whether an address lies inside the organization's verified domains.
pub(crate) fn judge(
    case: &Case<'_>,
    verdict: Option<Verdict>,
    owns: impl FnOnce(&EmailAddress) -> bool,
) -> (Checklist, Result<Acceptable, Refusal>) {
    let mut checks = Checklist::default();
    let Some(verdict) = verdict else {
        let refusal = checks.fail(Check::ConnectionTrusted, "none", Refusal::NoTrustedCertificate);
        return (checks, Err(refusal));
    };
    checks.pass(Check::ConnectionTrusted);
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
    if case.is_test && !enabled {
        checks.warn(Check::ConnectionEnabled, "disabled, as it should be for a test");
    } else {
        checks.require(Check::ConnectionEnabled, enabled, "disabled", Refusal::ConnectionDisabled)?;
    }
    let identity = saml::normalise(&assertion, &case.connection.mapping);
    let subject = identity.subject.clone().map_err(|fault| {
        let found = match fault {
            SubjectFault::Transient => "a transient NameID".to_owned(),
            _ => format!("{fault}; {}", arrived(&assertion)),
        };
        checks.fail(Check::SubjectStable, &found, Refusal::Subject(fault))
    })?;
    checks.pass(Check::SubjectStable);
    require_claims(case.connection, &assertion, &identity, checks)?;
    let email = Email::of(&identity, owns);
    match email.refusal() {
        None => checks.pass(Check::EmailReleasable),
        Some(refusal) if case.email_required || refuses(case.foreign_email, &email) => {
            return Err(checks.fail(Check::EmailReleasable, &refusal.to_string(), refusal));
        }
        Some(refusal) => checks.warn(Check::EmailReleasable, &format!("not released: {refusal}")),
    }
    Ok(Acceptable { assertion, verified, identity, subject, email })
}

/// Claims without which the connection lets nobody in.
fn require_claims(
    connection: &ReadyConnection,
    assertion: &Assertion,
    identity: &NormalisedIdentity,
    checks: &mut Checklist,
) -> Result<(), Refusal> {
    let required = connection.settings.required_claims.iter();
    let missing: Vec<&str> =
        required.filter(|name| !identity.has(mapping::claim(**name))).map(|name| name.as_str()).collect();
    let found = format!("without {}; {}", missing.join(", "), arrived(assertion));
    checks.require(Check::ClaimsPresent, missing.is_empty(), &found, Refusal::RequiredClaimMissing)
}

/// What was sent instead: the names of attributes, which are the identity provider's words and nobody's data.
fn arrived(assertion: &Assertion) -> String {
    let names = assertion.attribute_names();
    if names.is_empty() { "no attributes arrived".to_owned() } else { format!("arrived: {}", names.join(", ")) }
}

/// An address that is no address, or not a single one, is nobody's: only what lies outside of the verified domains is
/// foreign.
fn refuses(policy: ForeignEmail, email: &Email) -> bool {
    policy == ForeignEmail::Refuse && *email == Email::Foreign
}
