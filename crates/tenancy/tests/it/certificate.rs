//! The lives of an identity provider's certificates, and what its metadata proposes.

use std::time::Duration;

use vestibule_decider::{Decider, Scenario};
use vestibule_kernel::Timestamp;
use vestibule_tenancy::connection::{
    Binding, CERTIFICATES_MAX, CertificateExpired, CertificateObserved, CertificateOverlapping, CertificatePromoted,
    CertificateRenewalRequired, CertificateRenewed, CertificateRetired, CertificateState, CertificateTrusted, Command,
    Configure, Configured, Connection, Event, KeyActionRequired, KeyActivated, KeyAdded, KeyDestroyed, KeyRetired,
    LogoutEndpoint, MetadataChangeProposed, MetadataChangeSettled, NewCertificates, OVERLAP_MAX, ObserveMetadata,
    Provenance, RENEWAL_DAYS, Rejection, SamlMetadata, ServiceProviderKey,
};

use crate::sample::{certificate, connection_created, key, metadata, now};

const DAY: Duration = Duration::from_hours(24);

fn created() -> Event {
    connection_created().into()
}

fn name(letter: &str) -> String {
    letter.repeat(64)
}

fn observe(certificates: &[&str], trust: NewCertificates, at: Timestamp) -> Command {
    Command::ObserveMetadata(ObserveMetadata {
        metadata: metadata(certificates),
        trust,
        at,
        provenance: Provenance::default(),
    })
}

fn observed(letter: &str) -> Event {
    CertificateObserved { certificate: certificate(letter) }.into()
}

fn trusted(letter: &str) -> Event {
    CertificateTrusted { certificate: certificate(letter) }.into()
}

fn overlapping(letter: &str) -> Event {
    CertificateOverlapping { fingerprint: name(letter), retires_at: None }.into()
}

fn leaving(letter: &str, at: Timestamp) -> Event {
    CertificateOverlapping { fingerprint: name(letter), retires_at: Some(at.plus(OVERLAP_MAX)) }.into()
}

fn retired(letter: &str, by_operator: bool) -> Event {
    CertificateRetired { fingerprint: name(letter), by_operator }.into()
}

/// Trusted, and good for two more years than the others.
fn long_lived(letter: &str) -> CertificateTrusted {
    let mut certificate = certificate(letter);
    certificate.not_after = certificate.not_after.plus(730 * DAY);
    CertificateTrusted { certificate }
}

fn state_of(history: &[Event], letter: &str) -> Option<CertificateState> {
    let state = Connection::replay(history);
    let found = state.trust()?.all_certificates().find(|(known, _)| known.fingerprint == name(letter));
    found.map(|(_, state)| state)
}

#[test]
fn what_metadata_adds_is_trusted_beside_the_others_or_awaits_approval() {
    let at = now();
    let both = |trust| observe(&["a", "b"], trust, at);
    Scenario::<Connection>::given([created()])
        .when(&both(NewCertificates::Trust))
        .then([trusted("b"), overlapping("a")]);
    Scenario::<Connection>::given([created()]).when(&both(NewCertificates::AwaitApproval)).then([observed("b")]);
    Scenario::<Connection>::given([created(), observed("b")])
        .when(&both(NewCertificates::AwaitApproval))
        .then_nothing();
    Scenario::<Connection>::given([created(), observed("b")])
        .when(&Command::TrustCertificate { fingerprint: name("b") })
        .then([trusted("b"), overlapping("a")]);
    // What is gone before anybody approved it is approved no more.
    Scenario::<Connection>::given([created(), observed("b")])
        .when(&observe(&["a"], NewCertificates::AwaitApproval, at))
        .then([retired("b", false)]);
    Scenario::<Connection>::given([created(), observed("b"), retired("b", false)])
        .when(&Command::TrustCertificate { fingerprint: name("b") })
        .then_rejected(&Rejection::CertificateNotFound);
}

