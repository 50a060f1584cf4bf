use std::time::Duration;

use vestibule_decider::{Decider, Scenario};
use vestibule_tenancy::{
    DisplayName,
    connection::{
        CertificateOverlapping, CertificateRetired, CertificateTrusted, CertificateValidity, Command, Configure,
        Configured, Connection, Create, Disabled, Enabled, Event, NoteTest, Rejection, SamlMetadata, SamlSettings,
        ServiceProviderAddresses,
    },
};

use crate::sample::{
    certificate, connection_created, connection_id, create_connection, identity_provider, metadata, note, now,
    replaced, settings, tested,
};

fn created() -> Event {
    connection_created().into()
}

fn disable() -> Command {
    Command::Disable { note: note("moved") }
}

fn configure(metadata: SamlMetadata) -> Command {
    Command::Configure(Configure { metadata: Some(metadata), ..Configure::default() })
}

fn trusted(name: &str) -> Event {
    CertificateTrusted { certificate: certificate(name) }.into()
}

fn overlapping(name: &str) -> Event {
    CertificateOverlapping { fingerprint: name.repeat(64), retires_at: None }.into()
}

fn retired(name: &str) -> Event {
    CertificateRetired { fingerprint: name.repeat(64), by_operator: false }.into()
}

#[test]
fn a_connection_is_created_once_and_begins_disabled() {
    let create = Command::Create(create_connection());
    Scenario::<Connection>::given_nothing().when(&create).then([created()]);
    Scenario::<Connection>::given([created()]).when(&create).then_rejected(&Rejection::AlreadyExists);
    assert!(matches!(Connection::replay(&[created()]), Connection::Disabled(_)));
}

#[test]
fn nothing_can_be_asked_of_what_does_not_exist() {
    for command in [Command::Enable, disable(), Command::Configure(Configure::default())] {
        Scenario::<Connection>::given_nothing().when(&command).then_rejected(&Rejection::NotFound);
    }
}

#[test]
fn enabling_and_disabling_take_turns_and_repeating_adds_nothing() {
    let disabled = Disabled { note: "moved".to_owned() };
    Scenario::<Connection>::given([created()]).when(&Command::Enable).then([Enabled {}]);
    Scenario::<Connection>::given([created()]).when(&disable()).then_nothing();
    let enabled: Event = Enabled {}.into();
    Scenario::<Connection>::given([created(), enabled.clone()]).when(&Command::Enable).then_nothing();
    Scenario::<Connection>::given([created(), enabled]).when(&disable()).then([disabled]);
}

#[test]
fn nothing_is_trusted_without_a_certificate_and_an_endpoint() {
    let without_certificate = metadata(&[]);
    let mut without_endpoint = metadata(&["a"]);
    without_endpoint.identity_provider.single_sign_on.clear();
    for (metadata, rejection) in
        [(without_certificate, Rejection::NoCertificate), (without_endpoint, Rejection::NoEndpoint)]
    {
        let create = Command::Create(Create { metadata: metadata.clone(), ..create_connection() });
        Scenario::<Connection>::given_nothing().when(&create).then_rejected(&rejection);
        Scenario::<Connection>::given([created()]).when(&configure(metadata)).then_rejected(&rejection);
    }
}

#[test]
fn certificates_overlap_before_the_old_one_goes() {
    Scenario::<Connection>::given([created()]).when(&configure(metadata(&["a"]))).then_nothing();
    Scenario::<Connection>::given([created()])
        .when(&configure(metadata(&["b", "a", "b"])))
        .then([trusted("b"), overlapping("a")]);
    Scenario::<Connection>::given([created()]).when(&configure(metadata(&["b", "c"]))).then([
        trusted("b"),
        trusted("c"),
        retired("a"),
    ]);
    Scenario::<Connection>::given([created(), trusted("b"), retired("a")])
        .when(&configure(metadata(&["a"])))
        .then([trusted("a"), retired("b")]);
}

