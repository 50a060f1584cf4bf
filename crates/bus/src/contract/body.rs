use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::payload;

/// A published event and the type of its body.
#[derive(Clone, Copy)]
pub struct Body {
    /// `<noun>.<fact>`.
    pub name: &'static str,
    generate: fn() -> Value,
}

impl Body {
    /// The schema of the body, whole in itself.
    #[must_use]
    pub fn schema(&self) -> Value {
        (self.generate)()
    }
}

/// The body of every published event.
pub const BODIES: &[Body] = &[
    body::<payload::OrganizationCreated>("organization.created"),
    body::<payload::OrganizationUpdated>("organization.updated"),
    body::<payload::OrganizationChanged>("organization.suspended"),
    body::<payload::OrganizationChanged>("organization.reinstated"),
    body::<payload::DomainChanged>("domain.claimed"),
    body::<payload::DomainVerified>("domain.verified"),
    body::<payload::DomainChanged>("domain.released"),
    body::<payload::ConnectionCreated>("connection.created"),
    body::<payload::ConnectionConfigured>("connection.configured"),
    body::<payload::ConnectionChanged>("connection.enabled"),
    body::<payload::ConnectionChanged>("connection.disabled"),
    body::<payload::ConnectionChanged>("connection.tested"),
    body::<payload::ConnectionReplaced>("connection.replaced"),
    body::<payload::ConnectionChanged>("onboarding.started"),
    body::<payload::OnboardingStep>("onboarding.step_completed"),
    body::<payload::OnboardingStep>("onboarding.step_reopened"),
    body::<payload::OnboardingOverridden>("onboarding.overridden"),
    body::<payload::ConnectionChanged>("onboarding.completed"),
    body::<payload::CertificateKnown>("certificate.observed"),
    body::<payload::CertificateKnown>("certificate.trusted"),
    body::<payload::CertificateOverlapping>("certificate.overlapping"),
    body::<payload::CertificateChanged>("certificate.promoted"),
    body::<payload::CertificateRenewalRequired>("certificate.renewal_required"),
    body::<payload::CertificateRenewed>("certificate.renewed"),
    body::<payload::CertificateExpired>("certificate.expired"),
    body::<payload::CertificateChanged>("certificate.retired"),
    body::<payload::KeyAdded>("key.added"),
    body::<payload::KeyActionRequired>("key.action_required"),
    body::<payload::KeyChanged>("key.activated"),
    body::<payload::KeyChanged>("key.retired"),
    body::<payload::KeyChanged>("key.destroyed"),
    body::<payload::MetadataChangeProposed>("metadata.change_proposed"),
    body::<payload::MetadataChangeSettled>("metadata.change_settled"),
    body::<payload::MetadataRefreshed>("metadata.refreshed"),
    body::<payload::MetadataRefreshFailed>("metadata.refresh_failed"),
    body::<payload::PersonFirstSeen>("person.first_seen"),
    body::<payload::PersonUpdated>("person.updated"),
    body::<payload::PersonRolesChanged>("person.roles_changed"),
    body::<payload::PersonChanged>("person.deactivated"),
    body::<payload::PersonChanged>("person.reactivated"),
    body::<payload::PersonOnConnection>("person.relinked"),
    body::<payload::PersonSuperseded>("person.superseded"),
    body::<payload::PersonOnConnection>("person.signed_out"),
    body::<payload::PersonChanged>("person.signed_in"),
    body::<payload::PersonNativeUser>("person.native_user_linked"),
    body::<payload::PersonNativeUser>("person.native_user_unlinked"),
    body::<payload::SignInSucceeded>("sign_in.succeeded"),
    body::<payload::UserPoolRegistered>("user_pool.registered"),
    body::<payload::UserPoolUpdated>("user_pool.updated"),
    body::<payload::SigningKeyPublished>("signing_key.published"),
    body::<payload::SigningKeyActivated>("signing_key.activated"),
    body::<payload::SigningKeyRetired>("signing_key.retired"),
    body::<payload::SigningKeyRemoved>("signing_key.removed"),
    body::<payload::ClaimPolicyChanged>("claim_policy.replaced"),
    body::<payload::ClaimPolicyChanged>("claim_policy.cleared"),
];

const fn body<T: JsonSchema>(name: &'static str) -> Body {
    Body { name, generate: generated::<T> }
}

fn generated<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    say_what_is_absent(&mut schema);
    schema
}

/// What did not change is absent, never `null`; only what `x-removable` marks is `null` when it was removed. The type of an
/// optional field cannot tell the two apart.
fn say_what_is_absent(schema: &mut Value) {
    let required: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            if !required.contains(name) && property.get("x-removable").is_none() {
                never_null(property);
            }
            say_what_is_absent(property);
        }
    }
    for inner in ["items", "anyOf"] {
        match schema.get_mut(inner) {
            Some(Value::Array(schemas)) => schemas.iter_mut().for_each(say_what_is_absent),
            Some(one) => say_what_is_absent(one),
            None => {}
        }
    }
}

fn never_null(property: &mut Value) {
    let Some(fields) = property.as_object_mut() else { return };
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
        choices.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        if let [only] = choices.as_slice() {
            let only = only.as_object().cloned().unwrap_or_default();
            fields.remove("anyOf");
            for (name, value) in only {
                // What the field says of itself stands before what its type says.
                fields.entry(name).or_insert(value);
            }
        }
    }
}