#[test]
fn what_metadata_drops_is_trusted_for_a_day_more_and_stays_when_it_comes_back() {
    let at = now();
    let dropped = observe(&["b"], NewCertificates::Trust, at);
    let history = [created(), trusted("b"), leaving("a", at)];
    Scenario::<Connection>::given([created()]).when(&dropped).then([trusted("b"), leaving("a", at)]);
    // Another look an hour later does not prolong it.
    let later = observe(&["b"], NewCertificates::Trust, at.plus(Duration::from_hours(1)));
    Scenario::<Connection>::given(history.clone()).when(&later).then_nothing();
    let just_before = Command::NoteTime { now: at.plus(OVERLAP_MAX).minus(Duration::from_millis(1)) };
    Scenario::<Connection>::given(history.clone()).when(&just_before).then_nothing();
    let then = Command::NoteTime { now: at.plus(OVERLAP_MAX) };
    Scenario::<Connection>::given(history.clone()).when(&then).then([retired("a", false)]);
    Scenario::<Connection>::given(history.clone())
        .when(&observe(&["a", "b"], NewCertificates::AwaitApproval, at))
        .then([trusted("a"), overlapping("b")]);
    let back = [history.as_slice(), &[trusted("a")]].concat();
    Scenario::<Connection>::given(back).when(&then).then_nothing();
}

#[test]
fn a_provider_that_drops_its_only_certificate_is_trusted_no_more_after_the_overlap() {
    let at = now();
    let dropped = observe(&["b"], NewCertificates::AwaitApproval, at);
    Scenario::<Connection>::given([created()]).when(&dropped).then([observed("b"), leaving("a", at)]);
    let history = [created(), observed("b"), leaving("a", at)];
    let then = Command::NoteTime { now: at.plus(OVERLAP_MAX) };
    Scenario::<Connection>::given(history.clone()).when(&then).then([retired("a", false)]);
    let state = Connection::replay(&[history.as_slice(), &[retired("a", false)]].concat());
    assert!(state.trust().unwrap().certificates.is_empty());
}

#[test]
fn whose_time_is_over_is_new_again_though_nobody_noted_it() {
    let over = now().plus(OVERLAP_MAX);
    let history = [created(), trusted("b"), leaving("a", now())];
    let again = |at, trust| observe(&["a", "b"], trust, at);
    Scenario::<Connection>::given(history.clone())
        .when(&again(over, NewCertificates::AwaitApproval))
        .then([retired("a", false), observed("a")]);
    // By now it may be stolen, and what names it an old copy: metadata alone does not bring it back.
    Scenario::<Connection>::given(history.clone())
        .when(&again(over, NewCertificates::Trust))
        .then([retired("a", false), observed("a")]);
    let before = over.minus(Duration::from_secs(1));
    Scenario::<Connection>::given(history)
        .when(&again(before, NewCertificates::AwaitApproval))
        .then([trusted("a"), overlapping("b")]);
}

#[test]
fn of_those_that_stay_the_last_one_is_not_retired() {
    let retire = |letter| Command::RetireCertificate { fingerprint: name(letter) };
    let history = [created(), trusted("b"), leaving("a", now())];
    Scenario::<Connection>::given(history.clone()).when(&retire("b")).then_rejected(&Rejection::LastCertificate);
    Scenario::<Connection>::given(history.clone()).when(&retire("a")).then([retired("a", true)]);
    let kept = [history.as_slice(), &[trusted("a")]].concat();
    Scenario::<Connection>::given(kept).when(&retire("b")).then([retired("b", true)]);
    // Where none stays, one that is stolen still goes at once.
    let none = [history.as_slice(), &[leaving("b", now())]].concat();
    Scenario::<Connection>::given(none).when(&retire("b")).then([retired("b", true)]);
}

