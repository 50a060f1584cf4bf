//! What must hold for any history that the rules themselves have made.

use std::{collections::BTreeSet, fmt::Debug};

use proptest::{prelude::*, sample::select};
use vestibule_decider::{Decider, DomainEvent};
use vestibule_tenancy::{
    DisplayName, ExternalId, PoolDomain, Slug,
    assertion::{self, Assertion},
    connection::{self, Connection, Trust},
    domain::{self, Domain},
    organization::{self, Organization},
    person::{self, Person},
    signing_key::{self, SigningKey},
    user_pool::{self, UserPool},
};

use crate::sample;

/// Decides `commands` one after the other. What is decided survives storage, brings the state to where repeating the
/// command adds nothing, and the state is what the stored history folds to.
pub(crate) fn any_history_holds<D>(commands: &[D::Command]) -> Result<(), TestCaseError>
where
    D: Decider + Debug + PartialEq,
    D::Command: Debug,
    D::Event: Debug + PartialEq,
{
    let mut state = D::default();
    let mut history: Vec<D::Event> = Vec::new();
    for command in commands {
        let Ok(events) = state.decide(command) else { continue };
        for event in events {
            let payload = event.encode().map_err(|error| TestCaseError::fail(error.to_string()))?;
            let schema = event.schema();
            let read = D::Event::decode(schema.name(), schema.revision(), payload);
            let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&read, &event);
            let after = state.clone().evolve(&read);
            prop_assert_ne!(&after, &state, "an event that changes nothing: {:?}", event);
            (state, history) = (after, [history, vec![read]].concat());
        }
        if let Ok(again) = state.decide(command) {
            prop_assert!(again.is_empty(), "repeating {command:?} added {again:?}");
        }
    }
    prop_assert_eq!(D::replay(&history), state);
    Ok(())
}

fn organization_commands() -> Vec<organization::Command> {
    use organization::{Command, Update};
    let update = |update| Command::Update(update);
    vec![
        Command::Create(sample::create_organization()),
        Command::Suspend { note: sample::note("x") },
        Command::Reinstate,
        update(Update { slug: Some(Slug::parse("other").unwrap()), ..Update::default() }),
        update(Update { slug: Some(Slug::parse("acme").unwrap()), external_id: Some(None), ..Update::default() }),
        update(Update { external_id: Some(Some(ExternalId::parse("y").unwrap())), ..Update::default() }),
        update(Update { foreign_email: Some(organization::ForeignEmail::Refuse), ..Update::default() }),
        update(Update { placement: Some(sample::own_pool()), ..Update::default() }),
        update(Update { placement: Some(sample::own_app_client()), ..Update::default() }),
        update(Update { display_name: Some(DisplayName::parse("Z").unwrap()), ..Update::default() }),
    ]
}

/// Documents that replace each other, come again, and are older than they look.
fn documents() -> Vec<connection::Command> {
    use connection::{Command, NewCertificates, ObserveMetadata, Provenance};
    let observe = |digest: &str, certificates: &[&str], days: u64, is_older| {
        let at = sample::now().plus(std::time::Duration::from_hours(24 * days));
        let provenance = Provenance { digest: Some(digest.repeat(64)), is_older, is_wanted: is_older };
        let metadata = sample::metadata(certificates);
        Command::ObserveMetadata(ObserveMetadata { metadata, trust: NewCertificates::Trust, at, provenance })
    };
    let noted = ["a", "b"].map(|digest| Command::NoteRefresh(sample::refreshed(digest)));
    let observed = [
        observe("a", &["a"], 0, false),
        observe("b", &["a", "b"], 2, false),
        observe("b", &["b"], 4, false),
        observe("c", &["a"], 3, true),
    ];
    noted.into_iter().chain(observed).collect()
}

