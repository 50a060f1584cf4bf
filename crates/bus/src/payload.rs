//! The bodies of published events: a contract with consumers, apart from what the log stores.
//!
//! A body names ids of its own, so that it can be understood without its headers. What is absent did not change. Notes
//! that operators wrote for operators, digests and request ids stay inside.

use schemars::JsonSchema;
use serde::Serialize;
use vestibule_kernel::{ConnectionId, DomainId, OrganizationId, PersonId, Timestamp, UserPoolId};

/// `organization.created`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct OrganizationCreated {
    /// Its id, for ever.
    pub organization: OrganizationId,
    /// The short name that people type; may change.
    pub slug: String,
    /// The SaaS's own id of this customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What people read.
    pub display_name: String,
    /// The SaaS's name of what the customer pays for.
    pub tier: String,
    /// The AWS region its data lives in.
    pub region: String,
    /// The user pool its people live in.
    pub user_pool: UserPoolId,
    /// How they live there.
    pub placement: Placement,
}

/// How the people of an organization live in the user pool.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Placement {
    /// `shared_pool`, `group`, `own_pool` or `app_client`.
    #[schemars(extend("enum" = ["shared_pool", "group", "own_pool", "app_client"]))]
    pub kind: &'static str,
    /// The group that tells them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Cognito's id of the app client that is the organization's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_client: Option<String>,
}

/// `organization.updated`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct OrganizationUpdated {
    /// Which.
    pub organization: OrganizationId,
    /// The new short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The new external id; `null` when it was removed.
    #[schemars(extend("x-removable" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Option<String>>,
    /// The new display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The new tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The new region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The new user pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_pool: Option<UserPoolId>,
    /// How its people live there from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// Whether sign-ins with an address outside of its verified domains are refused from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuses_foreign_email: Option<bool>,
}

/// `organization.suspended` and `organization.reinstated`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct OrganizationChanged {
    /// Which.
    pub organization: OrganizationId,
}

/// `domain.claimed` and `domain.released`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct DomainChanged {
    /// Whose claim.
    pub organization: OrganizationId,
    /// The claim.
    pub domain: DomainId,
    /// The name: lower-case A-labels.
    pub name: String,
}

/// `domain.verified`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct DomainVerified {
    /// Whose claim.
    pub organization: OrganizationId,
    /// The claim.
    pub domain: DomainId,
    /// The name: lower-case A-labels.
    pub name: String,
    /// Whether every subdomain is owned with it.
    pub include_subdomains: bool,
    /// How it is known: `operator_attestation`.
    pub proof: &'static str,
    /// Since when.
    pub verified_at: Timestamp,
}

/// An identity provider.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct IdentityProvider {
    /// Its entity id.
    pub entity_id: String,
    /// The addresses where it takes requests.
    pub single_sign_on: Vec<String>,
}

/// A signing certificate; the certificate itself is in the registry.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct Certificate {
    /// SHA-256 over the DER, lower-case hex.
    pub fingerprint: String,
    /// Its subject.
    pub subject: String,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// End of its validity.
    pub not_after: Timestamp,
}

/// `connection.created`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ConnectionCreated {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its id, for ever.
    pub connection: ConnectionId,
    /// What people read when they have to choose.
    pub display_name: String,
    /// The identity provider.
    pub identity_provider: IdentityProvider,
    /// Its signing certificates.
    pub certificates: Vec<Certificate>,
}

/// `connection.configured`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ConnectionConfigured {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which.
    pub connection: ConnectionId,
    /// The new display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The new identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_provider: Option<IdentityProvider>,
    /// Whether the settings changed; they are in the registry.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub settings_changed: bool,
    /// Whether its metadata is read from elsewhere from now on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub metadata_source_changed: bool,
}

/// `connection.replaced`: people begin their sign-ins over another connection from now on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ConnectionReplaced {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which.
    pub connection: ConnectionId,
    /// The other one.
    pub by: ConnectionId,
    /// When this one is disabled.
    pub until: Timestamp,
}