#[test]
fn what_an_operator_retires_goes_at_once_and_no_metadata_brings_it_back() {
    let retire = |letter| Command::RetireCertificate { fingerprint: name(letter) };
    Scenario::<Connection>::given([created()]).when(&retire("a")).then_rejected(&Rejection::LastCertificate);
    Scenario::<Connection>::given([created()]).when(&retire("b")).then_rejected(&Rejection::CertificateNotFound);
    Scenario::<Connection>::given([created(), trusted("b")]).when(&retire("a")).then([retired("a", true)]);
    Scenario::<Connection>::given([created(), observed("b")]).when(&retire("b")).then([retired("b", true)]);
    let history = [created(), trusted("b"), retired("a", true)];
    Scenario::<Connection>::given(history.clone()).when(&retire("a")).then_nothing();
    for trust in [NewCertificates::Trust, NewCertificates::AwaitApproval] {
        Scenario::<Connection>::given(history.clone()).when(&observe(&["a", "b"], trust, now())).then_nothing();
    }
    assert_eq!(state_of(&history, "a"), Some(CertificateState::Retired));
    // The operator may change their mind, or import a document that names it.
    Scenario::<Connection>::given(history.clone())
        .when(&Command::TrustCertificate { fingerprint: name("a") })
        .then([trusted("a"), overlapping("b")]);
    let import = Configure { metadata: Some(metadata(&["a", "b"])), ..Configure::default() };
    Scenario::<Connection>::given(history).when(&Command::Configure(import)).then([trusted("a"), overlapping("b")]);
}

#[test]
fn no_more_are_trusted_by_hand_than_a_signature_can_be_held_against() {
    let letters = ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"];
    assert_eq!(letters.len() + 1, CERTIFICATES_MAX);
    let history: Vec<Event> = [created()].into_iter().chain(letters.map(trusted)).chain([observed("q")]).collect();
    let one_more = Command::TrustCertificate { fingerprint: name("q") };
    Scenario::<Connection>::given(history.clone()).when(&one_more).then_rejected(&Rejection::TooManyCertificates);
    let freed = Connection::replay(&[history, vec![retired("b", true)]].concat());
    assert!(freed.decide(&one_more).is_ok());
}

#[test]
fn only_the_first_use_of_a_trusted_certificate_is_noted() {
    let promote = |letter| Command::Promote { fingerprint: name(letter) };
    let promoted = CertificatePromoted { fingerprint: name("a") };
    Scenario::<Connection>::given([created()]).when(&promote("a")).then([promoted.clone()]);
    Scenario::<Connection>::given([created(), promoted.clone().into()]).when(&promote("a")).then_nothing();
    Scenario::<Connection>::given([created(), observed("b")]).when(&promote("b")).then_nothing();
    assert_eq!(state_of(&[created(), promoted.into()], "a"), Some(CertificateState::Promoted));
}

#[test]
fn renewal_is_required_once_on_each_of_its_days() {
    let not_after = certificate("a").not_after;
    let before = |days: u16| not_after.minus(u32::from(days) * DAY);
    let moment = Duration::from_millis(1);
    let mut history = vec![created()];
    for days in RENEWAL_DAYS {
        let early = Command::NoteTime { now: before(days).minus(moment) };
        Scenario::<Connection>::given(history.clone()).when(&early).then_nothing();
        let required: Event = CertificateRenewalRequired { fingerprint: name("a"), days, not_after }.into();
        let due = Command::NoteTime { now: before(days) };
        Scenario::<Connection>::given(history.clone()).when(&due).then([required.clone()]);
        history.push(required);
        assert_eq!(state_of(&history, "a"), Some(CertificateState::RenewalRequired { days }));
    }
    Scenario::<Connection>::given(history.clone()).when(&Command::NoteTime { now: not_after }).then_nothing();
    let expired: Event = CertificateExpired { fingerprint: name("a"), not_after }.into();
    let ended = Command::NoteTime { now: not_after.plus(moment) };
    Scenario::<Connection>::given(history.clone()).when(&ended).then([expired.clone()]);
    history.push(expired);
    Scenario::<Connection>::given(history.clone()).when(&ended).then_nothing();
    assert_eq!(state_of(&history, "a"), Some(CertificateState::Expired));
    // A worker that was away tells how it is now, not how it was.
    let required = CertificateRenewalRequired { fingerprint: name("a"), days: 7, not_after };
    Scenario::<Connection>::given([created()]).when(&Command::NoteTime { now: before(5) }).then([required]);
}

