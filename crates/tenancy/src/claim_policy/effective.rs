use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use super::{
    APP_CLIENTS_MAX, Attribute, Budget, CLAIMS_MAX, ClaimPolicy, ClaimRule, ClaimSource, CustomAttributes,
    EventVersion, GroupMode, Groups, ORGANIZATION_CLAIM, Problem, ROLES_SPELLED_OUT_MAX, SCOPES_MAX, SUPPRESSED_MAX,
    Suppress, Tokens,
    limit::{CLAIMS_WARNED, ROLES_SPELLED_OUT},
    name,
    template::{self, Kind, Template},
    value::check_constant,
};
use crate::AppClientId;

/// Who says something, in the order in which policies are laid over each other.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Vestibule itself.
    Default,
    /// The policy of the user pool.
    UserPool,
    /// The policy of the organization.
    Organization,
    /// The policy of the app client.
    AppClient,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::UserPool => "user pool",
            Self::Organization => "organization",
            Self::AppClient => "app client",
        })
    }
}

/// Policies laid over each other, ready to be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    pub(super) event_version: Option<EventVersion>,
    pub(super) claims: BTreeMap<String, Claim>,
    pub(super) scopes: Vec<(Template, Level)>,
    pub(super) group_mode: (GroupMode, Level),
    /// The last one is in force; those above it still tell what is another organization's.
    pub(super) group_templates: Vec<(Template, Level)>,
    /// Whether the scope is suppressed, and who says so.
    pub(super) user_admin_scope: (bool, Level),
    pub(super) custom_attributes: (CustomAttributes, Level),
    pub(super) suppressed_claims: BTreeMap<String, Level>,
    pub(super) suppressed_scopes: BTreeMap<String, Level>,
    /// What each level allows that says so.
    pub(super) app_clients: Vec<(BTreeSet<String>, Level)>,
    pub(super) claims_warned: usize,
    pub(super) roles_spelled_out: usize,
    pub(super) reference_claim: (String, Level),
}

/// A claim, its value and who says what the value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) source: ClaimSource,
    pub(super) tokens: Tokens,
    pub(super) level: Level,
}

/// The defaults: the organization in both tokens, without the means to write attributes and without attributes that are
/// called like it.
impl Default for Effective {
    fn default() -> Self {
        let source = ClaimSource::From(Attribute::OrganizationId);
        let organization = Claim { source, tokens: Tokens::Both, level: Level::Default };
        Self {
            event_version: None,
            claims: BTreeMap::from([(ORGANIZATION_CLAIM.to_owned(), organization)]),
            scopes: Vec::new(),
            group_mode: (GroupMode::Keep, Level::Default),
            group_templates: Vec::new(),
            user_admin_scope: (true, Level::Default),
            custom_attributes: (CustomAttributes::SuppressNamesakes, Level::Default),
            suppressed_claims: BTreeMap::new(),
            suppressed_scopes: BTreeMap::new(),
            app_clients: Vec::new(),
            claims_warned: CLAIMS_WARNED.into(),
            roles_spelled_out: ROLES_SPELLED_OUT.into(),
            reference_claim: ("roles_ref".to_owned(), Level::Default),
        }
    }
}

impl Effective {
    /// Lays a policy over those above it. What it may not say is left out, and told.
    #[must_use]
    pub fn with(mut self, level: Level, policy: &ClaimPolicy) -> (Self, Vec<Problem>) {
        let mut problems = Problems::default();
        self.add_event_version(level, policy.event_version, &mut problems);
        self.add_budget(level, &policy.budget, &mut problems);
        self.add_suppressed(level, &policy.suppress, &mut problems);
        problems.check_count("claims", policy.claims.len(), CLAIMS_MAX);
        for (name, rule) in policy.claims.iter().take(CLAIMS_MAX) {
            self.add_claim(level, name, rule, &mut problems);
        }
        problems.check_count("scopes", policy.scopes.len(), SCOPES_MAX);
        for (index, text) in policy.scopes.iter().enumerate().take(SCOPES_MAX) {
            self.add_scope(level, index, text, &mut problems);
        }
        self.add_groups(level, &policy.groups, &mut problems);
        if !policy.app_clients.is_empty() {
            self.add_app_clients(level, &policy.app_clients, &mut problems);
        }
        (self, problems.0)
    }