/// `onboarding.step_completed`, and `onboarding.step_reopened`: what made it done is so no longer.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct OnboardingStep {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// Which: `domain_verified`, `metadata_imported`, `certificate_checked`, `mapping_reviewed`, `test_sign_in_passed` or
    /// `routing_enabled`.
    pub step: &'static str,
    /// Who acts while it is not done: `it_admin`, `operator` or `application`.
    #[schemars(extend("enum" = ["it_admin", "operator", "application"]))]
    pub actor: &'static str,
}

/// `onboarding.overridden`: people may sign in although these steps are not done.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct OnboardingOverridden {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The steps, named as in `onboarding.step_completed`.
    pub steps: Vec<&'static str>,
}

/// `connection.enabled` and `connection.disabled`; `connection.tested`: a test sign-in passed; `onboarding.started` and
/// `onboarding.completed`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ConnectionChanged {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which.
    pub connection: ConnectionId,
}

/// `certificate.observed`: it awaits approval; and `certificate.trusted`: signatures by it count from now on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CertificateKnown {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The certificate.
    pub certificate: Certificate,
}

/// `certificate.promoted`: a signature by it signed somebody in for the first time; and `certificate.retired`: it is not
/// trusted any more, or is not observed any more.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CertificateChanged {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// SHA-256 over the certificate's DER, lower-case hex.
    pub fingerprint: String,
}

/// `certificate.overlapping`: another is trusted beside it, or it is about to be retired.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CertificateOverlapping {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// SHA-256 over the certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// When it stops being trusted, because the identity provider's metadata does not name it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retires_at: Option<Timestamp>,
}

/// `certificate.renewal_required`: the identity provider's administrator has to add another one.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CertificateRenewalRequired {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// SHA-256 over the certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// It ends within so many days: 30, 14, 7, 3 or 1.
    pub days: u16,
    /// The end of its validity.
    pub not_after: Timestamp,
}

/// `certificate.renewed`: one that lasts longer is trusted.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CertificateRenewed {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// SHA-256 over the certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// The fingerprint of the one that lasts longer.
    pub successor: String,
}

/// `certificate.expired`: its validity has ended, and it is still trusted.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct CertificateExpired {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// SHA-256 over the certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// The end of its validity.
    pub not_after: Timestamp,
}

/// `key.added`: a key of ours stands in our metadata from now on. An identity provider that does not read it by itself has
/// to be given it before it is used.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct KeyAdded {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The key's id.
    pub key_id: String,
    /// `signing` or `encryption`.
    #[serde(rename = "use")]
    #[schemars(extend("enum" = ["signing", "encryption"]))]
    pub key_use: &'static str,
    /// SHA-256 over its certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// From when it is used.
    pub active_from: Timestamp,
}

/// `key.action_required`: whoever administers the identity provider has to have the key by then.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct KeyActionRequired {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The key's id.
    pub key_id: String,
    /// It is used within so many days: 30, 14, 7, 3 or 1.
    pub days: u16,
    /// From when it is used.
    pub active_from: Timestamp,
}

/// `key.activated`: it signs, or is the one to encrypt for, from now on; `key.retired`: it stands in our metadata no more; and
/// `key.destroyed`: nobody can open what was encrypted for it.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct KeyChanged {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The key's id.
    pub key_id: String,
}

/// `metadata.change_proposed`: the identity provider names another entity id or host, or signed metadata goes
/// back to what it has replaced, which an operator has to approve.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct MetadataChangeProposed {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The identity provider as it describes itself now.
    pub identity_provider: IdentityProvider,
    /// Its signing certificates now.
    pub certificates: Vec<Certificate>,
}

/// `metadata.change_settled`: what was proposed waits no longer.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct MetadataChangeSettled {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// Whether an operator approved it.
    pub approved: bool,
}

/// `metadata.refreshed`: the document at the metadata's address says something new, or is there again.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct MetadataRefreshed {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// Until when it may be believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Until when it need not be read again.
    pub cache_until: Timestamp,
}

/// `metadata.refresh_failed`: no usable document is at the metadata's address; told again once a day.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct MetadataRefreshFailed {
    /// Whose connection.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// Why: stable, UPPER_SNAKE_CASE.
    pub reason: String,
    /// Since when.
    pub failing_since: Timestamp,
}

/// What the identity provider says of a person. **Personal**: readable in the stream until the stream lets go of it.
#[derive(Clone, JsonSchema, Serialize)]
pub struct Profile {
    /// The address, already held against the organization's verified domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(redacted)")
    }
}