#[test]
fn whoever_has_a_successor_that_lasts_longer_needs_no_renewal() {
    let not_after = certificate("a").not_after;
    let soon = Command::NoteTime { now: not_after.minus(10 * DAY) };
    let renewed = CertificateRenewed { fingerprint: name("a"), successor: name("b") };
    let next = Configure {
        metadata: Some(SamlMetadata {
            certificates: vec![certificate("a"), long_lived("b").certificate],
            ..metadata(&[])
        }),
        ..Configure::default()
    };
    Scenario::<Connection>::given([created()]).when(&Command::Configure(next)).then([
        long_lived("b").into(),
        renewed.clone().into(),
        overlapping("a"),
    ]);
    let history = [created(), long_lived("b").into(), renewed.into(), overlapping("a")];
    Scenario::<Connection>::given(history.clone()).when(&soon).then_nothing();
    assert_eq!(state_of(&history, "a"), Some(CertificateState::Renewed));
    // When the successor is withdrawn, the renewal is required again.
    let withdrawn = [history.as_slice(), &[retired("b", true)]].concat();
    assert_eq!(state_of(&withdrawn, "a"), Some(CertificateState::Trusted));
    let required = CertificateRenewalRequired { fingerprint: name("a"), days: 14, not_after };
    Scenario::<Connection>::given(withdrawn).when(&soon).then([required]);
    // One that ends at the same time is no renewal.
    Scenario::<Connection>::given([created(), trusted("b"), overlapping("a")]).when(&soon).then([
        CertificateRenewalRequired { fingerprint: name("a"), days: 14, not_after },
        CertificateRenewalRequired { fingerprint: name("b"), days: 14, not_after },
    ]);
}

#[test]
fn another_entity_id_or_host_counts_only_when_it_is_approved() {
    let mut entity = metadata(&["b"]);
    entity.identity_provider.entity_id = "https://idp.evil.test".to_owned();
    let hosts = [
        "https://idp.evil.test/sso",
        "https://idp.acme.test:8443/sso",
        "http://idp.acme.test/sso",
        "https://idp.acme.test@evil.test/sso",
        "https://idp.acme.test.evil.test",
        "https://evil.test/https://idp.acme.test/",
        "https:idp.acme.test/sso",
    ];
    let moved = hosts.map(|location| {
        let mut moved = metadata(&["b"]);
        moved.identity_provider.single_sign_on[0].location = location.to_owned();
        moved
    });
    let logout = ["https://idp.evil.test/slo", "https://idp.acme.test/slo"].map(|location| {
        let mut moved = metadata(&["b"]);
        moved.identity_provider.single_logout.push(LogoutEndpoint {
            binding: Binding::HttpRedirect,
            location: location.to_owned(),
            response_location: Some("https://idp.evil.test/slo".to_owned()),
        });
        moved
    });
    for metadata in moved.into_iter().chain(logout).chain([entity]) {
        let SamlMetadata { identity_provider, certificates } = metadata.clone();
        let proposed: Event =
            MetadataChangeProposed { identity_provider: identity_provider.clone(), certificates }.into();
        let mut later = metadata.clone();
        later.identity_provider.metadata_valid_until = Some(now());
        let observe = |metadata| {
            Command::ObserveMetadata(ObserveMetadata {
                metadata,
                trust: NewCertificates::Trust,
                at: now(),
                provenance: Provenance::default(),
            })
        };
        Scenario::<Connection>::given([created()]).when(&observe(metadata.clone())).then([proposed.clone()]);
        Scenario::<Connection>::given([created(), proposed.clone()]).when(&observe(later)).then_nothing();
        let configured = Configured { identity_provider: Some(identity_provider), ..Configured::default() };
        Scenario::<Connection>::given([created(), proposed.clone()])
            .when(&Command::ApproveMetadataChange { at: now() })
            .then([
                MetadataChangeSettled { approved: true, declined: false }.into(),
                configured.into(),
                trusted("b"),
                leaving("a", now()),
            ]);
        Scenario::<Connection>::given([created(), proposed])
            .when(&self::observe(&["a"], NewCertificates::Trust, now()))
            .then([MetadataChangeSettled { approved: false, declined: false }]);
    }
    Scenario::<Connection>::given([created()])
        .when(&Command::ApproveMetadataChange { at: now() })
        .then_rejected(&Rejection::NothingProposed);
}