#[test]
fn the_entity_id_never_changes() {
    let mut other = metadata(&["a"]);
    other.identity_provider.entity_id = "https://idp.evil.test".to_owned();
    Scenario::<Connection>::given([created()]).when(&configure(other)).then_rejected(&Rejection::EntityIdImmutable);
}

#[test]
fn endpoints_and_name_change_with_one_event() {
    let mut moved = metadata(&["a"]);
    moved.identity_provider.single_sign_on.truncate(1);
    let command = Command::Configure(Configure {
        display_name: Some(DisplayName::parse("Okta").unwrap()),
        metadata: Some(moved.clone()),
        ..Configure::default()
    });
    let configured = Configured {
        display_name: Some("Okta".to_owned()),
        identity_provider: Some(moved.identity_provider),
        ..Configured::default()
    };
    assert_ne!(configured.identity_provider, Some(identity_provider()));
    Scenario::<Connection>::given([created()]).when(&command).then([configured.clone()]);
    Scenario::<Connection>::given([created(), configured.into()]).when(&command).then_nothing();
}

#[test]
fn our_addresses_are_made_of_the_connection_alone() {
    let addresses = ServiceProviderAddresses::of("https://login.example", connection_id());
    let entity_id = format!("https://login.example/saml/{}", connection_id());
    assert_eq!(addresses.acs_url, format!("{entity_id}/acs"));
    assert_eq!(addresses.metadata_url, format!("{entity_id}/metadata"));
    assert_eq!(addresses.entity_id, entity_id);
}

/// Of the connection as `configured` makes it.
fn note_test(configured: Configured, certificate: &str) -> Command {
    let test = tested().test;
    let tried = Connection::replay(&[created(), configured.into()]).trust().unwrap().tried();
    Command::NoteTest(NoteTest { test, tried, certificate_fingerprint: certificate.repeat(64), now: now() })
}

/// Another address to send people to.
fn elsewhere() -> Configured {
    let mut described = identity_provider();
    described.single_sign_on[0].location = "https://idp.acme.test/other".to_owned();
    Configured { identity_provider: Some(described), ..Configured::default() }
}

/// What says nothing of signing in.
fn described_anew() -> Configured {
    let mut described = identity_provider();
    described.metadata_valid_until = Some(now().plus(Duration::from_hours(24)));
    described.single_logout.clear();
    described.name_id_formats.clear();
    Configured { identity_provider: Some(described), display_name: Some("Okta".to_owned()), ..Configured::default() }
}

fn other_settings() -> Configured {
    Configured { settings: Some(settings()), ..Configured::default() }
}

#[test]
fn a_test_counts_of_what_is_there_and_is_not_live() {
    let passed = note_test(Configured::default(), "a");
    Scenario::<Connection>::given([created()]).when(&passed).then([tested()]);
    Scenario::<Connection>::given([created(), tested().into()]).when(&passed).then_rejected(&Rejection::TestRepeated);
    Scenario::<Connection>::given([created(), Enabled {}.into()]).when(&passed).then_rejected(&Rejection::Enabled);
    Scenario::<Connection>::given([created()]).when(&note_test(described_anew(), "a")).then([tested()]);
    let wrong_key = note_test(Configured::default(), "b");
    for other in [note_test(other_settings(), "a"), note_test(elsewhere(), "a"), wrong_key] {
        Scenario::<Connection>::given([created()]).when(&other).then_rejected(&Rejection::ChangedDuringTest);
    }
}

