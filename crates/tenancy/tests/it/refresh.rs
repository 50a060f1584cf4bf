//! What is recorded of reading metadata from its address, and what is not.

use std::time::Duration;

use vestibule_decider::{Decider, Scenario};
use vestibule_tenancy::connection::{
    CERTIFICATES_MAX, CertificateTrusted, Command, Configured, Connection, Event, FAILURE_TOLD_EVERY,
    MetadataChangeProposed, MetadataChangeSettled, MetadataRefreshFailed, NewCertificates, ObserveMetadata, Provenance,
    Rejection, SamlMetadata, SourceChange,
};

use crate::sample::{certificate, connection_created, metadata, metadata_source, now, refreshed};

fn created() -> Event {
    connection_created().into()
}

fn failed_after(hours: u64) -> MetadataRefreshFailed {
    let at = now().plus(Duration::from_hours(hours));
    MetadataRefreshFailed { reason: "FETCH_STATUS".to_owned(), failing_since: now(), at }
}

fn fail_after(hours: u64) -> Command {
    Command::NoteRefreshFailure { reason: "FETCH_STATUS", at: now().plus(Duration::from_hours(hours)) }
}

/// Metadata that moves to another entity id.
fn moved() -> SamlMetadata {
    let mut moved = metadata(&["b"]);
    "https://idp.other.test".clone_into(&mut moved.identity_provider.entity_id);
    moved
}

fn observe(metadata: SamlMetadata) -> Command {
    Command::ObserveMetadata(ObserveMetadata {
        metadata,
        trust: NewCertificates::Trust,
        at: now(),
        provenance: Provenance::default(),
    })
}

fn proposed() -> Event {
    let SamlMetadata { identity_provider, certificates } = moved();
    MetadataChangeProposed { identity_provider, certificates }.into()
}

#[test]
fn only_what_says_something_new_is_recorded() {
    let note = |digest| Command::NoteRefresh(refreshed(digest));
    Scenario::<Connection>::given([created()]).when(&note("a")).then([refreshed("a")]);
    Scenario::<Connection>::given([created(), refreshed("a").into()]).when(&note("a")).then_nothing();
    Scenario::<Connection>::given([created(), refreshed("a").into()]).when(&note("b")).then([refreshed("b")]);
    // From another address nothing is known.
    let source: Event =
        Configured { metadata_source: Some(SourceChange { to: Some(metadata_source()) }), ..Configured::default() }
            .into();
    Scenario::<Connection>::given([created(), refreshed("a").into(), source]).when(&note("a")).then([refreshed("a")]);
}

#[test]
fn a_failure_is_told_when_it_begins_and_then_once_a_day() {
    assert_eq!(FAILURE_TOLD_EVERY, Duration::from_hours(24));
    let begun = || vec![created(), refreshed("a").into(), failed_after(0).into()];
    Scenario::<Connection>::given([created(), refreshed("a").into()]).when(&fail_after(0)).then([failed_after(0)]);
    Scenario::<Connection>::given(begun()).when(&fail_after(23)).then_nothing();
    Scenario::<Connection>::given(begun()).when(&fail_after(24)).then([failed_after(24)]);
    // That it is there again is news, though it says the same.
    Scenario::<Connection>::given(begun()).when(&Command::NoteRefresh(refreshed("a"))).then([refreshed("a")]);
    let recovered = begun().into_iter().chain([refreshed("a").into()]);
    let at = now().plus(Duration::from_hours(1));
    let again = MetadataRefreshFailed { failing_since: at, ..failed_after(1) };
    Scenario::<Connection>::given(recovered).when(&fail_after(1)).then([again]);
}

#[test]
fn what_an_operator_declined_is_not_proposed_again() {
    let declined: Event = MetadataChangeSettled { approved: false, declined: true }.into();
    let decline = Command::DeclineMetadataChange;
    Scenario::<Connection>::given([created(), proposed()]).when(&decline).then([declined.clone()]);
    let history = || [created(), proposed(), declined.clone()];
    Scenario::<Connection>::given(history()).when(&observe(moved())).then_nothing();
    Scenario::<Connection>::given(history()).when(&decline).then_nothing();
    // Another move is another proposal.
    let mut elsewhere = moved();
    "https://idp.third.test".clone_into(&mut elsewhere.identity_provider.entity_id);
    let SamlMetadata { identity_provider, certificates } = elsewhere.clone();
    let other = MetadataChangeProposed { identity_provider, certificates };
    Scenario::<Connection>::given(history()).when(&observe(elsewhere)).then([other]);
    // Whoever has declined it may think better of it.
    let approve = Command::ApproveMetadataChange { at: now() };
    let mut state = history().iter().fold(Connection::default(), Connection::evolve);
    let events = state.decide(&approve).unwrap();
    state = events.iter().fold(state, Connection::evolve);
    let trust = state.trust().unwrap();
    assert_eq!(trust.identity_provider.entity_id, "https://idp.other.test");
    assert_eq!((&trust.proposed, &trust.declined), (&None, &None));
    Scenario::<Connection>::given([created()]).when(&decline).then_rejected(&Rejection::NothingProposed);
}

#[test]
fn a_document_that_names_others_every_time_fills_nothing_up() {
    let letters: Vec<String> = (b'a'..=b'z').map(|letter| char::from(letter).to_string()).collect();
    let trusted = |letter: &String| Event::from(CertificateTrusted { certificate: certificate(letter) });
    let full = || [created()].into_iter().chain(letters[1..CERTIFICATES_MAX].iter().map(trusted));
    let others: Vec<&str> = letters[CERTIFICATES_MAX..=CERTIFICATES_MAX].iter().map(String::as_str).collect();
    Scenario::<Connection>::given(full())
        .when(&observe(metadata(&others)))
        .then_rejected(&Rejection::TooManyCertificates);
    let known: Vec<&str> = letters[..CERTIFICATES_MAX].iter().map(String::as_str).collect();
    Scenario::<Connection>::given(full()).when(&observe(metadata(&known))).then_nothing();
    let SamlMetadata { identity_provider, .. } = moved();
    let certificates = vec![certificate("z")];
    let proposed: Event = MetadataChangeProposed { identity_provider, certificates }.into();
    Scenario::<Connection>::given(full().chain([proposed]))
        .when(&Command::ApproveMetadataChange { at: now() })
        .then_rejected(&Rejection::TooManyCertificates);
}