#[test]
fn another_path_and_more_endpoints_of_the_same_host_are_no_move() {
    let mut richer = metadata(&["a"]);
    richer.identity_provider.single_sign_on[1].location = "https://idp.acme.test/other?x=1".to_owned();
    richer.identity_provider.single_logout.push(LogoutEndpoint {
        binding: Binding::HttpPost,
        location: "https://idp.acme.test/slo".to_owned(),
        response_location: Some("https://idp.acme.test/slo/done".to_owned()),
    });
    let configured = Configured { identity_provider: Some(richer.identity_provider.clone()), ..Configured::default() };
    let command = Command::ObserveMetadata(ObserveMetadata {
        metadata: richer,
        trust: NewCertificates::Trust,
        at: now(),
        provenance: Provenance::default(),
    });
    Scenario::<Connection>::given([created()]).when(&command).then([configured]);
}

#[test]
fn a_document_that_is_stamped_anew_at_each_look_is_recorded_when_the_last_stamp_runs_out() {
    let stamped = |at: Timestamp| {
        let mut metadata = metadata(&["a"]);
        metadata.identity_provider.metadata_valid_until = Some(at.plus(7 * DAY));
        Command::ObserveMetadata(ObserveMetadata {
            metadata,
            trust: NewCertificates::Trust,
            at,
            provenance: Provenance::default(),
        })
    };
    let first = Connection::replay(&[created()]).decide(&stamped(now())).unwrap();
    assert_eq!(first.len(), 1);
    let history = [vec![created()], first].concat();
    for hours in 1..(7 * 24 - 1) {
        let later = now().plus(Duration::from_hours(hours));
        Scenario::<Connection>::given(history.clone()).when(&stamped(later)).then_nothing();
    }
    let later = now().plus(7 * DAY).minus(Duration::from_hours(1));
    assert_eq!(Connection::replay(&history).decide(&stamped(later)).unwrap().len(), 1);
}

#[test]
fn our_own_keys_are_told_of_when_they_come_when_they_are_due_and_when_they_go() {
    let (old, new) = (key("k1", true), key("k2", false));
    let note = |keys: &[ServiceProviderKey], days: u32| Command::NoteKeys {
        keys: keys.to_vec(),
        kept: vec!["k1".to_owned(), "k2".to_owned()],
        now: new.active_from.minus(days * DAY),
    };
    let added = |key: &ServiceProviderKey| {
        let ServiceProviderKey { key_id, key_use, fingerprint, active_from, .. } = key.clone();
        Event::from(KeyAdded { key_id, key_use, fingerprint, active_from })
    };
    let required =
        |days| Event::from(KeyActionRequired { key_id: "k2".to_owned(), days, active_from: new.active_from });
    let activated = |id: &str| Event::from(KeyActivated { key_id: id.to_owned() });
    let first = [added(&old), activated("k1")];
    Scenario::<Connection>::given([created()]).when(&note(std::slice::from_ref(&old), 40)).then(first.clone());
    let mut history = [vec![created()], first.to_vec()].concat();
    let both = [new.clone(), old];
    Scenario::<Connection>::given(history.clone()).when(&note(&both, 40)).then([added(&new)]);
    history.push(added(&new));
    for (day, days) in [(30, 30), (14, 14), (5, 7), (1, 1)] {
        Scenario::<Connection>::given(history.clone()).when(&note(&both, day)).then([required(days)]);
        history.push(required(days));
        Scenario::<Connection>::given(history.clone()).when(&note(&both, day)).then_nothing();
    }
    let swapped = [key("k2", true), key("k1", false)];
    Scenario::<Connection>::given(history.clone()).when(&note(&swapped, 0)).then([activated("k2")]);
    let alone = [key("k2", true)];
    let retired = KeyRetired { key_id: "k1".to_owned() };
    Scenario::<Connection>::given(history.clone())
        .when(&note(&alone, 0))
        .then([activated("k2"), retired.clone().into()]);

    history.extend([activated("k2"), retired.into()]);
    let (destroyed, now) = (KeyDestroyed { key_id: "k1".to_owned() }, new.active_from);
    let gone = Command::NoteKeys { keys: alone.to_vec(), kept: vec!["k2".to_owned()], now };
    Scenario::<Connection>::given(history.clone()).when(&gone).then([destroyed.clone()]);
    history.push(destroyed.into());
    Scenario::<Connection>::given(history).when(&gone).then_nothing();
}
