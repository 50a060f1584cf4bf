//! One event of each type, and the commands that make them.

use std::time::Duration;

use vestibule_kernel::{ConnectionId, DomainId, OrganizationId, PersonId, Timestamp, UserPoolId};
use vestibule_tenancy::{
    AppClientId, DisplayName, DomainName, ExternalId, NativeUserId, Note, PoolDomain, PoolId, ProviderName, Region,
    Role, Slug, Tier, assertion, claim_policy, connection, domain, onboarding, organization, person, signing_key,
    user_pool,
};

pub(crate) fn organization_id() -> OrganizationId {
    "01890a5d-ac96-774b-bcce-b302099a8051".parse().unwrap()
}

pub(crate) fn domain_id() -> DomainId {
    "01890a5d-ac96-774b-bcce-b302099a8052".parse().unwrap()
}

pub(crate) fn connection_id() -> ConnectionId {
    "01890a5d-ac96-774b-bcce-b302099a8053".parse().unwrap()
}

pub(crate) fn person_id() -> PersonId {
    "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7b".parse().unwrap()
}

pub(crate) fn other_person_id() -> PersonId {
    "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7c".parse().unwrap()
}

/// The `sub` of a native user.
const NATIVE_USER: &str = "33ba4a1e-9f0c-4b3e-8a37-0a1b2c3d4e5f";

