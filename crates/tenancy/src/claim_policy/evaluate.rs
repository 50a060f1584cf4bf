use std::borrow::Cow;

use serde_json::Value;

use super::{
    Attribute, CLAIMS_CEILING, ClaimSource, ClaimValue, CustomAttributes, Denied, Effective, EventVersion, Facts,
    Granted, Grants, GroupMode, GroupOverride, Home, Level, ORGANIZATION_CLAIM, Warning,
    name::bare,
    template::{Template, Unfilled},
};

/// With it, a person may write attributes.
const USER_ADMIN_SCOPE: &str = "aws.cognito.signin.user.admin";

/// How much of what the policies say is granted.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Extent {
    Everything,
    /// Roles become a reference.
    RolesReferenced,
    /// The organization, and what is suppressed.
    OrganizationOnly,
}

impl Effective {
    /// What goes into the tokens of which `facts` speaks.
    ///
    /// Deterministic and total. No claim of the answer is Cognito's own, and claims and scopes stay below
    /// [`CLAIMS_CEILING`], the existing ones included.
    ///
    /// # Errors
    /// [`Denied`]: there must be no tokens.
    pub fn evaluate<'a>(&'a self, facts: &Facts<'a>) -> Result<Grants<'a>, Denied> {
        self.check_app_client(facts)?;
        let first = if self.too_many_roles(facts) { Extent::RolesReferenced } else { Extent::Everything };
        let mut grants = self.grant(facts, first);
        if grants.claims > CLAIMS_CEILING && first == Extent::Everything {
            grants = self.grant(facts, Extent::RolesReferenced);
        }
        if grants.claims > CLAIMS_CEILING {
            grants = self.grant(facts, Extent::OrganizationOnly);
        }
        if grants.claims > CLAIMS_CEILING {
            return Err(Denied::TooManyClaims);
        }
        if grants.claims > self.claims_warned {
            grants.warnings.push(Warning::OverBudget);
        }
        Ok(grants)
    }

    fn check_app_client(&self, facts: &Facts<'_>) -> Result<(), Denied> {
        if let Home::AppClient(own) = facts.organization.home
            && own != facts.app_client_id
        {
            return Err(Denied::AppClientNotAllowed { level: Level::Default });
        }
        let refusing = self.app_clients.iter().find(|(allowed, _)| !allowed.contains(facts.app_client_id));
        refusing.map_or(Ok(()), |(_, level)| Err(Denied::AppClientNotAllowed { level: *level }))
    }

    fn too_many_roles(&self, facts: &Facts<'_>) -> bool {
        let roles = facts.person.map_or(0, |person| person.roles.len());
        let kept = if self.group_mode.0 == GroupMode::Keep { facts.existing.groups.len() } else { 0 };
        let as_groups = if !self.group_templates.is_empty() && roles > 0 { kept + roles } else { 0 };
        roles.max(as_groups) > self.roles_spelled_out
    }

    fn grant<'a>(&'a self, facts: &Facts<'a>, extent: Extent) -> Grants<'a> {
        let mut grants = Grants {
            id_claims: Vec::new(),
            access_claims: Vec::new(),
            id_suppressed: Vec::new(),
            access_suppressed: Vec::new(),
            scopes: Vec::new(),
            scopes_suppressed: Vec::new(),
            groups: GroupOverride::Keep,
            claims: 0,
            warnings: Vec::new(),
        };
        match extent {
            Extent::Everything => {}
            Extent::RolesReferenced => grants.warnings.push(Warning::RolesReferenced),
            Extent::OrganizationOnly => grants.warnings.push(Warning::CeilingReached),
        }
        self.grant_claims(facts, extent, &mut grants);
        self.suppress_claims(facts, &mut grants);
        if facts.event_version != EventVersion::V1 {
            self.grant_scopes(facts, extent, &mut grants);
        }
        self.override_groups(facts, extent, &mut grants);
        grants.warnings.sort_unstable_by_key(|warning| warning.reason());
        grants.warnings.dedup();
        grants.claims = count(facts, &grants);
        grants
    }