    /// Several policies at once, from the top; what they may not say is left out.
    #[must_use]
    pub fn of<'a>(policies: impl IntoIterator<Item = (Level, &'a ClaimPolicy)>) -> Self {
        policies.into_iter().fold(Self::default(), |effective, (level, policy)| effective.with(level, policy).0)
    }

    /// The version of the event that the pool's trigger is said to be configured with.
    #[must_use]
    pub const fn event_version(&self) -> Option<EventVersion> {
        self.event_version
    }

    /// What `level` says that events of this version cannot carry.
    #[must_use]
    pub fn not_carried_by(&self, version: EventVersion, level: Level) -> Vec<Problem> {
        const SCOPES: &str = "events of version V1_0 do not reach scopes: they stay as Cognito has them";
        let mut problems = Problems::default();
        if version != EventVersion::V1 {
            return problems.0;
        }
        for (name, claim) in self.claims.iter().filter(|(_, claim)| claim.level == level) {
            if claim.tokens == Tokens::Access {
                let description = "events of version V1_0 do not reach access tokens: there is no such claim";
                problems.note("NOT_IN_V1_0", format!("claims[{name}].tokens"), description);
            }
            if let ClaimSource::Constant(Value::Array(_) | Value::Object(_)) = claim.source {
                let description = "events of version V1_0 carry texts only: there is no such claim";
                problems.note("NOT_IN_V1_0", format!("claims[{name}].constant"), description);
            }
        }
        if self.scopes.iter().any(|(_, by)| *by == level) {
            problems.note("NOT_IN_V1_0", "scopes", SCOPES);
        }
        if self.suppressed_scopes.values().any(|by| *by == level) {
            problems.note("NOT_IN_V1_0", "suppress.scopes", SCOPES);
        }
        if self.user_admin_scope == (true, level) || level == Level::UserPool && self.user_admin_scope.0 {
            problems.note("NOT_IN_V1_0", "suppress.user_admin_scope", SCOPES);
        }
        problems.0
    }

    fn add_event_version(&mut self, level: Level, version: Option<EventVersion>, problems: &mut Problems) {
        match (version, level) {
            (None, _) => {}
            (version, Level::Default | Level::UserPool) => self.event_version = version,
            (Some(_), _) => problems.note("NOT_AT_THIS_LEVEL", "event_version", "it is a property of the user pool"),
        }
    }

    fn add_budget(&mut self, level: Level, budget: &Budget, problems: &mut Problems) {
        const FIELD: &str = "budget.reference_claim";
        if let Some(claims) = budget.claims {
            self.claims_warned = claims.into();
        }
        match budget.roles {
            Some(roles) if roles > ROLES_SPELLED_OUT_MAX => {
                problems.note("BUDGET_TOO_LARGE", "budget.roles", format!("at most {ROLES_SPELLED_OUT_MAX}"));
            }
            Some(roles) => self.roles_spelled_out = roles.into(),
            None => {}
        }
        let Some(wanted) = &budget.reference_claim else { return };
        if let Err((reason, description)) = name::check_made(wanted, &REFERENCE, Tokens::Both) {
            problems.note(reason, FIELD, description);
        } else if self.claims.keys().any(|name| name::bare(name).eq_ignore_ascii_case(name::bare(wanted))) {
            problems.note("CLAIM_NAME_TWICE", FIELD, "a claim has this name already");
        } else {
            self.reference_claim = (wanted.clone(), level);
        }
    }

    fn add_claim(&mut self, level: Level, name: &str, rule: &ClaimRule, problems: &mut Problems) {
        let field = Problem::claim_field(name);
        let above = self.claims.get(name);
        let source = rule.source.as_ref().or(above.map(|above| &above.source));
        let Some(source) = source else {
            return problems.note("CLAIM_SOURCE_REQUIRED", format!("{field}.source"), "no level above says its value");
        };
        let tokens = rule.tokens.or(above.map(|above| above.tokens)).unwrap_or_default();
        if let Err((reason, description)) = name::check_made(name, source, tokens) {
            return problems.note(reason, field, description);
        }
        if let ClaimSource::Constant(value) = source
            && let Err(description) = check_constant(value)
        {
            return problems.note("CONSTANT_INVALID", format!("{field}.constant"), description);
        }
        if self.is_mistakable(name, source) {
            let description = "another claim, or the reference claim, has this name but for the case or `custom:`, and \
                               another value";
            return problems.note("CLAIM_NAME_TWICE", field, description);
        }
        if let Some(by) = self.suppressed_claims.get(name) {
            return problems.note("SUPPRESSED", field, format!("the policy of the {by} suppresses this claim"));
        }
        let level = match above {
            Some(above) if above.source == *source => above.level,
            Some(Claim { source: ClaimSource::From(attribute), level: by, .. }) if *by < level => {
                let (by, from) = (*by, attribute.as_str());
                let description = format!("the policy of the {by} takes it from {from}; only its tokens can be chosen");
                return problems.note("CLAIM_FIXED_ABOVE", format!("{field}.source"), description);
            }
            _ => level,
        };
        let claim = Claim { source: source.clone(), tokens, level };
        self.claims.insert(name.to_owned(), claim);
    }

    /// Whether a reader may take this claim for another one: the reference claim, one whose name differs in case only, or
    /// one with and one without `custom:`, unless both hold the same or a constant.
    fn is_mistakable(&self, name: &str, source: &ClaimSource) -> bool {
        let others = self.claims.iter().filter(|(other, _)| *other != name);
        self.reference_claim.0.eq_ignore_ascii_case(name)
            || others.into_iter().any(|(other, claim)| {
                let constants = matches!((source, &claim.source), (ClaimSource::Constant(_), ClaimSource::Constant(_)));
                other.eq_ignore_ascii_case(name)
                    || name::bare(other).eq_ignore_ascii_case(name::bare(name)) && claim.source != *source && !constants
            })
    }

    fn add_scope(&mut self, level: Level, index: usize, text: &str, problems: &mut Problems) {
        let field = format!("scopes[{index}]");
        if let Some(by) = self.suppressed_scopes.get(text) {
            return problems.note("SUPPRESSED", field, format!("the policy of the {by} suppresses this scope"));
        }
        if let Some(template) = self.template(level, Kind::Scope, field, text, problems) {
            self.scopes.push((template, level));
        }
    }

    fn add_groups(&mut self, level: Level, groups: &Groups, problems: &mut Problems) {
        if let Some(mode) = groups.mode {
            if level > Level::UserPool && mode < self.group_mode.0 {
                problems.note("SUPPRESSED_ABOVE", "groups.mode", BELOW);
            } else {
                self.group_mode = (mode, level);
            }
        }
        if let Some(text) = &groups.template
            && let Some(template) = self.template(level, Kind::Group, "groups.template".to_owned(), text, problems)
        {
            self.group_templates.push((template, level));
        }
    }

    fn template(
        &self,
        level: Level,
        kind: Kind,
        field: String,
        text: &str,
        problems: &mut Problems,
    ) -> Option<Template> {
        let template = match Template::parse(kind, text) {
            Ok(template) => template,
            Err(description) => {
                problems.note("TEMPLATE_INVALID", field, description);
                return None;
            }
        };
        // Above it is known what roles mean in the whole pool; below, one organization must not speak for all.
        if level > Level::UserPool && template.names_role() && !template.names_organization() {
            let description = "below the user pool, what is made of roles begins with the organization's id or slug";
            problems.note("TEMPLATE_NOT_OF_THE_ORGANIZATION", field, description);
            return None;
        }
        let others = match kind {
            Kind::Scope => &self.scopes,
            Kind::Group => &self.group_templates,
        };
        if let Some((_, by)) = others.iter().find(|(other, _)| template.collides_with(other)) {
            let description = format!(
                "with a template of the policy of the {by} it could make for one organization what that makes for another: \
                 let it begin with another text"
            );
            problems.note("TEMPLATE_COLLIDES", field, description);
            return None;
        }
        Some(template)
    }

    fn add_suppressed(&mut self, level: Level, suppress: &Suppress, problems: &mut Problems) {
        match suppress.user_admin_scope {
            Some(false) if level > Level::UserPool && self.user_admin_scope.0 => {
                problems.note("SUPPRESSED_ABOVE", "suppress.user_admin_scope", BELOW);
            }
            Some(suppressed) => self.user_admin_scope = (suppressed, level),
            None => {}
        }
        match suppress.custom_attributes {
            Some(wanted) if level > Level::UserPool && wanted < self.custom_attributes.0 => {
                problems.note("SUPPRESSED_ABOVE", "suppress.custom_attributes", BELOW);
            }
            Some(wanted) => self.custom_attributes = (wanted, level),
            None => {}
        }
        problems.check_count("suppress.claims", suppress.claims.len(), SUPPRESSED_MAX);
        for (index, claim) in suppress.claims.iter().enumerate().take(SUPPRESSED_MAX) {
            match name::check_suppressed(claim) {
                Ok(()) => drop(self.suppressed_claims.entry(claim.clone()).or_insert(level)),
                Err((reason, description)) => problems.note(reason, format!("suppress.claims[{index}]"), description),
            }
        }
        problems.check_count("suppress.scopes", suppress.scopes.len(), SUPPRESSED_MAX);
        for (index, scope) in suppress.scopes.iter().enumerate().take(SUPPRESSED_MAX) {
            if template::is_scope(scope) {
                self.suppressed_scopes.entry(scope.clone()).or_insert(level);
            } else {
                let description = "a scope has 1 to 513 visible ASCII characters but `\"` and `\\`";
                problems.note("SCOPE_INVALID", format!("suppress.scopes[{index}]"), description);
            }
        }
    }

    fn add_app_clients(&mut self, level: Level, app_clients: &[String], problems: &mut Problems) {
        const FIELD: &str = "app_clients";
        if level == Level::AppClient {
            return problems.note("NOT_AT_THIS_LEVEL", FIELD, "this is the policy of one app client");
        }
        problems.check_count(FIELD, app_clients.len(), APP_CLIENTS_MAX);
        let mut allowed = BTreeSet::new();
        for (index, id) in app_clients.iter().enumerate().take(APP_CLIENTS_MAX) {
            match AppClientId::parse(id) {
                Ok(id) => drop(allowed.insert(id.into_string())),
                Err(error) => problems.note(error.reason(), format!("{FIELD}[{index}]"), error.to_string()),
            }
        }
        // A list of which nothing can be read allows nobody.
        self.app_clients.push((allowed, level));
    }
}

const BELOW: &str = "only the policy of the user pool can allow what is suppressed above";

/// What the value of the reference claim counts as: a text.
const REFERENCE: ClaimSource = ClaimSource::From(Attribute::PersonId);

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn note(&mut self, reason: &'static str, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Problem { reason, field: field.into(), description: description.into() });
    }

    fn check_count(&mut self, field: &'static str, count: usize, max: usize) {
        if count > max {
            self.note("LIST_TOO_LONG", field, format!("at most {max}; there are {count}"));
        }
    }
}
