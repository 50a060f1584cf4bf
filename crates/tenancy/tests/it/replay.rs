//! Old metadata that is read again, and proposals that have grown old.

use std::time::Duration;

use vestibule_decider::{Decider, Scenario};
use vestibule_kernel::Timestamp;
use vestibule_tenancy::connection::{
    CertificateObserved, CertificateOverlapping, CertificateRetired, CertificateTrusted, Command, Configure,
    Configured, Connection, Event, LEFT_MAX, MetadataChangeProposed, MetadataChangeSettled, MetadataSource,
    NewCertificates, OVERLAP_MAX, ObserveMetadata, Provenance, REPLACED_MAX, Rejection, SamlMetadata, SourceChange,
};

use crate::sample::{certificate, connection_created, metadata, metadata_source, now, refreshed};

const HOUR: Duration = Duration::from_hours(1);

fn source(pinned: bool) -> MetadataSource {
    MetadataSource { pinned_key_der: pinned.then(|| "MIIB".to_owned()), ..metadata_source() }
}

fn reads(pinned: bool) -> Event {
    Configured { metadata_source: Some(SourceChange { to: Some(source(pinned)) }), ..Configured::default() }.into()
}

/// What a document said that is named by one letter: it names these certificates.
fn document(digest: &str, certificates: &[&str]) -> ObserveMetadata {
    let provenance = Provenance { digest: Some(digest.repeat(64)), ..Provenance::default() };
    ObserveMetadata { metadata: metadata(certificates), trust: NewCertificates::Trust, at: now(), provenance }
}

fn trusted(letter: &str) -> Event {
    CertificateTrusted { certificate: certificate(letter) }.into()
}

fn leaving(letter: &str, at: Timestamp) -> Event {
    CertificateOverlapping { fingerprint: letter.repeat(64), retires_at: Some(at.plus(OVERLAP_MAX)) }.into()
}

fn retired(letter: &str) -> Event {
    CertificateRetired { fingerprint: letter.repeat(64), by_operator: false }.into()
}

fn proposed(metadata: &SamlMetadata) -> Event {
    let SamlMetadata { identity_provider, certificates } = metadata.clone();
    MetadataChangeProposed { identity_provider, certificates }.into()
}

fn settled(approved: bool, declined: bool) -> Event {
    MetadataChangeSettled { approved, declined }.into()
}

/// The state after what happened and these commands, each of which is taken.
fn after(history: Vec<Event>, commands: &[Command]) -> Vec<Event> {
    commands.iter().fold(history, |history, command| {
        let events = Connection::replay(&history).decide(command).unwrap();
        [history, events].concat()
    })
}

/// Reads documents one after the other, as the registry does: observed, then noted.
fn read(history: Vec<Event>, documents: &[(&str, &[&str])]) -> Vec<Event> {
    documents.iter().fold(history, |history, (digest, certificates)| {
        let observe = Command::ObserveMetadata(document(digest, certificates));
        after(history, &[observe, Command::NoteRefresh(refreshed(digest))])
    })
}

/// A rotation of signed metadata: `a`, then both, then `b`.
fn rotated(pinned: bool) -> Vec<Event> {
    read(vec![connection_created().into(), reads(pinned)], &[("1", &["a"]), ("2", &["a", "b"]), ("3", &["b"])])
}

#[test]
fn signed_metadata_brings_nothing_back_that_it_has_left_out() {
    for hours in [1, 23, 24, 1_000] {
        let at = now().plus(hours * HOUR);
        let back = ObserveMetadata { at, ..document("4", &["a", "b"]) };
        let mut expected = if hours < 24 { vec![] } else { vec![retired("a")] };
        expected.push(proposed(&back.metadata));
        Scenario::<Connection>::given(rotated(true)).when(&Command::ObserveMetadata(back.clone())).then(expected);
        // An operator may know that it is meant so.
        let state =
            after(rotated(true), &[Command::ObserveMetadata(back.clone()), Command::ApproveMetadataChange { at }]);
        let trust = Connection::replay(&state);
        let trust = trust.trust().unwrap();
        let names: Vec<_> = trust.certificates.iter().map(|one| one.fingerprint.chars().next().unwrap()).collect();
        assert_eq!(names.len(), 2, "{hours}");
        assert!(names.contains(&'a') && trust.retires_at(&"a".repeat(64)).is_none());
        Scenario::<Connection>::given(state).when(&Command::ObserveMetadata(back)).then_nothing();
    }
}