    fn grant_claims<'a>(&'a self, facts: &Facts<'a>, extent: Extent, grants: &mut Grants<'a>) {
        // A client has no ID token, and V1_0 reaches no access token.
        let (id, access) = (facts.person.is_some(), facts.event_version != EventVersion::V1);
        for (name, claim) in &self.claims {
            let tokens = (id && claim.tokens.id(), access && claim.tokens.access());
            if tokens == (false, false) || self.suppressed_claims.contains_key(name) {
                continue;
            }
            let value = if extent == Extent::OrganizationOnly && name != ORGANIZATION_CLAIM {
                None
            } else {
                value(&claim.source, facts, extent, &mut grants.warnings)
            };
            grants.put(name, value.as_ref(), claim.level, tokens);
        }
        let (name, level) = &self.reference_claim;
        if let (Extent::RolesReferenced, Some(person)) = (extent, facts.person)
            && !self.suppressed_claims.contains_key(name)
        {
            let reference = format!("organizations/{}/persons/{}", facts.organization.id, person.id);
            let reference = ClaimValue::Text(Cow::Owned(reference));
            grants.put(name, Some(&reference), *level, (id, access));
        }
        // The reference came last.
        grants.id_claims.sort_unstable_by_key(|claim| claim.name);
        grants.access_claims.sort_unstable_by_key(|claim| claim.name);
    }

    fn suppress_claims<'a>(&'a self, facts: &Facts<'a>, grants: &mut Grants<'a>) {
        for name in self.suppressed_claims.keys() {
            grants.id_suppressed.push(Cow::Borrowed(name));
            grants.access_suppressed.push(Cow::Borrowed(name));
        }
        for name in facts.existing.custom_attributes {
            let ours = grants.id_claims.iter().any(|claim| claim.name == *name);
            let suppressed = match self.custom_attributes.0 {
                CustomAttributes::Keep => false,
                CustomAttributes::SuppressNamesakes => self.is_namesake(name),
                CustomAttributes::SuppressAll => true,
            };
            if suppressed && !ours {
                grants.id_suppressed.push(Cow::Borrowed(*name));
            }
        }
        grants.id_suppressed.sort_unstable();
        grants.id_suppressed.dedup();
        grants.access_suppressed.sort_unstable();
        grants.access_suppressed.dedup();
    }

    /// Whether an attribute is called like a claim of ours, in some case: readers may not tell them apart.
    fn is_namesake(&self, attribute: &str) -> bool {
        self.claims.keys().any(|name| name.eq_ignore_ascii_case(bare(attribute)))
    }

    fn grant_scopes<'a>(&'a self, facts: &Facts<'a>, extent: Extent, grants: &mut Grants<'a>) {
        if extent != Extent::OrganizationOnly {
            for (template, level) in &self.scopes {
                fill(template, facts, extent, &mut grants.warnings, |scope| grants.scopes.push((scope, *level)));
            }
        }
        if self.user_admin_scope.0 {
            grants.scopes_suppressed.push(Cow::Borrowed(USER_ADMIN_SCOPE));
        }
        grants.scopes_suppressed.extend(self.suppressed_scopes.keys().map(|scope| Cow::Borrowed(scope.as_str())));
        grants.scopes.sort_unstable();
        grants.scopes.dedup_by(|later, earlier| later.0 == earlier.0);
        grants.scopes.retain(|(scope, _)| !grants.scopes_suppressed.contains(scope));
        // Whoever asks Cognito for the scope of another organization, and gets it because the app client may have it, does
        // not get it from us.
        for scope in facts.existing.scopes {
            let own = grants.scopes.iter().any(|(own, _)| own == scope);
            let of_others = self.scopes.iter().any(|(template, _)| template.may_name_others(scope));
            if of_others && !own {
                grants.scopes_suppressed.push(Cow::Borrowed(*scope));
            }
        }
        grants.scopes_suppressed.sort_unstable();
        grants.scopes_suppressed.dedup();
    }

    fn override_groups<'a>(&'a self, facts: &Facts<'a>, extent: Extent, grants: &mut Grants<'a>) {
        if facts.person.is_none() {
            return;
        }
        let (mode, mode_level) = self.group_mode;
        if mode == GroupMode::Suppress {
            grants.groups = GroupOverride::Set { groups: Vec::new(), keep_iam_roles: false };
            return;
        }
        let mut own: Vec<(Cow<'a, str>, Level)> = Vec::new();
        if let Home::Group(group) = facts.organization.home {
            own.push((Cow::Borrowed(group), Level::Default));
        }
        if let Some((template, level)) = self.group_templates.last()
            && extent != Extent::OrganizationOnly
        {
            fill(template, facts, extent, &mut grants.warnings, |group| own.push((group, *level)));
        }
        let keep = mode == GroupMode::Keep;
        let mut groups: Vec<(Cow<'a, str>, Level)> = Vec::new();
        if keep {
            // What would be another organization's group, or a role that the person has no more, does not stay.
            let kept = facts
                .existing
                .groups
                .iter()
                .filter(|group| !self.group_templates.iter().any(|(template, _)| template.may_name_others(group)));
            groups.extend(kept.map(|group| (Cow::Borrowed(*group), mode_level)));
        }
        let unchanged = keep && groups.len() == facts.existing.groups.len();
        own.retain(|(group, _)| !groups.iter().any(|(kept, _)| kept == group));
        if unchanged && own.is_empty() {
            return;
        }
        own.sort_unstable();
        own.dedup_by(|later, earlier| later.0 == earlier.0);
        groups.append(&mut own);
        grants.groups = GroupOverride::Set { groups, keep_iam_roles: keep };
    }
}

impl<'a> Grants<'a> {
    /// A claim for the ID and the access token. Without a value nothing else may stand in its place.
    fn put(&mut self, name: &'a str, value: Option<&ClaimValue<'a>>, level: Level, (id, access): (bool, bool)) {
        let claims = [(id, &mut self.id_claims, &mut self.id_suppressed)];
        let claims = claims.into_iter().chain([(access, &mut self.access_claims, &mut self.access_suppressed)]);
        for (_, made, suppressed) in claims.filter(|(meant, ..)| *meant) {
            match value {
                Some(value) => made.push(Granted { name, value: value.clone(), level }),
                None => suppressed.push(Cow::Borrowed(name)),
            }
        }
    }
}

fn value<'a>(
    source: &'a ClaimSource,
    facts: &Facts<'a>,
    extent: Extent,
    warnings: &mut Vec<Warning>,
) -> Option<ClaimValue<'a>> {
    let texts_only = facts.event_version == EventVersion::V1;
    let attribute = match source {
        ClaimSource::Constant(Value::String(text)) => return Some(ClaimValue::Text(Cow::Borrowed(text))),
        ClaimSource::Constant(value) if !texts_only => return Some(ClaimValue::Constant(value)),
        ClaimSource::Constant(value @ (Value::Bool(_) | Value::Number(_))) => {
            return Some(ClaimValue::Text(Cow::Owned(value.to_string())));
        }
        ClaimSource::Constant(_) => {
            warnings.push(Warning::ValueNotText);
            return None;
        }
        ClaimSource::From(attribute) => *attribute,
    };
    let organization = &facts.organization;
    let text = match attribute {
        Attribute::OrganizationId => organization.id,
        Attribute::OrganizationSlug => organization.slug,
        Attribute::OrganizationExternalId => organization.external_id?,
        Attribute::OrganizationDisplayName => organization.display_name,
        Attribute::OrganizationTier => organization.tier,
        Attribute::OrganizationRegion => organization.region,
        Attribute::PersonId => facts.person?.id,
        Attribute::PersonConnection => facts.person?.connection?,
        Attribute::AppClientId => facts.app_client_id,
        Attribute::PersonRoles => {
            let roles = facts.person?.roles;
            return match extent {
                Extent::Everything if texts_only => Some(ClaimValue::Text(Cow::Owned(roles.join(" ")))),
                Extent::Everything => Some(ClaimValue::Texts(roles)),
                Extent::RolesReferenced | Extent::OrganizationOnly => None,
            };
        }
    };
    (!text.is_empty()).then_some(ClaimValue::Text(Cow::Borrowed(text)))
}

