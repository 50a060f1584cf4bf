use vestibule_rpc::{proto_timestamp, registry::v1 as pb};
use vestibule_tenancy::connection::{AttributeRule, RoleRule, SamlSettings, SubjectSource};

use crate::choice::{certificate_validity_message, encryption_message, provider_message, sign_requests_message};

/// Settings as the contract has them: all of them, also those at their default.
#[must_use]
pub fn message(settings: &SamlSettings) -> pb::SamlSettings {
    let rule = |rule: &AttributeRule| pb::AttributeRule {
        claim: rule.claim.as_str().to_owned(),
        attributes: rule.attributes.clone(),
    };
    let given = |rule: &RoleRule| pb::RoleRule { group: rule.group.clone(), role: rule.role.clone() };
    pb::SamlSettings {
        provider: provider_message(settings.provider).into(),
        subject_attribute: Some(match &settings.subject {
            SubjectSource::NameId => String::new(),
            SubjectSource::Attribute { name } => name.clone(),
        }),
        attributes: settings.attributes.iter().map(rule).collect(),
        required_claims: settings.required_claims.iter().map(|claim| claim.as_str().to_owned()).collect(),
        roles: settings.roles.iter().map(given).collect(),
        clock_skew_seconds: settings.clock_skew_seconds.map(u32::from),
        sign_requests: sign_requests_message(settings.sign_requests).into(),
        name_id_format: settings.name_id_format.clone().unwrap_or_default(),
        requested_authn_context: settings.requested_authn_context.clone(),
        force_authn: settings.force_authn,
        encryption: encryption_message(settings.encryption).into(),
        idp_initiated: settings.idp_initiated,
        sha1_until: settings.sha1_until.map(proto_timestamp),
        certificate_validity: certificate_validity_message(settings.certificate_validity).into(),
    }
}