fn connection_commands() -> Vec<connection::Command> {
    use connection::{Command, Configure, NewCertificates, ObserveMetadata, Provenance, SamlMetadata};
    let configure = |certificates: &[&str]| {
        Command::Configure(Configure { metadata: Some(sample::metadata(certificates)), ..Configure::default() })
    };
    let later = |days: u64| sample::now().plus(std::time::Duration::from_hours(24 * days));
    let observe = |metadata: SamlMetadata, trust| {
        Command::ObserveMetadata(ObserveMetadata {
            metadata,
            trust,
            at: sample::now(),
            provenance: Provenance::default(),
        })
    };
    let mut moved = sample::metadata(&["d"]);
    moved.identity_provider.entity_id = "https://idp.other.test".to_owned();
    let fingerprint = |name: &str| name.repeat(64);
    let note_keys = |keys, kept: &[&str], now| Command::NoteKeys {
        keys,
        kept: kept.iter().map(|id| (*id).to_owned()).collect(),
        now,
    };
    let mut longer = sample::metadata(&["a", "c"]);
    longer.certificates[1].not_after = later(3_000);
    vec![
        observe(sample::metadata(&["a", "b"]), NewCertificates::Trust),
        observe(sample::metadata(&["b", "c"]), NewCertificates::AwaitApproval),
        observe(sample::metadata(&["d"]), NewCertificates::AwaitApproval),
        observe(longer, NewCertificates::Trust),
        observe(moved, NewCertificates::Trust),
        Command::ApproveMetadataChange { at: sample::now() },
        Command::DeclineMetadataChange,
        Command::NoteRefreshFailure { reason: "FETCH_STATUS", at: sample::now() },
        Command::TrustCertificate { fingerprint: fingerprint("b") },
        Command::TrustCertificate { fingerprint: fingerprint("a") },
        Command::RetireCertificate { fingerprint: fingerprint("a") },
        Command::RetireCertificate { fingerprint: fingerprint("c") },
        Command::Promote { fingerprint: fingerprint("a") },
        Command::NoteTime { now: later(2) },
        note_keys(vec![sample::key("k1", true)], &["k1"], sample::now()),
        note_keys(vec![sample::key("k1", true), sample::key("k2", false)], &["k1", "k2"], sample::now()),
        note_keys(vec![sample::key("k2", true)], &["k1", "k2"], later(20)),
        note_keys(vec![sample::key("k2", true)], &["k2"], later(20)),
        Command::NoteTime { now: "2027-12-20T00:00:00Z".parse().unwrap() },
        Command::NoteTime { now: later(1_000) },
        Command::Configure(Configure {
            metadata_source: Some(Some(sample::metadata_source())),
            ..Configure::default()
        }),
        Command::Configure(Configure { metadata_source: Some(None), ..Configure::default() }),
        Command::Create(sample::create_connection()),
        Command::Enable,
        Command::Disable { note: sample::note("x") },
        configure(&["a"]),
        configure(&["b"]),
        configure(&["a", "b", "c"]),
        Command::Configure(Configure {
            display_name: Some(DisplayName::parse("Okta").unwrap()),
            ..Configure::default()
        }),
        Command::Configure(Configure { settings: Some(sample::checked_settings()), ..Configure::default() }),
        Command::Configure(Configure {
            settings: Some(connection::CheckedSettings::default()),
            ..Configure::default()
        }),
    ]
}

fn user_pool_commands() -> Vec<user_pool::Command> {
    use user_pool::{Command, Update};
    let address = vestibule_tenancy::ApplicationUri::parse("https://app.example/").unwrap();
    let domain = PoolDomain::parse("a.example").unwrap();
    vec![
        Command::Register(sample::register()),
        Command::AddSecret(sample::secret("s2")),
        Command::AddSecret(sample::secret("s3")),
        Command::RetireSecret { secret_id: "s1".to_owned() },
        Command::RetireSecret { secret_id: "s2".to_owned() },
        Command::Update(Update { domains: Some(vec![domain]), requires_email: Some(false), ..Update::default() }),
        Command::Update(Update { requires_email: Some(true), ..Update::default() }),
        Command::Update(Update { initiate_login_uri: Some(Some(address.clone())), ..Update::default() }),
        Command::Update(Update { initiate_login_uri: Some(None), ..Update::default() }),
        Command::Update(Update { post_logout_redirect_uris: Some(vec![address]), ..Update::default() }),
    ]
}

fn signing_key_commands() -> Vec<signing_key::Command> {
    use signing_key::{Command, Standing};
    let (now, published_until) = (sample::now(), sample::now());
    let standings = [Standing::Next, Standing::Signing, Standing::Retired { published_until }, Standing::Gone];
    let notes = standings.map(sample::note_signing_key);
    let others = [Command::NoteMissing { now }, Command::Revoke { note: sample::note("x"), now }];
    notes.into_iter().chain(others).collect()
}

