//! What of an admitted person goes into the tokens, by the claim policies.

use std::{borrow::Cow, sync::Arc};

use vestibule_cognito::{ClaimsOverride, GroupsOverride, PreTokenGeneration, TokenOverride};
use vestibule_kernel::Timestamp;
use vestibule_tenancy::claim_policy::{
    ClaimValue, EventVersion, Existing, Facts, Granted, Grants, GroupOverride, Home, OrganizationFacts, PersonFacts,
    Warning,
};

use crate::{
    admission::{Admitted, Asked},
    allowance::Allowance,
    error::EnrichmentError,
    people::{People, Profile},
};

impl People {
    /// Whether the policies let the app client have tokens at all: what a guard must know, before there is any token.
    pub(crate) fn check_policy(&self, admitted: &Admitted, asked: &Asked<'_>) -> Result<(), EnrichmentError> {
        let effective = self.policies().effective(asked.pool.id, admitted.organization.id, asked.client_id);
        let version = EventVersion::V2;
        with_facts(admitted, asked.client_id, version, Existing::default(), |facts| {
            effective.evaluate(facts).map(drop).map_err(EnrichmentError::from)
        })
    }

    /// The answered event, with what the policies want in the tokens.
    pub(crate) fn enriched(
        &self,
        event: &PreTokenGeneration<'_>,
        admitted: Admitted,
        asked: &Asked<'_>,
    ) -> Result<Enriched, EnrichmentError> {
        let effective = self.policies().effective(asked.pool.id, admitted.organization.id, asked.client_id);
        let (scopes, groups) = (texts(event.scopes()), texts(event.groups()));
        let custom_attributes: Vec<&str> = event.custom_attributes().collect();
        let existing = Existing {
            claims: event.own_claims(),
            scopes: &scopes,
            groups: &groups,
            custom_attributes: &custom_attributes,
        };
        let (event_json, warnings) = with_facts(&admitted, asked.client_id, version(event), existing, |facts| {
            let grants = effective.evaluate(facts)?;
            let event_json = event.answered(&changes(&grants))?;
            Ok::<_, EnrichmentError>((event_json, grants.warnings))
        })?;
        Ok(Enriched { event_json, warnings, organization: admitted.organization })
    }
}

/// An event with the organization in its answer.
#[derive(Debug)]
pub(crate) struct Enriched {
    pub(crate) event_json: String,
    warnings: Vec<Warning>,
    organization: Arc<Profile>,
}

impl Enriched {
    /// Tells what was not granted as the policies say: not a reason to refuse, and somebody should know. Every one is
    /// counted, and so many a second are in the log as `told` allows.
    pub(crate) fn tell(&self, told: &Allowance, now: Timestamp) {
        for warning in &self.warnings {
            let reason = warning.reason();
            tracing::debug!(monotonic_counter.vestibule_enrichment_warnings = 1_u64, reason);
            if told.take(now) {
                tracing::warn!(reason, organization = &*self.organization.id_text, "{}", warning.message());
            }
        }
    }
}

fn version(event: &PreTokenGeneration<'_>) -> EventVersion {
    match event.event().version() {
        1 => EventVersion::V1,
        2 => EventVersion::V2,
        _ => EventVersion::V3,
    }
}

fn with_facts<R>(
    admitted: &Admitted,
    app_client_id: &str,
    event_version: EventVersion,
    existing: Existing<'_>,
    look: impl FnOnce(&Facts<'_>) -> R,
) -> R {
    let person = admitted.person.as_ref();
    let roles: Vec<&str> = person.iter().flat_map(|person| person.roles.iter()).map(|role| &**role).collect();
    let id = person.map(|person| person.id.to_string());
    let connection = person.and_then(|person| person.connection).map(|connection| connection.to_string());
    let person = id.as_deref().map(|id| PersonFacts { id, roles: &roles, connection: connection.as_deref() });
    let organization = organization(&admitted.organization);
    look(&Facts { organization, person, app_client_id, event_version, existing })
}

fn organization(profile: &Profile) -> OrganizationFacts<'_> {
    OrganizationFacts {
        id: &profile.id_text,
        slug: &profile.slug,
        external_id: profile.external_id.as_deref(),
        display_name: &profile.display_name,
        tier: &profile.tier,
        region: &profile.region,
        home: Home::from(&profile.placement),
    }
}

fn changes<'g>(grants: &'g Grants<'g>) -> TokenOverride<'g, &'g ClaimValue<'g>> {
    TokenOverride {
        id: claims(&grants.id_claims, &grants.id_suppressed),
        access: claims(&grants.access_claims, &grants.access_suppressed),
        scopes: grants.scopes.iter().map(|(scope, _)| &**scope).collect(),
        scopes_suppressed: texts(&grants.scopes_suppressed),
        groups: match &grants.groups {
            GroupOverride::Keep => None,
            GroupOverride::Set { groups, keep_iam_roles } => Some(GroupsOverride {
                names: groups.iter().map(|(group, _)| &**group).collect(),
                keeps_iam_roles: *keep_iam_roles,
            }),
        },
    }
}

fn claims<'g>(
    added: &'g [Granted<'g, ClaimValue<'g>>],
    suppressed: &'g [Cow<'g, str>],
) -> ClaimsOverride<'g, &'g ClaimValue<'g>> {
    ClaimsOverride {
        added: added.iter().map(|claim| (claim.name, &claim.value)).collect(),
        suppressed: texts(suppressed),
    }
}

fn texts<'t>(list: &'t [Cow<'_, str>]) -> Vec<&'t str> {
    list.iter().map(|text| &**text).collect()
}
