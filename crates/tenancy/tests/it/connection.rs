use vestibule_decider::{Decider, Scenario};
use vestibule_tenancy::{
    DisplayName,
    connection::{
        CertificateOverlapping, CertificateRetired, CertificateTrusted, Command, Configure, Configured, Connection,
        Create, Disabled, Enabled, Event, NoteTest, Rejection, SamlMetadata, SamlSettings, ServiceProviderAddresses,
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

fn note_test(settings: SamlSettings, certificate: &str) -> Command {
    let test = tested().test;
    Command::NoteTest(NoteTest { test, settings, certificate_fingerprint: certificate.repeat(64), now: now() })
}

#[test]
fn a_test_counts_of_what_is_there_and_is_not_live() {
    let passed = note_test(SamlSettings::default(), "a");
    Scenario::<Connection>::given([created()]).when(&passed).then([tested()]);
    Scenario::<Connection>::given([created(), tested().into()]).when(&passed).then_rejected(&Rejection::TestRepeated);
    Scenario::<Connection>::given([created(), Enabled {}.into()]).when(&passed).then_rejected(&Rejection::Enabled);
    for other in [note_test(settings(), "a"), note_test(SamlSettings::default(), "b")] {
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
    assert!(!tested_then(Configured { settings: Some(settings()), ..Configured::default() }));
    assert!(!tested_then(Configured { identity_provider: Some(identity_provider()), ..Configured::default() }));
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
