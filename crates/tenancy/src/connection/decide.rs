use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::{ConnectionId, Timestamp};

use super::{
    CATEGORY, CheckedSettings, Command, Configure, Configured, Create, Created, Disabled, Enabled, Event,
    MetadataChangeSettled, NoteTest, Rejection, Replaced, SamlMetadata, SamlSettings, SourceChange, Tested, Trust,
    certificate::By,
};

/// The trust of an organization in one identity provider, by stage of life.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "trust")]
pub enum Connection {
    /// It does not exist.
    #[default]
    Absent,
    /// It exists, and nobody may sign in through it.
    Disabled(Trust),
    /// People may sign in through it.
    Enabled(Trust),
}

impl Connection {
    /// Who is trusted, in whatever stage; `None` when the connection does not exist.
    #[must_use]
    pub const fn trust(&self) -> Option<&Trust> {
        match self {
            Self::Absent => None,
            Self::Disabled(trust) | Self::Enabled(trust) => Some(trust),
        }
    }

    fn map(self, change: impl FnOnce(Trust) -> Trust) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Disabled(trust) => Self::Disabled(change(trust)),
            Self::Enabled(trust) => Self::Enabled(change(trust)),
        }
    }
}

impl Decider for Connection {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create(create)) => begin(create),
            (Self::Absent, _) => Err(Rejection::NotFound),
            (_, Command::Create(_)) => Err(Rejection::AlreadyExists),
            (Self::Disabled(trust) | Self::Enabled(trust), Command::Configure(configure)) => trust.changes(configure),
            (Self::Disabled(_), Command::Enable) => Ok(vec![Enabled {}.into()]),
            (Self::Enabled(_), Command::Disable { note }) => {
                Ok(vec![Disabled { note: note.as_str().to_owned() }.into()])
            }
            // One that was replaced is everybody's again.
            (Self::Enabled(trust), Command::Enable) if trust.replaced.is_some() => Ok(vec![Enabled {}.into()]),
            (Self::Enabled(_), Command::Enable) | (Self::Disabled(_), Command::Disable { .. }) => Ok(vec![]),
            (Self::Enabled(trust), Command::Replace { by, until }) => Ok(trust.replace(*by, *until)),
            (Self::Disabled(_), Command::Replace { .. }) => Err(Rejection::Disabled),
            (Self::Enabled(trust), Command::NoteTime { now }) if trust.is_overlap_over(*now) => Ok(trust.end()),
            (Self::Disabled(trust) | Self::Enabled(trust), Command::ObserveMetadata(observed)) => {
                trust.observe(observed)
            }
            (Self::Disabled(trust) | Self::Enabled(trust), Command::ApproveMetadataChange { at }) => trust.approve(*at),
            (Self::Disabled(trust) | Self::Enabled(trust), Command::DeclineMetadataChange) => trust.decline(),
            (Self::Disabled(trust) | Self::Enabled(trust), Command::NoteRefresh(refreshed)) => {
                Ok(trust.note_refresh(refreshed))
            }
            (Self::Disabled(trust) | Self::Enabled(trust), Command::NoteRefreshFailure { reason, at }) => {
                Ok(trust.note_refresh_failure(reason, *at))
            }
            (Self::Disabled(trust) | Self::Enabled(trust), Command::TrustCertificate { fingerprint }) => {
                trust.trust(fingerprint)
            }
            (Self::Disabled(trust) | Self::Enabled(trust), Command::RetireCertificate { fingerprint }) => {
                trust.retire(fingerprint)
            }
            (Self::Disabled(trust) | Self::Enabled(trust), Command::Promote { fingerprint }) => {
                Ok(trust.promote(fingerprint))
            }
            (Self::Disabled(trust) | Self::Enabled(trust), Command::NoteTime { now }) => Ok(trust.note_time(*now)),
            (Self::Disabled(trust) | Self::Enabled(trust), Command::NoteKeys { keys, kept, now }) => {
                Ok(trust.note_keys(keys, kept, *now))
            }
            (Self::Disabled(trust), Command::NoteTest(test)) => trust.note_test(test),
            (Self::Enabled(_), Command::NoteTest(_)) => Err(Rejection::Enabled),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Disabled(Trust::of(created)),
            (Self::Disabled(trust), Event::Enabled(_)) => Self::Enabled(trust),
            (Self::Enabled(trust), Event::Enabled(_)) => Self::Enabled(Trust { replaced: None, ..trust }),
            (Self::Enabled(trust), Event::Disabled(_)) => Self::Disabled(Trust { replaced: None, ..trust }),
            (unchanged, Event::Enabled(_) | Event::Disabled(_)) => unchanged,
            (state, Event::Configured(configured)) => state.map(|trust| trust.with(configured)),
            (state, event) => state.map(|trust| trust.aged_by(event)),
        }
    }
}

