//! Which recorded events are published, under which name and with which body. The matches are exhaustive: an event type
//! that is added to a domain does not compile until somebody has decided here whether it goes out.

mod of_connection;

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;
use vestibule_decider::DomainEvent;
use vestibule_eventlog::{EventLog, LoadError, Recorded, StreamId};
use vestibule_kernel::OrganizationId;
use vestibule_tenancy::{
    assertion, claim_policy, connection, directory, directory_group, directory_user, domain, onboarding,
    organization::{self, ForeignEmail},
    person, signing_key, user_pool,
};

use crate::payload;

/// Every event type of the log, and the name under which it is published: `<noun>.<fact>`. `None`: it stays inside.
pub const CATALOG: &[(&str, Option<&str>)] = &[
    ("organization.created", Some("organization.created")),
    ("organization.updated", Some("organization.updated")),
    ("organization.suspended", Some("organization.suspended")),
    ("organization.reinstated", Some("organization.reinstated")),
    ("domain.claimed", Some("domain.claimed")),
    ("domain.verified", Some("domain.verified")),
    ("domain.released", Some("domain.released")),
    ("connection.created", Some("connection.created")),
    ("connection.configured", Some("connection.configured")),
    ("connection.certificate_observed", Some("certificate.observed")),
    ("connection.certificate_trusted", Some("certificate.trusted")),
    ("connection.certificate_overlapping", Some("certificate.overlapping")),
    ("connection.certificate_promoted", Some("certificate.promoted")),
    ("connection.certificate_renewal_required", Some("certificate.renewal_required")),
    ("connection.certificate_renewed", Some("certificate.renewed")),
    ("connection.certificate_expired", Some("certificate.expired")),
    ("connection.certificate_retired", Some("certificate.retired")),
    ("connection.key_added", Some("key.added")),
    ("connection.key_action_required", Some("key.action_required")),
    ("connection.key_activated", Some("key.activated")),
    ("connection.key_retired", Some("key.retired")),
    ("connection.key_destroyed", Some("key.destroyed")),
    ("connection.metadata_change_proposed", Some("metadata.change_proposed")),
    ("connection.metadata_change_settled", Some("metadata.change_settled")),
    ("connection.metadata_refreshed", Some("metadata.refreshed")),
    ("connection.metadata_refresh_failed", Some("metadata.refresh_failed")),
    ("connection.enabled", Some("connection.enabled")),
    ("connection.disabled", Some("connection.disabled")),
    ("connection.tested", Some("connection.tested")),
    ("connection.replaced", Some("connection.replaced")),
    ("onboarding.started", Some("onboarding.started")),
    ("onboarding.step_completed", Some("onboarding.step_completed")),
    ("onboarding.step_reopened", Some("onboarding.step_reopened")),
    ("onboarding.overridden", Some("onboarding.overridden")),
    ("onboarding.completed", Some("onboarding.completed")),
    ("person.first_seen", Some("person.first_seen")),
    ("person.updated", Some("person.updated")),
    ("person.roles_changed", Some("person.roles_changed")),
    ("person.deactivated", Some("person.deactivated")),
    ("person.reactivated", Some("person.reactivated")),
    ("person.relinked", Some("person.relinked")),
    ("person.superseded", Some("person.superseded")),
    ("person.signed_out", Some("person.signed_out")),
    ("person.signed_in", Some("person.signed_in")),
    ("person.native_user_linked", Some("person.native_user_linked")),
    ("person.native_user_unlinked", Some("person.native_user_unlinked")),
    ("assertion.accepted", Some("sign_in.succeeded")),
    // The exchange between Cognito and us; who signed in has been told already.
    ("assertion.redeemed", None),
    ("user_pool.registered", Some("user_pool.registered")),
    ("user_pool.updated", Some("user_pool.updated")),
    // Which client secrets a pool may use concerns nobody but the pool.
    ("user_pool.secret_added", None),
    ("user_pool.secret_retired", None),
    ("signing_key.published", Some("signing_key.published")),
    ("signing_key.activated", Some("signing_key.activated")),
    ("signing_key.retired", Some("signing_key.retired")),
    ("signing_key.removed", Some("signing_key.removed")),
    ("claim_policy.replaced", Some("claim_policy.replaced")),
    ("claim_policy.cleared", Some("claim_policy.cleared")),
    // What a directory says of people is published as what becomes of the person.
    ("directory.created", None),
    ("directory.configured", None),
    ("directory.token_added", None),
    ("directory.token_retired", None),
    ("directory_user.created", None),
    ("directory_user.changed", None),
    ("directory_user.groups_changed", None),
    ("directory_user.moved", None),
    ("directory_user.deleted", None),
    ("directory_group.created", None),
    ("directory_group.changed", None),
    ("directory_group.members_changed", None),
    ("directory_group.deleted", None),
];