#[test]
fn signed_metadata_that_was_replaced_is_not_believed_again() {
    let before = rotated(true);
    let replayed = || Command::ObserveMetadata(document("1", &["a"]));
    Scenario::<Connection>::given(before.clone()).when(&replayed()).then([proposed(&metadata(&["a"]))]);
    // Nor is one that left nothing out, only a newer certificate not yet in.
    let grown = read(vec![connection_created().into(), reads(true)], &[("1", &["a"]), ("2", &["a", "b"])]);
    Scenario::<Connection>::given(grown.clone()).when(&replayed()).then([proposed(&metadata(&["a"]))]);
    // The mirror that is not stale says what counts, and the stale one is as stale as before.
    let mut flapping = grown;
    for _ in 0..3 {
        flapping = read(flapping, &[("1", &["a"])]);
        assert!(Connection::replay(&flapping).trust().unwrap().proposed.is_some());
        let state = Connection::replay(&flapping);
        assert_eq!(state.trust().unwrap().certificates.len(), 2, "nothing leaves because of it");
        assert!(state.trust().unwrap().progress.values().all(|progress| progress.retires_at.is_none()));
        flapping = read(flapping, &[("2", &["a", "b"])]);
        assert_eq!(flapping[flapping.len() - 2], settled(false, false));
    }
    // One that changes no trust may come again.
    let mut other = document("1", &["b"]);
    other.metadata.identity_provider.name_id_formats.push("x".to_owned());
    let events = Connection::replay(&before).decide(&Command::ObserveMetadata(other)).unwrap();
    assert!(matches!(events.as_slice(), [Event::Configured(_)]), "{events:?}");
}

#[test]
fn where_no_signature_is_asked_for_whoever_mends_it_goes_back() {
    // Somebody else had their certificate there for an hour.
    let begun = read(vec![connection_created().into(), reads(false)], &[("1", &["a"]), ("2", &["x"])]);
    Scenario::<Connection>::given(begun.clone())
        .when(&Command::ObserveMetadata(document("1", &["a"])))
        .then([trusted("a"), leaving("x", now())]);
    // After a day the right one has left, and comes back by an operator's word; the wrong one leaves without it.
    let late = now().plus(OVERLAP_MAX);
    let back = Command::ObserveMetadata(ObserveMetadata { at: late, ..document("1", &["a"]) });
    let observed = CertificateObserved { certificate: certificate("a") };
    Scenario::<Connection>::given(begun.clone()).when(&back).then([retired("a"), observed.into(), leaving("x", late)]);
    let state = after(begun, &[back, Command::TrustCertificate { fingerprint: "a".repeat(64) }]);
    let state = Connection::replay(&state);
    assert!(state.trust().unwrap().left.is_empty());
    // An import is an operator's word.
    let import = Configure { metadata: Some(metadata(&["a"])), ..Configure::default() };
    let left = after(rotated(false), &[Command::NoteTime { now: late }]);
    Scenario::<Connection>::given(left).when(&Command::Configure(import)).then([trusted("a"), retired("b")]);
}

#[test]
fn an_older_copy_changes_nothing() {
    let older = |digest, certificates| {
        let mut older = document(digest, certificates);
        older.provenance.is_older = true;
        Command::ObserveMetadata(older)
    };
    for (digest, certificates) in [("0", ["c"].as_slice()), ("2", &["a", "b"]), ("1", &["a"])] {
        let outcome = Connection::replay(&rotated(true)).decide(&older(digest, certificates));
        assert_eq!(outcome, Err(Rejection::MetadataOutdated), "{certificates:?}");
    }
    // One that says what is known does no harm, nor takes a proposal back.
    Scenario::<Connection>::given(rotated(true)).when(&older("3", &["b"])).then_nothing();
    let waiting = [rotated(true), vec![proposed(&metadata(&["d"]))]].concat();
    Scenario::<Connection>::given(waiting).when(&older("3", &["b"])).then_rejected(&Rejection::MetadataOutdated);
}

/// Metadata that moves, and is to be believed until `hours` from now.
fn moving(hours: u32) -> SamlMetadata {
    let mut moving = metadata(&["b"]);
    "https://idp.other.test".clone_into(&mut moving.identity_provider.entity_id);
    moving.identity_provider.metadata_valid_until = Some(now().plus(hours * HOUR));
    moving
}

fn observe(metadata: SamlMetadata, at: Timestamp, is_wanted: bool) -> Command {
    let provenance = Provenance { is_wanted, ..Provenance::default() };
    Command::ObserveMetadata(ObserveMetadata { metadata, trust: NewCertificates::Trust, at, provenance })
}

