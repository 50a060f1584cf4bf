use std::time::Duration;

use uuid::Uuid;
use vestibule_kernel::{OrganizationId, Timestamp};
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{self as pb, onboarding_step},
    resource,
    saml::v1 as saml,
};
use vestibule_storage::{TestCheck, TestTicket};
use vestibule_tenancy::{
    Note,
    onboarding::{Actor, Mark, Onboarding, Progress, Step},
};

use crate::{
    app::{Replace, TestSignIn},
    error::Error,
    field::{Fields, InvalidFields},
    onboarding::ConnectionName,
};

/// How long the link of a test sign-in is good when the caller does not say.
const LIFETIME_DEFAULT: Duration = Duration::from_hours(1);

/// The shortest time for which it may be good.
const LIFETIME_MIN: Duration = Duration::from_mins(1);

/// A connection, or an organization.
pub(crate) enum Name {
    Connection(ConnectionName),
    Organization(OrganizationId),
}

/// Reads the name of a connection or an organization.
pub(crate) fn name(name: &str) -> Result<Name, Error> {
    match resource::organization("name", name) {
        Ok(organization) => Ok(Name::Organization(organization)),
        Err(_) => Ok(Name::Connection(resource::connection("name", name)?)),
    }
}

/// Reads `organizations/{organization}`; `None` for `organizations/-`.
pub(crate) fn parent(parent: &str) -> Result<Option<OrganizationId>, Error> {
    if parent == "organizations/-" { Ok(None) } else { Ok(Some(resource::organization("parent", parent)?)) }
}

/// What was looked at: without it there is nothing to say of it.
pub(crate) fn reviewed(etag: &str) -> Result<&str, Error> {
    if etag.is_empty() {
        return Err(
            InvalidFields::one("ETAG_REQUIRED", "etag", "must be that of the connection that was looked at").into()
        );
    }
    Ok(etag)
}

/// Why people may sign in all the same; empty: they may not.
pub(crate) fn override_note(text: &str) -> Result<Option<Note>, InvalidFields> {
    let mut fields = Fields::default();
    let note = fields.read_optional("override_note", text, Note::required);
    fields.finish()?;
    Ok(note)
}

/// For how long a connection that was replaced goes on when the caller does not say.
const OVERLAP_DEFAULT: Duration = Duration::from_hours(24);

/// The shortest overlap: longer than a sign-in that has begun may take.
const OVERLAP_MIN: Duration = Duration::from_mins(10);

/// The longest.
const OVERLAP_MAX: Duration = Duration::from_hours(30 * 24);

pub(crate) fn replace(asked: &pb::ReplaceConnectionRequest) -> Result<Replace, Error> {
    let overlap = asked.overlap.as_ref().map_or(Some(OVERLAP_DEFAULT), |wanted| Duration::try_from(*wanted).ok());
    let overlap = overlap.filter(|overlap| (OVERLAP_MIN..=OVERLAP_MAX).contains(overlap));
    let overlap = overlap
        .ok_or_else(|| InvalidFields::one("OVERLAP_INVALID", "overlap", "must be between 10 minutes and 30 days"))?;
    Ok(Replace {
        replacement: resource::connection("replacement", &asked.replacement)?,
        overlap,
        override_note: override_note(&asked.override_note)?,
    })
}

pub(crate) fn lifetime(lifetime: Option<&prost_types::Duration>) -> Result<Duration, Error> {
    let wanted = lifetime.map_or(Some(LIFETIME_DEFAULT), |wanted| Duration::try_from(*wanted).ok());
    let range = LIFETIME_MIN..=TestTicket::LIFETIME_MAX;
    wanted.filter(|wanted| range.contains(wanted)).ok_or_else(|| {
        InvalidFields::one("LIFETIME_INVALID", "lifetime", "must be between 1 minute and 24 hours").into()
    })
}