/// A recorded event cannot be published; identity data must not be silently incomplete, so the relay stops.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The event cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// No rule says what becomes of streams of this category.
    #[error("nothing is known of streams of category {category}")]
    UnknownCategory {
        /// The category.
        category: String,
    },
    /// The stream's name is not that of an aggregate of its category.
    #[error("the stream {stream} does not belong to an organization, or names no aggregate")]
    ForeignStream {
        /// The stream.
        stream: StreamId,
    },
    /// The body cannot be written as JSON.
    #[error("the body cannot be written")]
    Body(#[source] serde_json::Error),
}

/// What is said of an event to the outside.
pub(crate) struct Fact {
    /// `<noun>.<fact>`.
    pub(crate) name: &'static str,
    /// The resource it is about, as the gRPC interface names it.
    pub(crate) resource: String,
    /// The body.
    pub(crate) body: Value,
}

/// What is published of an event; `None` when it stays inside.
pub(crate) async fn fact(log: &EventLog, recorded: &Recorded) -> Result<Option<Fact>, MapError> {
    match recorded.stream.category() {
        organization::CATEGORY => of_organization(recorded, open(log, recorded).await?),
        domain::CATEGORY => of_domain(recorded, open(log, recorded).await?),
        connection::CATEGORY => of_connection::fact(recorded, open(log, recorded).await?),
        onboarding::CATEGORY => of_onboarding(recorded, open(log, recorded).await?),
        person::CATEGORY => of_person(recorded, open(log, recorded).await?),
        assertion::CATEGORY => of_assertion(recorded, open(log, recorded).await?),
        user_pool::CATEGORY => of_user_pool(recorded, open(log, recorded).await?),
        signing_key::CATEGORY => of_signing_key(recorded, &open(log, recorded).await?),
        claim_policy::CATEGORY => of_claim_policy(&open(log, recorded).await?),
        // Nothing of these goes out, so nothing of them is opened either.
        directory::CATEGORY | directory_user::CATEGORY | directory_group::CATEGORY => Ok(None),
        category => Err(MapError::UnknownCategory { category: category.to_owned() }),
    }
}

async fn open<E: DomainEvent>(log: &EventLog, recorded: &Recorded) -> Result<E, MapError> {
    Ok(log.open(recorded).await?)
}

fn of_organization(recorded: &Recorded, event: organization::Event) -> Result<Option<Fact>, MapError> {
    let organization = owner(recorded)?;
    let resource = format!("organizations/{organization}");
    let changed = payload::OrganizationChanged { organization };
    match event {
        organization::Event::Created(created) => {
            let body = payload::OrganizationCreated {
                organization,
                slug: created.slug,
                external_id: created.external_id,
                display_name: created.display_name,
                tier: created.tier,
                region: created.region,
                user_pool: created.placement.user_pool(),
                placement: placement(&created.placement),
            };
            said("organization.created", resource, &body)
        }
        organization::Event::Updated(updated) => {
            let body = payload::OrganizationUpdated {
                organization,
                slug: updated.slug.map(|slug| slug.to),
                external_id: updated.external_id.map(|external_id| external_id.to),
                display_name: updated.display_name,
                tier: updated.tier,
                region: updated.region,
                user_pool: updated.placement.as_ref().map(organization::Placement::user_pool),
                placement: updated.placement.as_ref().map(placement),
                refuses_foreign_email: updated.foreign_email.map(|policy| policy == ForeignEmail::Refuse),
            };
            said("organization.updated", resource, &body)
        }
        organization::Event::Suspended(_) => said("organization.suspended", resource, &changed),
        organization::Event::Reinstated(_) => said("organization.reinstated", resource, &changed),
    }
}