fn begin(create: &Create) -> Result<Vec<Event>, Rejection> {
    let SamlMetadata { identity_provider, certificates } = usable(&create.metadata)?.clone();
    let created = Created {
        connection: create.connection,
        organization: create.organization,
        display_name: create.display_name.as_str().to_owned(),
        identity_provider,
        certificates,
    };
    let settings = create.settings.clone().into_settings();
    let configured = Configured {
        settings: (settings != SamlSettings::default()).then_some(settings),
        metadata_source: create.metadata_source.clone().map(|source| SourceChange { to: Some(source) }),
        ..Configured::default()
    };
    let configured = (configured != Configured::default()).then_some(Event::Configured(configured));
    Ok([created.into()].into_iter().chain(configured).collect())
}

pub(super) fn usable(metadata: &SamlMetadata) -> Result<&SamlMetadata, Rejection> {
    if metadata.certificates.is_empty() {
        return Err(Rejection::NoCertificate);
    }
    if metadata.identity_provider.single_sign_on.is_empty() {
        return Err(Rejection::NoEndpoint);
    }
    Ok(metadata)
}

impl Trust {
    fn replace(&self, by: ConnectionId, until: Timestamp) -> Vec<Event> {
        let replaced = Replaced { by, until };
        if self.replaced.as_ref() == Some(&replaced) { Vec::new() } else { vec![replaced.into()] }
    }

    fn is_overlap_over(&self, now: Timestamp) -> bool {
        self.replaced.as_ref().is_some_and(|replaced| replaced.until <= now)
    }

    fn end(&self) -> Vec<Event> {
        let note = self.replaced.as_ref().map(|replaced| format!("replaced by {}", replaced.by)).unwrap_or_default();
        vec![Disabled { note }.into()]
    }

    /// What was asked or judged with other settings, or by a certificate that is not trusted any more, says nothing of what is
    /// there.
    fn note_test(&self, passed: &NoteTest) -> Result<Vec<Event>, Rejection> {
        let NoteTest { test, tried, certificate_fingerprint, now } = passed;
        if self.tested.as_ref().is_some_and(|known| known.test == *test) {
            return Err(Rejection::TestRepeated);
        }
        let is_trusted = self.certificates.iter().any(|known| known.fingerprint == *certificate_fingerprint);
        if *tried != self.tried() || !is_trusted {
            return Err(Rejection::ChangedDuringTest);
        }
        let (test, certificate_fingerprint) = (test.clone(), certificate_fingerprint.clone());
        Ok(vec![Tested { test, certificate_fingerprint, tested_at: *now }.into()])
    }

    /// What of `configure` is not so already: first the properties, then the certificates.
    fn changes(&self, configure: &Configure) -> Result<Vec<Event>, Rejection> {
        let wanted_name = configure.display_name.as_ref().map(|name| name.as_str().to_owned());
        let wanted_settings = configure.settings.clone().map(CheckedSettings::into_settings);
        let wanted_source = configure.metadata_source.clone().filter(|source| *source != self.metadata_source);
        let mut configured = Configured {
            display_name: wanted_name.filter(|name| *name != self.display_name),
            identity_provider: None,
            settings: wanted_settings.filter(|settings| *settings != self.settings),
            metadata_source: wanted_source.map(|to| SourceChange { to }),
        };
        let is_elsewhere =
            configured.metadata_source.as_ref().is_some_and(|change| self.reads_elsewhere(change.to.as_ref()));
        let mut certificates: Vec<Event> = Vec::new();
        if let Some(metadata) = &configure.metadata {
            let SamlMetadata { identity_provider, certificates: named } = usable(metadata)?;
            if identity_provider.entity_id != self.identity_provider.entity_id {
                return Err(Rejection::EntityIdImmutable);
            }
            configured.identity_provider =
                (*identity_provider != self.identity_provider).then(|| identity_provider.clone());
            certificates = self.named(named, By::Import);
            let settled = self.proposed.as_ref().map(|proposed| MetadataChangeSettled {
                approved: proposed.identity_provider == *identity_provider,
                declined: false,
            });
            certificates.extend(settled.map(Event::from));
            if is_elsewhere && self.proposed.is_none() {
                certificates.extend(self.withdrawn());
            }
        } else if is_elsewhere {
            // What the former address, or the former key, has proposed is nobody's word any more.
            certificates.extend(self.withdrawn());
        }
        let properties = (configured != Configured::default()).then_some(Event::Configured(configured));
        Ok(properties.into_iter().chain(certificates).collect())
    }
}