#[test]
fn a_test_says_nothing_of_other_settings_or_another_identity_provider() {
    let tested_then = |configured: Configured| {
        let state = Connection::replay(&[created(), tested().into(), configured.into()]);
        state.trust().unwrap().tested.is_some()
    };
    assert!(tested_then(Configured { display_name: Some("Okta".to_owned()), ..Configured::default() }));
    assert!(tested_then(described_anew()), "a document that is stamped anew says nothing else");
    assert!(!tested_then(other_settings()));
    assert!(!tested_then(elsewhere()));
    let back = Configured { settings: Some(SamlSettings::default()), ..Configured::default() };
    let state = Connection::replay(&[created(), tested().into(), other_settings().into(), back.into()]);
    assert!(state.trust().unwrap().tested.is_none(), "what was changed and changed back is tested again");
    let rotated = Connection::replay(&[created(), tested().into(), trusted("b"), retired("a")]);
    assert!(rotated.trust().unwrap().tested.is_some(), "certificates come and go without a new test");
}

#[test]
fn one_that_is_replaced_goes_on_until_the_overlap_is_over() {
    let replace = Command::Replace { by: replaced().by, until: replaced().until };
    let live = [created(), Enabled {}.into()];
    let drained = [created(), Enabled {}.into(), replaced().into()];
    Scenario::<Connection>::given([created()]).when(&replace).then_rejected(&Rejection::Disabled);
    Scenario::<Connection>::given(live).when(&replace).then([replaced()]);
    Scenario::<Connection>::given(drained.clone()).when(&replace).then(Vec::<Event>::new());
    Scenario::<Connection>::given(drained.clone()).when(&Command::NoteTime { now: now() }).then(Vec::<Event>::new());
    let end = Disabled { note: format!("replaced by {}", replaced().by) };
    Scenario::<Connection>::given(drained.clone())
        .when(&Command::NoteTime { now: replaced().until })
        .then([end.clone()]);
    // Until then it can be everybody's again, or end at once.
    Scenario::<Connection>::given(drained.clone()).when(&Command::Enable).then([Enabled {}]);
    Scenario::<Connection>::given(drained.clone()).when(&disable()).then([Disabled { note: "moved".to_owned() }]);
    let back = [drained.to_vec(), vec![Enabled {}.into()]].concat();
    Scenario::<Connection>::given(back).when(&Command::NoteTime { now: replaced().until }).then(Vec::<Event>::new());
    let ended = [drained.to_vec(), vec![end.into(), Enabled {}.into()]].concat();
    assert_eq!(Connection::replay(&ended).trust().unwrap().replaced, None);
}

#[test]
fn people_get_in_by_a_certificate_that_counts() {
    let days = |count: u64| Duration::from_hours(24 * count);
    let lets_in = |events: &[Event], validity: CertificateValidity, at| {
        let settings = SamlSettings { certificate_validity: validity, ..SamlSettings::default() };
        let configured = Configured { settings: Some(settings), ..Configured::default() };
        let events = [&[created()], events, &[configured.into()]].concat();
        let state = Connection::replay(&events);
        let trust = state.trust().unwrap();
        assert!(trust.lets_in(at) || !trust.has_valid_certificate(at), "what is valid lets people in");
        trust.lets_in(at)
    };
    let both = [CertificateValidity::Warn, CertificateValidity::Enforce];
    let (begins, ends) = (certificate("a").not_before, certificate("a").not_after);
    for validity in both {
        assert!(lets_in(&[], validity, begins) && lets_in(&[], validity, ends));
        // All of them are gone.
        assert!(!lets_in(&[retired("a")], validity, now()));
        // The last one leaves, and its moment has come, whether or not anybody has noted it.
        let moment = now().plus(days(1));
        let leaves = CertificateOverlapping { fingerprint: "a".repeat(64), retires_at: Some(moment) };
        assert!(!lets_in(&[leaves.clone().into()], validity, moment));
        assert!(lets_in(&[leaves.clone().into()], validity, now()));
        assert!(lets_in(&[leaves.into(), trusted("b")], validity, moment));
    }
    for at in [ends.plus(days(1)), begins.minus(days(1))] {
        assert!(lets_in(&[], CertificateValidity::Warn, at), "the key is what is trusted");
        assert!(!lets_in(&[], CertificateValidity::Enforce, at));
    }
}