#[test]
fn nobody_approves_what_is_not_to_be_believed_any_more() {
    let begun = || vec![connection_created().into(), reads(true), proposed(&moving(48))];
    let approve = |hours| Command::ApproveMetadataChange { at: now().plus(hours * HOUR) };
    assert!(Connection::replay(&begun()).decide(&approve(47)).is_ok());
    for history in [begun(), [begun(), vec![settled(false, true)]].concat()] {
        Scenario::<Connection>::given(history).when(&approve(48)).then_rejected(&Rejection::ProposalExpired);
    }
    // A document that is stamped anew is shown anew in time, and not before.
    Scenario::<Connection>::given(begun()).when(&observe(moving(90), now().plus(46 * HOUR), false)).then_nothing();
    let (late, renewed) = (now().plus(47 * HOUR), moving(95));
    Scenario::<Connection>::given(begun()).when(&observe(renewed.clone(), late, false)).then([proposed(&renewed)]);
    let shown = [begun(), vec![proposed(&renewed)]].concat();
    assert!(Connection::replay(&shown).decide(&approve(90)).is_ok());
    Scenario::<Connection>::given(shown).when(&observe(renewed.clone(), late, false)).then_nothing();
    // What was declined stays so until an operator asks.
    let declined = [begun(), vec![settled(false, true)]].concat();
    Scenario::<Connection>::given(declined.clone()).when(&observe(renewed.clone(), late, false)).then_nothing();
    Scenario::<Connection>::given(declined).when(&observe(renewed.clone(), late, true)).then([proposed(&renewed)]);
}

#[test]
fn what_another_address_or_another_key_has_proposed_is_nobodys_word() {
    let waiting = [
        vec![connection_created().into(), reads(true), proposed(&moving(48))],
        vec![connection_created().into(), reads(true), proposed(&moving(48)), settled(false, true)],
    ];
    let elsewhere = MetadataSource { url: "https://idp.acme.test/other".to_owned(), ..source(true) };
    let another_key = MetadataSource { pinned_key_der: Some("MIIC".to_owned()), ..source(true) };
    for history in waiting {
        for to in [Some(elsewhere.clone()), Some(another_key.clone()), Some(source(false)), None] {
            let metadata = to.as_ref().map(|_| metadata(&["a"]));
            let configure = Configure { metadata_source: Some(to), metadata: metadata.clone(), ..Configure::default() };
            let state = Connection::replay(&after(history.clone(), &[Command::Configure(configure)]));
            let trust = state.trust().unwrap();
            assert_eq!((&trust.proposed, &trust.declined, &trust.refresh.digest), (&None, &None, &None));
            let approve = Command::ApproveMetadataChange { at: now() };
            assert_eq!(state.decide(&approve), Err(Rejection::NothingProposed));
        }
        // Whether new certificates need approval says nothing of where they come from.
        let to = MetadataSource { requires_approval: true, ..source(true) };
        let configure = Configure { metadata_source: Some(Some(to)), ..Configure::default() };
        let state = Connection::replay(&after(history, &[Command::Configure(configure)]));
        assert!(state.trust().unwrap().proposed.is_some() || state.trust().unwrap().declined.is_some());
    }
}

#[test]
fn what_the_metadata_does_not_say_any_more_cannot_be_approved() {
    let (first, mut second) = (moving(48), moving(48));
    "https://idp.third.test".clone_into(&mut second.identity_provider.entity_id);
    let declined = vec![connection_created().into(), reads(true), proposed(&first), settled(false, true)];
    let usual = observe(metadata(&["a"]), now(), false);
    Scenario::<Connection>::given(declined.clone()).when(&usual).then([settled(false, false)]);
    // Back to the one that was declined: the one in between is not what is there.
    let between = [declined, vec![proposed(&second)]].concat();
    Scenario::<Connection>::given(between).when(&observe(first.clone(), now(), false)).then([proposed(&first)]);
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut state = Connection::replay(&[connection_created().into(), reads(true)]);
    for number in 0..(2 * LEFT_MAX) {
        let mut one = certificate("z");
        one.fingerprint = format!("{number:064}");
        let fingerprint = one.fingerprint.clone();
        let mut noted = refreshed("0");
        noted.digest = format!("{number:064}");
        let happened: [Event; 3] = [
            CertificateTrusted { certificate: one }.into(),
            CertificateRetired { fingerprint, by_operator: false }.into(),
            noted.into(),
        ];
        state = happened.iter().fold(state, Connection::evolve);
    }
    let trust = state.trust().unwrap();
    assert_eq!((trust.left.len(), trust.refresh.replaced.len()), (LEFT_MAX, REPLACED_MAX));
    assert!(trust.has_left(&format!("{:064}", 2 * LEFT_MAX - 1)));
}