fn of_domain(recorded: &Recorded, event: domain::Event) -> Result<Option<Fact>, MapError> {
    let (organization, domain) = (owner(recorded)?, key(recorded)?);
    let resource = format!("organizations/{organization}/domains/{domain}");
    match event {
        domain::Event::Claimed(claimed) => {
            let body = payload::DomainChanged { organization, domain, name: claimed.name };
            said("domain.claimed", resource, &body)
        }
        domain::Event::Verified(verified) => {
            let proof = match verified.proof {
                domain::Proof::OperatorAttestation { .. } => "operator_attestation",
                domain::Proof::Transfer { .. } => "transfer",
            };
            let body = payload::DomainVerified {
                organization,
                domain,
                name: verified.name,
                include_subdomains: verified.include_subdomains,
                proof,
                verified_at: verified.verified_at,
            };
            said("domain.verified", resource, &body)
        }
        domain::Event::Released(released) => {
            let body = payload::DomainChanged { organization, domain, name: released.name };
            said("domain.released", resource, &body)
        }
    }
}

fn of_onboarding(recorded: &Recorded, event: onboarding::Event) -> Result<Option<Fact>, MapError> {
    let (organization, connection) = (owner(recorded)?, key(recorded)?);
    let resource = format!("organizations/{organization}/connections/{connection}/onboarding");
    let changed = payload::ConnectionChanged { organization, connection };
    let of_step = |step: onboarding::Step| {
        let (step, actor) = (step.as_str(), step.actor().as_str());
        payload::OnboardingStep { organization, connection, step, actor }
    };
    match event {
        onboarding::Event::Started(_) => said("onboarding.started", resource, &changed),
        onboarding::Event::StepCompleted(done) => said("onboarding.step_completed", resource, &of_step(done.step)),
        onboarding::Event::StepReopened(open) => said("onboarding.step_reopened", resource, &of_step(open.step)),
        onboarding::Event::Overridden(overridden) => {
            let steps = overridden.steps.into_iter().map(onboarding::Step::as_str).collect();
            said("onboarding.overridden", resource, &payload::OnboardingOverridden { organization, connection, steps })
        }
        onboarding::Event::Completed(_) => said("onboarding.completed", resource, &changed),
    }
}

fn of_person(recorded: &Recorded, event: person::Event) -> Result<Option<Fact>, MapError> {
    let (organization, person) = (owner(recorded)?, key(recorded)?);
    let resource = person_name(organization, person);
    let changed = payload::PersonChanged { organization, person };
    match event {
        person::Event::FirstSeen(first) => {
            let (connection, profile) = (first.connection, first.profile.map(profile));
            said("person.first_seen", resource, &payload::PersonFirstSeen { organization, person, connection, profile })
        }
        person::Event::Updated(updated) => {
            let profile = updated.profile.map(profile);
            said("person.updated", resource, &payload::PersonUpdated { organization, person, profile })
        }
        person::Event::RolesChanged(person::RolesChanged { roles, .. }) => {
            said("person.roles_changed", resource, &payload::PersonRolesChanged { organization, person, roles })
        }
        person::Event::Deactivated(_) => said("person.deactivated", resource, &changed),
        person::Event::Reactivated(_) => said("person.reactivated", resource, &changed),
        person::Event::Relinked(person::Relinked { connection, .. }) => {
            said("person.relinked", resource, &payload::PersonOnConnection { organization, person, connection })
        }
        person::Event::Superseded(person::Superseded { by, .. }) => {
            said("person.superseded", resource, &payload::PersonSuperseded { organization, person, by })
        }
        person::Event::SignedOut(person::SignedOut { connection, .. }) => {
            said("person.signed_out", resource, &payload::PersonOnConnection { organization, person, connection })
        }
        person::Event::SignedIn(_) => said("person.signed_in", resource, &changed),
        person::Event::NativeUserLinked(person::NativeUserLinked { user_pool, native_user, .. }) => {
            let body = payload::PersonNativeUser { organization, person, user_pool, native_user };
            said("person.native_user_linked", resource, &body)
        }
        person::Event::NativeUserUnlinked(person::NativeUserUnlinked { user_pool, native_user, .. }) => {
            let body = payload::PersonNativeUser { organization, person, user_pool, native_user };
            said("person.native_user_unlinked", resource, &body)
        }
    }
}

fn of_assertion(recorded: &Recorded, event: assertion::Event) -> Result<Option<Fact>, MapError> {
    match event {
        assertion::Event::Accepted(accepted) => {
            let organization = owner(recorded)?;
            let body = payload::SignInSucceeded {
                organization,
                person: accepted.person,
                connection: accepted.connection,
                user_pool: accepted.user_pool,
                certificate_fingerprint: accepted.certificate_fingerprint,
            };
            said("sign_in.succeeded", person_name(organization, accepted.person), &body)
        }
        assertion::Event::Redeemed(_) => Ok(None),
    }
}