fn person_commands() -> Vec<person::Command> {
    use person::{Command, Recognise};
    let relink =
        |digest: &str| Command::Relink { connection: sample::connection_id(), subject_digest: digest.repeat(32) };
    let admin = Recognise { roles: vec![sample::role("b"), sample::role("a")], ..sample::recognise("King") };
    vec![
        Command::Recognise(sample::recognise("Lovelace")),
        Command::Recognise(admin.clone()),
        Command::Recognise(Recognise { subject_digest: "d2".repeat(32), ..admin }),
        Command::Deactivate { note: sample::note("x") },
        Command::Reactivate,
        relink("d1"),
        relink("d2"),
        Command::Supersede { by: sample::other_person_id() },
        Command::SignOut { connection: sample::connection_id(), request_digest: None },
        // With the digest of a request it is recorded each time: the reservation of the request lets it happen once.
        Command::LinkNativeUser(sample::link_native_user()),
        Command::UnlinkNativeUser { user_pool: sample::pool_id() },
    ]
}

proptest! {
    #[test]
    fn organizations(commands in prop::collection::vec(select(organization_commands()), 0..24)) {
        any_history_holds::<Organization>(&commands)?;
    }

    #[test]
    fn domains(commands in prop::collection::vec(select(vec![
        sample::claim(), sample::attest(true), sample::attest(false), domain::Command::Release,
    ]), 0..16)) {
        any_history_holds::<Domain>(&commands)?;
    }

    #[test]
    fn connections(commands in prop::collection::vec(select([connection_commands(), documents()].concat()), 0..24)) {
        any_history_holds::<Connection>(&commands)?;
        let state = commands.iter().fold(Connection::default(), |state, command| {
            state.decide(command).unwrap_or_default().iter().fold(state, Connection::evolve)
        });
        let empty = state.trust().filter(|trust| trust.certificates.is_empty());
        let waits = |trust: &Trust| !trust.observed.is_empty() || !trust.refused.is_empty();
        prop_assert!(empty.is_none_or(waits), "without a certificate only while those that are named are not trusted");
        if let Some(trust) = state.trust() {
            let trusted: BTreeSet<_> = trust.certificates.iter().map(|one| one.fingerprint.as_str()).collect();
            let noted: BTreeSet<_> = trust.progress.keys().map(String::as_str).collect();
            prop_assert!(noted.is_subset(&trusted), "notes on what is not trusted: {:?}", noted);
            prop_assert_eq!(trust.all_certificates().map(|(one, _)| &one.fingerprint).collect::<BTreeSet<_>>().len(),
                trust.all_certificates().count(), "each certificate once");
        }
    }

    #[test]
    fn signing_keys(commands in prop::collection::vec(select(signing_key_commands()), 0..12)) {
        any_history_holds::<SigningKey>(&commands)?;
    }

    #[test]
    fn user_pools(commands in prop::collection::vec(select(user_pool_commands()), 0..24)) {
        any_history_holds::<UserPool>(&commands)?;
        let state = commands.iter().fold(UserPool::default(), |state, command| {
            state.decide(command).unwrap_or_default().iter().fold(state, UserPool::evolve)
        });
        prop_assert!(state.terms().is_none_or(|terms| (1..=2).contains(&terms.secrets.len())));
    }

    #[test]
    fn people(commands in prop::collection::vec(select(person_commands()), 0..24)) {
        any_history_holds::<Person>(&commands)?;
        let states = commands.iter().scan(Person::default(), |state, command| {
            let events = state.decide(command).unwrap_or_default();
            *state = events.iter().fold(std::mem::take(state), Person::evolve);
            Some(state.clone())
        });
        let ids: BTreeSet<_> = states.filter_map(|state| state.known().map(|known| known.person)).collect();
        prop_assert!(ids.len() <= 1, "the `sub` is for ever");
    }

    #[test]
    fn assertions(commands in prop::collection::vec(select(vec![
        assertion::Command::Accept(sample::accepted()),
        assertion::Command::Redeem { user_pool: sample::pool_id() },
    ]), 0..8)) {
        any_history_holds::<Assertion>(&commands)?;
    }
}