pub(crate) fn message(onboarding: &Onboarding) -> pb::Onboarding {
    let Some(progress) = onboarding.progress() else { return pb::Onboarding::default() };
    let state = match onboarding {
        Onboarding::Completed(_) => pb::onboarding::State::Complete,
        Onboarding::Absent | Onboarding::Running(_) => pb::onboarding::State::Incomplete,
    };
    let has_connection = !progress.connection.uuid().is_nil();
    let connection = || resource::connection_name(progress.organization, progress.connection);
    pb::Onboarding {
        connection: if has_connection { connection() } else { String::new() },
        organization: resource::organization_name(progress.organization),
        state: state.into(),
        steps: Step::ALL.into_iter().map(|one| step(progress, one)).collect(),
        start_time: has_connection.then(|| proto_timestamp(progress.started_at)),
    }
}

fn step(progress: &Progress, step: Step) -> pb::OnboardingStep {
    use onboarding_step::State;
    let (state, since, note) = match progress.mark(step) {
        Mark::Open { since } => (State::Open, since, String::new()),
        Mark::Completed { since } => (State::Completed, since, String::new()),
        Mark::Overridden { since, note } => (State::Overridden, since, note),
    };
    let is_done = state == State::Completed;
    pb::OnboardingStep {
        step: kind(step).into(),
        state: state.into(),
        since_time: Some(proto_timestamp(since)),
        actor: actor(step.actor()).into(),
        instruction: if is_done { String::new() } else { step.instruction().to_owned() },
        override_note: note,
    }
}

const fn kind(step: Step) -> onboarding_step::Step {
    match step {
        Step::DomainVerified => onboarding_step::Step::DomainVerified,
        Step::MetadataImported => onboarding_step::Step::MetadataImported,
        Step::CertificateChecked => onboarding_step::Step::CertificateChecked,
        Step::MappingReviewed => onboarding_step::Step::MappingReviewed,
        Step::TestSignInPassed => onboarding_step::Step::TestSignInPassed,
        Step::RoutingEnabled => onboarding_step::Step::RoutingEnabled,
    }
}

const fn actor(actor: Actor) -> onboarding_step::Actor {
    match actor {
        Actor::ItAdmin => onboarding_step::Actor::ItAdmin,
        Actor::Operator => onboarding_step::Actor::Operator,
        Actor::Application => onboarding_step::Actor::Application,
    }
}

/// The segment between a connection's name and a test's id.
const TESTS: &str = "/testSignIns/";

/// Reads `organizations/{organization}/connections/{connection}/testSignIns/{test_sign_in}`.
pub(crate) fn test_name(name: &str) -> Result<(ConnectionName, Uuid), Error> {
    let form = "organizations/{organization}/connections/{connection}/testSignIns/{test_sign_in}";
    let parts = name.split_once(TESTS).and_then(|(connection, test)| Some((connection, Uuid::try_parse(test).ok()?)));
    let (connection, test) = parts.ok_or(resource::InvalidName { field: "name", form })?;
    Ok((resource::connection("name", connection)?, test))
}

pub(crate) fn test_message(test: &TestSignIn, now: Timestamp) -> pb::TestSignIn {
    use pb::test_sign_in::State;
    let TestSignIn { ticket, has_passed, outcome } = test;
    let state = match outcome {
        _ if *has_passed => State::Passed,
        Some(_) if now < ticket.expires_at => State::Refused,
        None if now < ticket.expires_at => State::Waiting,
        Some(_) | None => State::Expired,
    };
    let outcome = outcome.as_ref();
    let refused = outcome.and_then(|outcome| outcome.refused.clone());
    pb::TestSignIn {
        name: test_name_of(ticket),
        state: state.into(),
        expire_time: Some(proto_timestamp(ticket.expires_at)),
        end_time: outcome.map(|outcome| proto_timestamp(outcome.at)),
        refused: refused.map(|refused| saml::Refusal {
            reason: refused.reason,
            responsible: refused.responsible,
            message: refused.message,
        }),
        checks: outcome.map(|outcome| outcome.checks.iter().cloned().map(check).collect()).unwrap_or_default(),
        claims: outcome.map(|outcome| outcome.claims.clone()).unwrap_or_default(),
    }
}

fn test_name_of(ticket: &TestTicket) -> String {
    format!("{}{TESTS}{}", resource::connection_name(ticket.organization, ticket.connection), ticket.id)
}

fn check(TestCheck { name, status, expected, found }: TestCheck) -> saml::Check {
    saml::Check { name, status, expected, found }
}
