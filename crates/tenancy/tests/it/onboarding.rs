use std::time::Duration;

use vestibule_decider::{Decider, Scenario};
use vestibule_kernel::{Explain, Timestamp};
use vestibule_tenancy::onboarding::{
    Actor, Command, Completed, Event, Facts, GoLive, Mark, Onboarding, Overridden, Rejection, Started, Step,
    StepCompleted, StepReopened,
};

use crate::sample::{connection_id, note, now, organization_id};

fn later(hours: u64) -> Timestamp {
    now().plus(Duration::from_hours(hours))
}

/// A connection as it is right after its creation.
fn begun() -> Facts {
    Facts {
        domain_verified: false,
        metadata_imported: true,
        certificate_valid: true,
        mapping: "m1".to_owned(),
        tested: false,
        enabled: false,
    }
}

fn ready() -> Facts {
    Facts { domain_verified: true, tested: true, ..begun() }
}

fn live() -> Facts {
    Facts { enabled: true, ..ready() }
}

fn observe(facts: Facts, now: Timestamp) -> Command {
    Command::Observe { connection: connection_id(), organization: organization_id(), facts, now }
}

fn review(mapping: &str) -> Command {
    Command::ReviewMapping { mapping: mapping.to_owned(), now: now() }
}

fn go_live(facts: Facts, override_note: Option<&str>) -> Command {
    Command::GoLive(GoLive {
        connection: connection_id(),
        organization: organization_id(),
        facts,
        override_note: override_note.map(note),
        now: now(),
    })
}

fn started() -> Event {
    Started { connection: connection_id(), organization: organization_id(), at: now() }.into()
}

fn done(step: Step) -> Event {
    StepCompleted { step, mapping: None, at: now() }.into()
}

fn reviewed(mapping: &str) -> Event {
    StepCompleted { step: Step::MappingReviewed, mapping: Some(mapping.to_owned()), at: now() }.into()
}

fn reopened(step: Step, at: Timestamp) -> Event {
    StepReopened { step, at }.into()
}

fn completed() -> Event {
    Completed { at: now() }.into()
}

fn history_until_ready() -> Vec<Event> {
    let steps = [Step::MetadataImported, Step::CertificateChecked, Step::DomainVerified, Step::TestSignInPassed];
    [started()].into_iter().chain(steps.map(done)).chain([reviewed("m1")]).collect()
}

fn history_until_live() -> Vec<Event> {
    [history_until_ready(), vec![done(Step::RoutingEnabled), completed()]].concat()
}

fn missing(history: &[Event]) -> Vec<Step> {
    let state = Onboarding::replay(history);
    let progress = state.progress().unwrap();
    Step::ALL.into_iter().filter(|step| matches!(progress.mark(*step), Mark::Open { .. })).collect()
}

#[test]
fn it_starts_with_what_is_so_already() {
    let events = [started(), done(Step::MetadataImported), done(Step::CertificateChecked)];
    Scenario::<Onboarding>::given(Vec::<Event>::new()).when(&observe(begun(), now())).then(events.clone());
    assert_eq!(
        missing(&events),
        [Step::DomainVerified, Step::MappingReviewed, Step::TestSignInPassed, Step::RoutingEnabled]
    );
}

#[test]
fn seeing_the_same_again_says_nothing() {
    let history = Onboarding::default().decide(&observe(begun(), now())).unwrap();
    Scenario::<Onboarding>::given(history).when(&observe(begun(), later(1))).then(Vec::<Event>::new());
    Scenario::<Onboarding>::given(history_until_live()).when(&observe(live(), later(1))).then(Vec::<Event>::new());
}

#[test]
fn whoever_comes_late_says_the_same_as_whoever_saw_each_step() {
    let mut seen_each = Onboarding::default();
    for facts in [begun(), Facts { domain_verified: true, ..begun() }, ready(), live()] {
        let events = seen_each.decide(&observe(facts, now())).unwrap();
        seen_each = events.iter().fold(seen_each, Onboarding::evolve);
    }
    let late = Onboarding::default().decide(&observe(live(), now())).unwrap();
    assert_eq!(late.iter().fold(Onboarding::default(), Onboarding::evolve), seen_each);
}

#[test]
fn nobody_goes_live_with_a_step_missing() {
    let history = Onboarding::default().decide(&observe(begun(), now())).unwrap();
    let steps = vec![Step::DomainVerified, Step::MappingReviewed, Step::TestSignInPassed];
    let rejection = Rejection::Incomplete { steps };
    assert_eq!(rejection.explain().reason, "ONBOARDING_INCOMPLETE");
    let text = rejection.to_string();
    for word in
        ["domain_verified (the application", "mapping_reviewed (the operator", "test_sign_in_passed (the customer's"]
    {
        assert!(text.contains(word), "{text}");
    }
    Scenario::<Onboarding>::given(history).when(&go_live(begun(), None)).then_rejected(&rejection);
}

#[test]
fn what_has_become_so_a_moment_ago_counts() {
    let history = [started(), done(Step::MetadataImported), done(Step::CertificateChecked), reviewed("m1")];
    Scenario::<Onboarding>::given(history).when(&go_live(ready(), None)).then([
        done(Step::DomainVerified),
        done(Step::TestSignInPassed),
        done(Step::RoutingEnabled),
        completed(),
    ]);
}

