use std::{collections::HashSet, hash::Hash, ops::Deref, time::Duration};

use vestibule_kernel::Timestamp;

use super::{SamlSettings, SettingsProblem as Problem, SettingsViolation, SubjectSource, limit};
use crate::{Role, name::is_one_line};

/// SAML core section 8.3.8.
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

/// Settings that keep all the rules.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CheckedSettings(SamlSettings);

impl CheckedSettings {
    /// Checks what is to replace `before`. An exception for SHA-1 is held against `now` when it is new; one that was
    /// saved before may have ended meanwhile.
    ///
    /// # Errors
    /// Every rule that is broken.
    pub fn check(wanted: SamlSettings, before: &SamlSettings, now: Timestamp) -> Result<Self, Vec<SettingsViolation>> {
        let mut violations = Violations(Vec::new());
        of_attributes(&wanted, &mut violations);
        of_roles(&wanted, &mut violations);
        of_requests(&wanted, &mut violations);
        violations.unless(is_distinct(&wanted.required_claims), "required_claims", Problem::RequiredTwice);
        let fits = wanted.clock_skew_seconds.is_none_or(|skew| skew <= limit::CLOCK_SKEW_SECONDS_MAX);
        violations.unless(fits, "clock_skew_seconds", Problem::ClockSkew);
        let latest = now.plus(Duration::from_hours(24 * limit::WEAK_DIGEST_DAYS_MAX));
        let lasts = wanted.sha1_until.is_none_or(|until| until > now && until <= latest);
        violations.unless(lasts || wanted.sha1_until == before.sha1_until, "sha1_until", Problem::Sha1Until);
        if violations.0.is_empty() { Ok(Self(wanted)) } else { Err(violations.0) }
    }

    /// The settings.
    #[must_use]
    pub fn into_settings(self) -> SamlSettings {
        self.0
    }
}

impl Deref for CheckedSettings {
    type Target = SamlSettings;

    fn deref(&self) -> &SamlSettings {
        &self.0
    }
}

struct Violations(Vec<SettingsViolation>);

impl Violations {
    fn unless(&mut self, holds: bool, field: &'static str, problem: Problem) {
        if !holds {
            self.0.push(SettingsViolation { field, problem });
        }
    }
}

fn of_attributes(wanted: &SamlSettings, violations: &mut Violations) {
    if let SubjectSource::Attribute { name } = &wanted.subject {
        violations.unless(is_name(name), "subject", Problem::AttributeName);
    }
    let field = "attributes";
    for rule in &wanted.attributes {
        let some = (1..=limit::NAMES_PER_CLAIM_MAX).contains(&rule.attributes.len());
        violations.unless(some && is_distinct(&rule.attributes), field, Problem::AttributeNames);
        violations.unless(rule.attributes.iter().all(|name| is_name(name)), field, Problem::AttributeName);
    }
    let claims: Vec<_> = wanted.attributes.iter().map(|rule| rule.claim).collect();
    violations.unless(is_distinct(&claims), field, Problem::ClaimTwice);
}

fn of_roles(wanted: &SamlSettings, violations: &mut Violations) {
    let rules = &wanted.roles;
    violations.unless(rules.len() <= limit::ROLE_RULES_MAX, "roles", Problem::RolesTooMany);
    violations.unless(rules.iter().all(|rule| is_name(&rule.group)), "roles", Problem::Group);
    violations.unless(rules.iter().all(|rule| Role::parse(&rule.role).is_ok()), "roles", Problem::Role);
    let pairs: Vec<_> = rules.iter().map(|rule| (&rule.group, &rule.role)).collect();
    violations.unless(is_distinct(&pairs), "roles", Problem::RoleTwice);
}

fn of_requests(wanted: &SamlSettings, violations: &mut Violations) {
    if let Some(format) = &wanted.name_id_format {
        violations.unless(is_uri(format), "name_id_format", Problem::NameIdFormat);
        let recognises = format != TRANSIENT || wanted.subject != SubjectSource::NameId;
        violations.unless(recognises, "name_id_format", Problem::NameIdTransient);
    }
    let contexts = &wanted.requested_authn_context;
    let right = contexts.len() <= limit::CONTEXTS_MAX && contexts.iter().all(|uri| is_uri(uri));
    violations.unless(right && is_distinct(contexts), "requested_authn_context", Problem::AuthnContext);
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= limit::NAME_CHARS_MAX && is_one_line(text)
}

/// Both kinds of URIs here are compared as text; what matters is that they are one word of printable ASCII.
fn is_uri(text: &str) -> bool {
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    printable && text.contains(':') && text.len() <= limit::URI_CHARS_MAX
}

fn is_distinct<T: Eq + Hash>(values: &[T]) -> bool {
    let mut seen = HashSet::new();
    values.iter().all(|value| seen.insert(value))
}