/// Makes the texts of a template: one, or one for each role.
fn fill<'a>(
    template: &'a Template,
    facts: &Facts<'a>,
    extent: Extent,
    warnings: &mut Vec<Warning>,
    mut made: impl FnMut(Cow<'a, str>),
) {
    let mut fill_in = |role| match template.fill(&facts.organization, role) {
        Ok(text) => made(text),
        Err(Unfilled::Unusable) => warnings.push(Warning::ValueUnusable),
        Err(Unfilled::Reserved) => warnings.push(Warning::ScopeReserved),
    };
    match facts.person {
        _ if !template.names_role() => fill_in(None),
        Some(person) if extent == Extent::Everything => person.roles.iter().for_each(|role| fill_in(Some(*role))),
        _ => {}
    }
}

/// Claims and scopes of both tokens, as Cognito's quota counts them; of a list each member, to be on the safe side.
fn count(facts: &Facts<'_>, grants: &Grants<'_>) -> usize {
    let groups = match &grants.groups {
        GroupOverride::Keep => facts.existing.groups.len(),
        GroupOverride::Set { groups, .. } => groups.len(),
    };
    let added: usize = grants.id_claims.iter().chain(&grants.access_claims).map(|claim| claim.value.weight()).sum();
    facts.existing.claims + facts.existing.scopes.len() + added + grants.scopes.len() + 2 * groups
}