/// `person.first_seen`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonFirstSeen {
    /// The organization the person belongs to, for ever.
    pub organization: OrganizationId,
    /// The person's id: the `sub`.
    pub person: PersonId,
    /// The connection of the first sign-in.
    pub connection: ConnectionId,
    /// `null` when the person's key had been destroyed before this was published.
    pub profile: Option<Profile>,
}

/// `person.updated`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonUpdated {
    /// The organization the person belongs to.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
    /// The whole profile as it is now; `null` when the person's key had been destroyed before this was published.
    pub profile: Option<Profile>,
}

/// `person.roles_changed`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonRolesChanged {
    /// The organization the person belongs to.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
    /// All roles as they are now.
    pub roles: Vec<String>,
}

/// `person.deactivated`, `person.reactivated` and `person.signed_in`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonChanged {
    /// The organization the person belongs to.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
}

/// `person.relinked`, with the new connection, and `person.signed_out`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonOnConnection {
    /// The organization the person belongs to.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
    /// The connection.
    pub connection: ConnectionId,
}

/// `person.superseded`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonSuperseded {
    /// The organization the person belongs to.
    pub organization: OrganizationId,
    /// Who is nobody any more.
    pub person: PersonId,
    /// Who they are.
    pub by: PersonId,
}

/// `person.native_user_linked` and `person.native_user_unlinked`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct PersonNativeUser {
    /// The organization the person belongs to.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
    /// The user pool.
    pub user_pool: UserPoolId,
    /// The `sub` of the native user in the pool.
    pub native_user: String,
}

/// `sign_in.succeeded`: an identity provider's answer was valid, new and awaited.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SignInSucceeded {
    /// The organization.
    pub organization: OrganizationId,
    /// Who.
    pub person: PersonId,
    /// Over which connection.
    pub connection: ConnectionId,
    /// Into which user pool.
    pub user_pool: UserPoolId,
    /// The certificate whose key verified the answer.
    pub certificate_fingerprint: String,
}

/// `user_pool.registered`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct UserPoolRegistered {
    /// Our id of it.
    pub user_pool: UserPoolId,
    /// The AWS region.
    pub region: String,
    /// Cognito's id of it.
    pub pool_id: String,
    /// Its domains.
    pub domains: Vec<String>,
}

/// `user_pool.updated`.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct UserPoolUpdated {
    /// Which.
    pub user_pool: UserPoolId,
    /// Its new domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domains: Option<Vec<String>>,
    /// Whether a sign-in without an address is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_email: Option<bool>,
}

/// `claim_policy.replaced` and `claim_policy.cleared`: other claims, scopes or groups go into tokens from now on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct ClaimPolicyChanged {
    /// Whose policy: `userPools/...`, `organizations/...` or `userPools/.../appClients/...`.
    pub target: String,
    /// The organization, when it is the organization's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
}

/// `signing_key.published`: a key of ours that signs ID tokens stands in the JWK set from now on. Whoever keeps a copy of the
/// set has to read it again before the key signs.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SigningKeyPublished {
    /// The key's id: the `kid` of tokens.
    pub key_id: String,
    /// What it signs with.
    #[schemars(extend("enum" = ["RS256", "ES256"]))]
    pub algorithm: &'static str,
    /// From when it signs, unless the one before it has to go earlier.
    pub signs_from: Timestamp,
}

/// `signing_key.activated`: it signs from now on.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SigningKeyActivated {
    /// The key's id: the `kid` of tokens.
    pub key_id: String,
}

/// `signing_key.retired`: it signs no more; what it signed still verifies.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SigningKeyRetired {
    /// The key's id: the `kid` of tokens.
    pub key_id: String,
    /// Until when it stands in the JWK set.
    pub published_until: Timestamp,
}

/// `signing_key.removed`: it stands in the JWK set no more. Unless that was by the schedule, no copy of it may be trusted.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct SigningKeyRemoved {
    /// The key's id: the `kid` of tokens.
    pub key_id: String,
    /// By the `schedule`; by an `operator`, at once; or `missing`: it was not in the key table, and nobody had removed it.
    #[schemars(extend("enum" = ["schedule", "operator", "missing"]))]
    pub cause: &'static str,
}