pub(crate) fn pool_id() -> UserPoolId {
    "01890a5d-ac96-774b-bcce-b302099a8055".parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(crate) fn note(text: &str) -> Note {
    Note::parse(text).unwrap()
}

pub(crate) fn create_organization() -> organization::Create {
    organization::Create {
        organization: organization_id(),
        slug: Slug::parse("acme").unwrap(),
        external_id: Some(ExternalId::parse("crm-4711").unwrap()),
        display_name: DisplayName::parse("Acme GmbH").unwrap(),
        tier: Tier::parse("enterprise").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        placement: organization::Placement::SharedPool { user_pool: pool_id() },
        foreign_email: organization::ForeignEmail::Withhold,
    }
}

pub(crate) fn own_pool() -> organization::Placement {
    organization::Placement::OwnPool { user_pool: pool_id() }
}

pub(crate) fn own_app_client() -> organization::Placement {
    organization::Placement::AppClient { user_pool: pool_id(), app_client_id: "acmeclient".to_owned() }
}

pub(crate) fn organization_created() -> organization::Created {
    organization::Created {
        organization: organization_id(),
        slug: "acme".to_owned(),
        external_id: Some("crm-4711".to_owned()),
        display_name: "Acme GmbH".to_owned(),
        tier: "enterprise".to_owned(),
        region: "eu-west-1".to_owned(),
        placement: organization::Placement::SharedPool { user_pool: pool_id() },
    }
}

pub(crate) fn organization_updated() -> organization::Updated {
    organization::Updated {
        slug: Some(organization::Change { from: "acme".to_owned(), to: "acme-corp".to_owned() }),
        external_id: Some(organization::Change { from: Some("crm-4711".to_owned()), to: None }),
        display_name: Some("Acme Holding".to_owned()),
        tier: Some("basic".to_owned()),
        region: Some("us-east-1".to_owned()),
        placement: Some(organization::Placement::SharedPool { user_pool: pool_id() }),
        former_placement: None,
        foreign_email: None,
    }
}

pub(crate) fn claim() -> domain::Command {
    domain::Command::Claim {
        domain: domain_id(),
        organization: organization_id(),
        name: DomainName::parse("acme.test").unwrap(),
    }
}

pub(crate) fn claimed() -> domain::Claimed {
    domain::Claimed { domain: domain_id(), organization: organization_id(), name: "acme.test".to_owned() }
}

pub(crate) fn attest(include_subdomains: bool) -> domain::Command {
    domain::Command::Attest { include_subdomains, note: note("contract"), now: now() }
}

pub(crate) fn verified(include_subdomains: bool) -> domain::Verified {
    domain::Verified {
        name: "acme.test".to_owned(),
        include_subdomains,
        proof: domain::Proof::OperatorAttestation { note: "contract".to_owned() },
        verified_at: now(),
    }
}

pub(crate) fn released() -> domain::Released {
    domain::Released { organization: organization_id(), name: "acme.test".to_owned() }
}

pub(crate) fn certificate(name: &str) -> connection::Certificate {
    connection::Certificate {
        fingerprint: name.repeat(64),
        der: "MIIB".to_owned(),
        subject: "CN=idp.acme.test".to_owned(),
        not_before: now(),
        not_after: "2028-01-01T00:00:00Z".parse().unwrap(),
    }
}

pub(crate) fn identity_provider() -> connection::SamlIdentityProvider {
    connection::SamlIdentityProvider {
        entity_id: "https://idp.acme.test/saml".to_owned(),
        single_sign_on: vec![
            connection::Endpoint {
                binding: connection::Binding::HttpRedirect,
                location: "https://idp.acme.test/sso".to_owned(),
            },
            connection::Endpoint {
                binding: connection::Binding::HttpPost,
                location: "https://idp.acme.test/sso".to_owned(),
            },
        ],
        wants_authn_requests_signed: false,
        single_logout: Vec::new(),
        name_id_formats: Vec::new(),
        metadata_valid_until: None,
    }
}

/// With all that metadata may say.
pub(crate) fn full_identity_provider() -> connection::SamlIdentityProvider {
    connection::SamlIdentityProvider {
        single_logout: vec![connection::LogoutEndpoint {
            binding: connection::Binding::HttpPost,
            location: "https://idp.acme.test/slo".to_owned(),
            response_location: Some("https://idp.acme.test/slo/done".to_owned()),
        }],
        name_id_formats: vec!["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()],
        metadata_valid_until: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        ..identity_provider()
    }
}

pub(crate) fn metadata(certificates: &[&str]) -> connection::SamlMetadata {
    let certificates = certificates.iter().map(|name| certificate(name)).collect();
    connection::SamlMetadata { identity_provider: identity_provider(), certificates }
}

pub(crate) fn settings() -> connection::SamlSettings {
    connection::SamlSettings {
        provider: connection::Provider::EntraId,
        subject: connection::SubjectSource::Attribute { name: "objectidentifier".to_owned() },
        attributes: vec![connection::AttributeRule {
            claim: connection::ClaimName::Email,
            attributes: vec!["mail".to_owned(), "email".to_owned()],
        }],
        required_claims: vec![connection::ClaimName::Email],
        roles: vec![connection::RoleRule { group: "Vestibule Admins".to_owned(), role: "admin".to_owned() }],
        clock_skew_seconds: Some(120),
        sign_requests: connection::SignRequests::Always,
        name_id_format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
        requested_authn_context: vec!["urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken".to_owned()],
        force_authn: true,
        encryption: connection::Encryption::Required,
        idp_initiated: true,
        sha1_until: Some("2027-01-31T00:00:00Z".parse().unwrap()),
        certificate_validity: connection::CertificateValidity::Enforce,
    }
}

pub(crate) fn checked_settings() -> connection::CheckedSettings {
    connection::CheckedSettings::check(settings(), &connection::SamlSettings::default(), now()).unwrap()
}

pub(crate) fn metadata_source() -> connection::MetadataSource {
    connection::MetadataSource {
        url: "https://idp.acme.test/metadata".to_owned(),
        pinned_key_der: Some("MIIB".to_owned()),
        requires_approval: true,
    }
}

pub(crate) fn refreshed(digest: &str) -> connection::MetadataRefreshed {
    connection::MetadataRefreshed {
        digest: digest.repeat(64),
        valid_until: Some("2027-01-01T00:00:00Z".parse().unwrap()),
        cache_until: now().plus(Duration::from_hours(6)),
    }
}

/// A key of ours that signs, or will in twenty days.
pub(crate) fn key(id: &str, active: bool) -> connection::ServiceProviderKey {
    connection::ServiceProviderKey {
        key_id: id.to_owned(),
        key_use: connection::KeyUse::Signing,
        fingerprint: "c".repeat(64),
        active,
        active_from: now().plus(std::time::Duration::from_hours(20 * 24)),
    }
}

/// What happens to certificates, and to what metadata proposes: one event of each kind.
pub(crate) fn certificate_events() -> Vec<connection::Event> {
    let fingerprint = "a".repeat(64);
    let not_after = certificate("a").not_after;
    vec![
        connection::CertificateObserved { certificate: certificate("b") }.into(),
        connection::CertificateTrusted { certificate: certificate("b") }.into(),
        connection::CertificateOverlapping { fingerprint: fingerprint.clone(), retires_at: Some(now()) }.into(),
        connection::CertificatePromoted { fingerprint: fingerprint.clone() }.into(),
        connection::CertificateRenewalRequired { fingerprint: fingerprint.clone(), days: 14, not_after }.into(),
        connection::CertificateRenewed { fingerprint: fingerprint.clone(), successor: "b".repeat(64) }.into(),
        connection::CertificateExpired { fingerprint: fingerprint.clone(), not_after }.into(),
        connection::CertificateRetired { fingerprint, by_operator: false }.into(),
        connection::KeyAdded {
            key_id: "k1".to_owned(),
            key_use: connection::KeyUse::Signing,
            fingerprint: "c".repeat(64),
            active_from: not_after,
        }
        .into(),
        connection::KeyActionRequired { key_id: "k1".to_owned(), days: 7, active_from: not_after }.into(),
        connection::KeyActivated { key_id: "k1".to_owned() }.into(),
        connection::KeyRetired { key_id: "k1".to_owned() }.into(),
        connection::KeyDestroyed { key_id: "k1".to_owned() }.into(),
        connection::MetadataChangeProposed {
            identity_provider: identity_provider(),
            certificates: vec![certificate("b")],
        }
        .into(),
        connection::MetadataChangeSettled { approved: true, declined: false }.into(),
        refreshed("a").into(),
        connection::MetadataRefreshFailed {
            reason: "FETCH_STATUS".to_owned(),
            failing_since: now(),
            at: now().plus(Duration::from_hours(24)),
        }
        .into(),
    ]
}

pub(crate) fn create_connection() -> connection::Create {
    connection::Create {
        connection: connection_id(),
        organization: organization_id(),
        display_name: DisplayName::parse("Entra").unwrap(),
        metadata: metadata(&["a"]),
        settings: connection::CheckedSettings::default(),
        metadata_source: None,
    }
}

pub(crate) fn connection_created() -> connection::Created {
    connection::Created {
        connection: connection_id(),
        organization: organization_id(),
        display_name: "Entra".to_owned(),
        identity_provider: identity_provider(),
        certificates: vec![certificate("a")],
    }
}

pub(crate) fn secret(name: &str) -> user_pool::NewSecret {
    user_pool::NewSecret { secret_id: name.to_owned(), digest: name.repeat(32), now: now() }
}

pub(crate) fn secret_added(name: &str) -> user_pool::SecretAdded {
    user_pool::SecretAdded { secret_id: name.to_owned(), digest: name.repeat(32), added_at: now() }
}

pub(crate) fn register() -> user_pool::Register {
    user_pool::Register {
        user_pool: pool_id(),
        region: Region::parse("eu-west-1").unwrap(),
        pool_id: PoolId::parse("eu-west-1_AbCd12345").unwrap(),
        domains: vec![PoolDomain::parse("login.acme.example").unwrap()],
        provider_name: ProviderName::parse("Vestibule").unwrap(),
        client_id: "client".to_owned(),
        app_client_id: AppClientId::parse("app").unwrap(),
        signing_algorithm: user_pool::SigningAlgorithm::Rs256,
        requires_email: true,
        initiate_login_uri: None,
        post_logout_redirect_uris: Vec::new(),
        secret: secret("s1"),
    }
}

pub(crate) fn registered() -> user_pool::Registered {
    user_pool::Registered {
        user_pool: pool_id(),
        region: "eu-west-1".to_owned(),
        pool_id: "eu-west-1_AbCd12345".to_owned(),
        domains: vec!["login.acme.example".to_owned()],
        provider_name: "Vestibule".to_owned(),
        client_id: "client".to_owned(),
        app_client_id: "app".to_owned(),
        signing_algorithm: user_pool::SigningAlgorithm::Rs256,
        requires_email: true,
    }
}

pub(crate) fn user_pool_updated() -> user_pool::Updated {
    user_pool::Updated {
        domains: Some(vec!["sign-in.acme.example".to_owned()]),
        app_client_id: Some("other".to_owned()),
        signing_algorithm: Some(user_pool::SigningAlgorithm::Es256),
        requires_email: Some(false),
        initiate_login_uri: None,
        post_logout_redirect_uris: None,
    }
}

pub(crate) fn profile(family_name: &str) -> person::Profile {
    person::Profile {
        subject: "a1b2c3".to_owned(),
        email: Some("ada@acme.test".to_owned()),
        name: Some("Ada".to_owned()),
        given_name: None,
        family_name: Some(family_name.to_owned()),
    }
}

pub(crate) fn recognise(family_name: &str) -> person::Recognise {
    person::Recognise {
        person: person_id(),
        organization: organization_id(),
        connection: connection_id(),
        subject_digest: "d1".repeat(32),
        profile: profile(family_name),
        roles: Vec::new(),
    }
}

pub(crate) fn first_seen(family_name: &str) -> person::FirstSeen {
    person::FirstSeen {
        person: person_id(),
        organization: organization_id(),
        connection: connection_id(),
        subject_digest: "d1".repeat(32),
        profile: Some(profile(family_name)),
    }
}

pub(crate) fn role(text: &str) -> Role {
    Role::parse(text).unwrap()
}

pub(crate) fn roles_changed(roles: &[&str]) -> person::RolesChanged {
    person::RolesChanged {
        person: person_id(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        directory: None,
    }
}

pub(crate) fn person_deactivated() -> person::Deactivated {
    person::Deactivated { person: person_id(), note: "left".to_owned(), directory: None }
}

pub(crate) fn relinked() -> person::Relinked {
    person::Relinked {
        person: person_id(),
        connection: connection_id(),
        subject_digest: "d2".repeat(32),
        released_digest: Some("d1".repeat(32)),
    }
}

pub(crate) fn superseded() -> person::Superseded {
    person::Superseded { person: person_id(), by: other_person_id(), released_digest: Some("d1".repeat(32)) }
}

pub(crate) fn signed_out() -> person::SignedOut {
    person::SignedOut { person: person_id(), connection: connection_id(), request_digest: None }
}

pub(crate) fn link_native_user() -> person::LinkNativeUser {
    person::LinkNativeUser {
        person: person_id(),
        organization: organization_id(),
        user_pool: pool_id(),
        native_user: NativeUserId::parse(NATIVE_USER).unwrap(),
    }
}

pub(crate) fn native_user_linked() -> person::NativeUserLinked {
    person::NativeUserLinked {
        person: person_id(),
        organization: organization_id(),
        user_pool: pool_id(),
        native_user: NATIVE_USER.to_owned(),
    }
}

pub(crate) fn native_user_unlinked() -> person::NativeUserUnlinked {
    person::NativeUserUnlinked { person: person_id(), user_pool: pool_id(), native_user: NATIVE_USER.to_owned() }
}

pub(crate) fn accepted() -> assertion::Accepted {
    assertion::Accepted {
        connection: connection_id(),
        person: person_id(),
        request_id: "_0123456789abcdef0123456789abcdef".to_owned(),
        certificate_fingerprint: "a".repeat(64),
        user_pool: pool_id(),
        issued_at: now(),
    }
}

pub(crate) fn claim_policy() -> claim_policy::ClaimPolicy {
    let claim = |source, tokens| claim_policy::ClaimRule { source, tokens };
    let roles = claim_policy::ClaimSource::From(claim_policy::Attribute::PersonRoles);
    let claims = [
        ("roles", claim(Some(roles), Some(claim_policy::Tokens::Access))),
        ("seats", claim(Some(claim_policy::ClaimSource::Constant(5.into())), None)),
        ("tier", claim(None, Some(claim_policy::Tokens::Id))),
    ];
    claim_policy::ClaimPolicy {
        event_version: Some(claim_policy::EventVersion::V2),
        claims: claims.into_iter().map(|(name, rule)| (name.to_owned(), rule)).collect(),
        scopes: vec!["tenant/{organization.id}".to_owned()],
        groups: claim_policy::Groups {
            mode: Some(claim_policy::GroupMode::Replace),
            template: Some("{organization.slug}:{role}".to_owned()),
        },
        suppress: claim_policy::Suppress {
            user_admin_scope: Some(true),
            custom_attributes: Some(claim_policy::CustomAttributes::SuppressAll),
            claims: vec!["phone_number".to_owned()],
            scopes: vec!["legacy/all".to_owned()],
        },
        app_clients: vec!["app".to_owned()],
        budget: claim_policy::Budget {
            claims: Some(50),
            roles: Some(20),
            reference_claim: Some("groups_ref".to_owned()),
        },
    }
}

pub(crate) fn claim_policy_replaced() -> claim_policy::Replaced {
    let target = claim_policy::Target::Organization { organization: organization_id() };
    claim_policy::Replaced { target, policy: claim_policy() }
}

pub(crate) fn claim_policy_cleared() -> claim_policy::Cleared {
    claim_policy::Cleared { target: claim_policy::Target::UserPool { user_pool: pool_id() } }
}

pub(crate) fn tested() -> connection::Tested {
    connection::Tested {
        test: "5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7d".to_owned(),
        certificate_fingerprint: "a".repeat(64),
        tested_at: now(),
    }
}

pub(crate) fn replaced() -> connection::Replaced {
    connection::Replaced {
        by: "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap(),
        until: "2026-11-22T10:00:00Z".parse().unwrap(),
    }
}

pub(crate) fn transferred() -> domain::Verified {
    let from = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
    domain::Verified { proof: domain::Proof::Transfer { from, note: "bought".to_owned() }, ..verified(false) }
}

pub(crate) fn onboarding_events() -> Vec<onboarding::Event> {
    use onboarding::{Completed, Overridden, Started, Step, StepCompleted, StepReopened};
    let (connection, organization, at) = (connection_id(), organization_id(), now());
    vec![
        Started { connection, organization, at }.into(),
        StepCompleted { step: Step::MappingReviewed, mapping: Some("d1".repeat(32)), at }.into(),
        StepReopened { step: Step::DomainVerified, at }.into(),
        Overridden { steps: vec![Step::TestSignInPassed], note: "by phone".to_owned(), at }.into(),
        Completed { at }.into(),
    ]
}

pub(crate) fn note_signing_key(standing: signing_key::Standing) -> signing_key::Command {
    let algorithm = user_pool::SigningAlgorithm::Rs256;
    signing_key::Command::Note { algorithm, signs_from: now(), standing, now: now() }
}

pub(crate) fn signing_key_events() -> Vec<signing_key::Event> {
    vec![
        signing_key::Published { algorithm: user_pool::SigningAlgorithm::Rs256, signs_from: now() }.into(),
        signing_key::Activated {}.into(),
        signing_key::Retired { published_until: now() }.into(),
        signing_key::Removed { cause: signing_key::Removal::Schedule, removed_at: now(), note: None }.into(),
    ]
}

pub(crate) fn signing_key_revoked() -> signing_key::Removed {
    let note = Some("lost with a laptop".to_owned());
    signing_key::Removed { cause: signing_key::Removal::Operator, removed_at: now(), note }
}
