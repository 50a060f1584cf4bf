use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::{ConnectionId, OrganizationId};

use super::{
    CATEGORY, Certificate, CertificateRetired, CertificateTrusted, CheckedSettings, Command, Configure, Configured,
    Create, Created, Disabled, Enabled, Event, Rejection, SamlIdentityProvider, SamlMetadata, SamlSettings,
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

/// Who is trusted, and by what.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Trust {
    /// The connection's id.
    pub connection: ConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What people read when they have to choose.
    pub display_name: String,
    /// The identity provider.
    pub identity_provider: SamlIdentityProvider,
    /// The certificates whose keys may sign.
    pub certificates: Vec<Certificate>,
    /// How the identity provider is dealt with.
    #[serde(default)]
    pub settings: SamlSettings,
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
            (Self::Enabled(_), Command::Enable) | (Self::Disabled(_), Command::Disable { .. }) => Ok(vec![]),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Disabled(Trust::of(created)),
            (Self::Disabled(trust), Event::Enabled(_)) => Self::Enabled(trust),
            (Self::Enabled(trust), Event::Disabled(_)) => Self::Disabled(trust),
            (unchanged, Event::Enabled(_) | Event::Disabled(_)) => unchanged,
            (state, Event::Configured(configured)) => state.map(|trust| trust.with(configured)),
            (state, Event::CertificateTrusted(added)) => state.map(|trust| trust.trusting(&added.certificate)),
            (state, Event::CertificateRetired(retired)) => state.map(|trust| trust.without(&retired.fingerprint)),
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
    let configured = (settings != SamlSettings::default())
        .then(|| Event::Configured(Configured { settings: Some(settings), ..Configured::default() }));
    Ok([created.into()].into_iter().chain(configured).collect())
}

fn usable(metadata: &SamlMetadata) -> Result<&SamlMetadata, Rejection> {
    if metadata.certificates.is_empty() {
        return Err(Rejection::NoCertificate);
    }
    if metadata.identity_provider.single_sign_on.is_empty() {
        return Err(Rejection::NoEndpoint);
    }
    Ok(metadata)
}

impl Trust {
    fn of(created: &Created) -> Self {
        Self {
            connection: created.connection,
            organization: created.organization,
            display_name: created.display_name.clone(),
            identity_provider: created.identity_provider.clone(),
            certificates: created.certificates.clone(),
            settings: SamlSettings::default(),
        }
    }

    /// What of `configure` is not so already: first the properties, then the new certificates, then those that go, so
    /// that there is no moment without one.
    fn changes(&self, configure: &Configure) -> Result<Vec<Event>, Rejection> {
        let wanted_name = configure.display_name.as_ref().map(|name| name.as_str().to_owned());
        let wanted_settings = configure.settings.clone().map(CheckedSettings::into_settings);
        let mut configured = Configured {
            display_name: wanted_name.filter(|name| *name != self.display_name),
            identity_provider: None,
            settings: wanted_settings.filter(|settings| *settings != self.settings),
        };
        let mut certificates: Vec<Event> = Vec::new();
        if let Some(metadata) = &configure.metadata {
            let SamlMetadata { identity_provider, certificates: named } = usable(metadata)?;
            if identity_provider.entity_id != self.identity_provider.entity_id {
                return Err(Rejection::EntityIdImmutable);
            }
            configured.identity_provider =
                (*identity_provider != self.identity_provider).then(|| identity_provider.clone());
            let mut known: Vec<&str> = self.certificates.iter().map(|known| known.fingerprint.as_str()).collect();
            for certificate in named {
                if !known.contains(&certificate.fingerprint.as_str()) {
                    known.push(&certificate.fingerprint);
                    certificates.push(CertificateTrusted { certificate: certificate.clone() }.into());
                }
            }
            let is_named = |known: &&Certificate| named.iter().any(|named| named.fingerprint == known.fingerprint);
            let gone = self.certificates.iter().filter(|known| !is_named(known));
            certificates.extend(gone.map(|gone| CertificateRetired { fingerprint: gone.fingerprint.clone() }.into()));
        }
        let properties = (configured != Configured::default()).then_some(Event::Configured(configured));
        Ok(properties.into_iter().chain(certificates).collect())
    }

    fn with(self, configured: &Configured) -> Self {
        let Configured { display_name, identity_provider, settings } = configured.clone();
        Self {
            display_name: display_name.unwrap_or(self.display_name),
            identity_provider: identity_provider.unwrap_or(self.identity_provider),
            settings: settings.unwrap_or(self.settings),
            ..self
        }
    }

    fn trusting(mut self, added: &Certificate) -> Self {
        if self.certificates.iter().all(|known| known.fingerprint != added.fingerprint) {
            self.certificates.push(added.clone());
        }
        self
    }

    fn without(mut self, fingerprint: &str) -> Self {
        self.certificates.retain(|known| known.fingerprint != fingerprint);
        self
    }
}