#[test]
fn what_was_so_and_is_so_no_longer_keeps_from_going_live() {
    let facts = Facts { domain_verified: false, ..ready() };
    let rejection = Rejection::Incomplete { steps: vec![Step::DomainVerified] };
    Scenario::<Onboarding>::given(history_until_ready()).when(&go_live(facts, None)).then_rejected(&rejection);
    let changed = Facts { mapping: "m2".to_owned(), ..ready() };
    let rejection = Rejection::Incomplete { steps: vec![Step::MappingReviewed] };
    Scenario::<Onboarding>::given(history_until_ready()).when(&go_live(changed, None)).then_rejected(&rejection);
}

#[test]
fn an_override_is_recorded_with_exactly_what_was_missing() {
    let facts = Facts { tested: false, ..ready() };
    let history = vec![
        started(),
        done(Step::MetadataImported),
        done(Step::CertificateChecked),
        done(Step::DomainVerified),
        reviewed("m1"),
    ];
    let overridden = Overridden { steps: vec![Step::TestSignInPassed], note: "by phone".to_owned(), at: now() };
    let events = [overridden.into(), done(Step::RoutingEnabled), completed()];
    Scenario::<Onboarding>::given(history).when(&go_live(facts, Some("by phone"))).then(events);
}

#[test]
fn an_override_of_nothing_is_none() {
    Scenario::<Onboarding>::given(history_until_ready())
        .when(&go_live(ready(), Some("to be sure")))
        .then([done(Step::RoutingEnabled), completed()]);
}

#[test]
fn an_override_ends_with_the_time_it_was_for() {
    let facts = Facts { tested: false, ..ready() };
    let mut history = Onboarding::default().decide(&go_live(facts.clone(), Some("demo"))).unwrap();
    assert!(missing(&history).is_empty());
    history.extend(Onboarding::replay(&history).decide(&observe(facts.clone(), later(1))).unwrap());
    assert_eq!(missing(&history), [Step::MappingReviewed, Step::TestSignInPassed, Step::RoutingEnabled]);
    let steps = vec![Step::MappingReviewed, Step::TestSignInPassed];
    let rejection = Rejection::Incomplete { steps };
    Scenario::<Onboarding>::given(history).when(&go_live(facts, None)).then_rejected(&rejection);
}

#[test]
fn a_step_that_was_overridden_can_still_be_done() {
    let mut history =
        Onboarding::default().decide(&go_live(Facts { domain_verified: false, ..ready() }, Some("x"))).unwrap();
    history.extend(Onboarding::replay(&history).decide(&observe(live(), later(1))).unwrap());
    let progress = Onboarding::replay(&history);
    let mark = progress.progress().unwrap().mark(Step::DomainVerified);
    assert_eq!(mark, Mark::Completed { since: later(1) });
}

#[test]
fn a_changed_mapping_has_to_be_reviewed_again() {
    let changed = Facts { mapping: "m2".to_owned(), tested: false, ..ready() };
    let events = [reopened(Step::MappingReviewed, later(1)), reopened(Step::TestSignInPassed, later(1))];
    Scenario::<Onboarding>::given(history_until_ready()).when(&observe(changed, later(1))).then(events.clone());
    // Also when it becomes what it was.
    let history = [history_until_ready(), events.to_vec()].concat();
    let back = Facts { tested: false, ..ready() };
    Scenario::<Onboarding>::given(history).when(&observe(back, later(2))).then(Vec::<Event>::new());
}

#[test]
fn while_people_sign_in_mapping_and_test_are_not_asked_for() {
    let changed = Facts { mapping: "m2".to_owned(), tested: false, ..live() };
    Scenario::<Onboarding>::given(history_until_live())
        .when(&observe(changed.clone(), later(1)))
        .then(Vec::<Event>::new());
    // What they rely on is asked for, and so is the rest when they sign in no more.
    let lost = Facts { domain_verified: false, ..changed.clone() };
    Scenario::<Onboarding>::given(history_until_live())
        .when(&observe(lost, later(1)))
        .then([reopened(Step::DomainVerified, later(1))]);
    Scenario::<Onboarding>::given(history_until_live())
        .when(&observe(Facts { enabled: false, ..changed }, later(1)))
        .then([
            reopened(Step::MappingReviewed, later(1)),
            reopened(Step::TestSignInPassed, later(1)),
            reopened(Step::RoutingEnabled, later(1)),
        ]);
}

#[test]
fn what_is_missing_again_makes_it_go_on_and_complete_again() {
    let mut history = history_until_live();
    history.push(reopened(Step::DomainVerified, later(1)));
    assert!(matches!(Onboarding::replay(&history), Onboarding::Running(_)));
    Scenario::<Onboarding>::given(history)
        .when(&observe(live(), now()))
        .then([done(Step::DomainVerified), completed()]);
}

#[test]
fn a_review_is_of_a_connection_that_exists_and_counts_once() {
    Scenario::<Onboarding>::given(Vec::<Event>::new()).when(&review("m1")).then_rejected(&Rejection::NotFound);
    Scenario::<Onboarding>::given([started()]).when(&review("m1")).then([reviewed("m1")]);
    Scenario::<Onboarding>::given([started(), reviewed("m1")]).when(&review("m1")).then(Vec::<Event>::new());
    Scenario::<Onboarding>::given([started(), reviewed("m1")]).when(&review("m2")).then([reviewed("m2")]);
}

#[test]
fn every_step_names_who_has_to_act_and_how() {
    for step in Step::ALL {
        assert!(step.instruction().ends_with('.'), "{step}");
        assert!(matches!(step.actor(), Actor::ItAdmin | Actor::Operator | Actor::Application));
    }
    assert_eq!(Step::before_live().count(), Step::ALL.len() - 1);
}