fn of_user_pool(recorded: &Recorded, event: user_pool::Event) -> Result<Option<Fact>, MapError> {
    let user_pool = key(recorded)?;
    let resource = format!("userPools/{user_pool}");
    match event {
        user_pool::Event::Registered(registered) => {
            let user_pool::Registered { region, pool_id, domains, .. } = registered;
            said("user_pool.registered", resource, &payload::UserPoolRegistered { user_pool, region, pool_id, domains })
        }
        user_pool::Event::Updated(updated) => {
            let user_pool::Updated { domains, requires_email, .. } = updated;
            said("user_pool.updated", resource, &payload::UserPoolUpdated { user_pool, domains, requires_email })
        }
        user_pool::Event::SecretAdded(_) | user_pool::Event::SecretRetired(_) => Ok(None),
    }
}

fn of_signing_key(recorded: &Recorded, event: &signing_key::Event) -> Result<Option<Fact>, MapError> {
    let key_id = recorded.stream.key().to_owned();
    let resource = format!("signingKeys/{key_id}");
    match event {
        signing_key::Event::Published(signing_key::Published { algorithm, signs_from }) => {
            let (algorithm, signs_from) = (algorithm.as_str(), *signs_from);
            let body = payload::SigningKeyPublished { key_id, algorithm, signs_from };
            said("signing_key.published", resource, &body)
        }
        signing_key::Event::Activated(_) => {
            said("signing_key.activated", resource, &payload::SigningKeyActivated { key_id })
        }
        signing_key::Event::Retired(signing_key::Retired { published_until }) => {
            let published_until = *published_until;
            said("signing_key.retired", resource, &payload::SigningKeyRetired { key_id, published_until })
        }
        signing_key::Event::Removed(signing_key::Removed { cause, .. }) => {
            let cause = cause.as_str();
            said("signing_key.removed", resource, &payload::SigningKeyRemoved { key_id, cause })
        }
    }
}

/// That a policy changed, and whose; what it says is for those to ask who may read the registry.
fn of_claim_policy(event: &claim_policy::Event) -> Result<Option<Fact>, MapError> {
    let target = event.target();
    let organization = match target {
        claim_policy::Target::Organization { organization } => Some(*organization),
        claim_policy::Target::UserPool { .. } | claim_policy::Target::AppClient { .. } => None,
    };
    let body = payload::ClaimPolicyChanged { target: target.to_string(), organization };
    let name = match event {
        claim_policy::Event::Replaced(_) => "claim_policy.replaced",
        claim_policy::Event::Cleared(_) => "claim_policy.cleared",
    };
    said(name, format!("{target}/claimPolicy"), &body)
}

fn placement(known: &organization::Placement) -> payload::Placement {
    let kind = match known {
        organization::Placement::SharedPool { .. } => "shared_pool",
        organization::Placement::Group { .. } => "group",
        organization::Placement::OwnPool { .. } => "own_pool",
        organization::Placement::AppClient { .. } => "app_client",
    };
    let owned = |text: Option<&str>| text.map(str::to_owned);
    payload::Placement { kind, group: owned(known.group()), app_client: owned(known.app_client_id()) }
}

fn profile(known: person::Profile) -> payload::Profile {
    let person::Profile { email, name, given_name, family_name, .. } = known;
    payload::Profile { email, name, given_name, family_name }
}

fn person_name(organization: OrganizationId, person: vestibule_kernel::PersonId) -> String {
    format!("organizations/{organization}/persons/{person}")
}

fn owner(recorded: &Recorded) -> Result<OrganizationId, MapError> {
    recorded.stream.organization().ok_or_else(|| foreign(recorded))
}

fn key<T: FromStr>(recorded: &Recorded) -> Result<T, MapError> {
    recorded.stream.key().parse().map_err(|_| foreign(recorded))
}

fn foreign(recorded: &Recorded) -> MapError {
    MapError::ForeignStream { stream: recorded.stream.clone() }
}

fn said<T: Serialize>(name: &'static str, resource: String, body: &T) -> Result<Option<Fact>, MapError> {
    let body = serde_json::to_value(body).map_err(MapError::Body)?;
    Ok(Some(Fact { name, resource, body }))
}
