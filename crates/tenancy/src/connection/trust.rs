use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use super::{
    Certificate, Configured, Created, Event, KnownKey, MetadataChangeProposed, MetadataSource, Refresh, Replaced,
    SamlIdentityProvider, SamlMetadata, SamlSettings, Tested,
};

/// Certificates that were trusted once and are remembered.
pub const LEFT_MAX: usize = 64;

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
    /// The certificates whose keys may sign, in the order in which they were trusted. None only after the last one was
    /// retired because metadata does not name it any more, while those that it names await approval.
    pub certificates: Vec<Certificate>,
    /// How the identity provider is dealt with.
    #[serde(default)]
    pub settings: SamlSettings,
    /// Certificates that metadata names and that await approval.
    #[serde(default)]
    pub observed: Vec<Certificate>,
    /// Certificates that an operator has retired: metadata does not bring them back.
    #[serde(default)]
    pub refused: Vec<Certificate>,
    /// Fingerprints of certificates that were trusted until metadata, or an import, had left them out: metadata does not
    /// bring them back by itself. The last [`LEFT_MAX`] of them.
    #[serde(default)]
    pub left: Vec<String>,
    /// How far trusted certificates have come in their lives, by fingerprint.
    #[serde(default)]
    pub progress: BTreeMap<String, Progress>,
    /// Where metadata is read from.
    #[serde(default)]
    pub metadata_source: Option<MetadataSource>,
    /// The change of entity id or host, or the way back to what was replaced, that awaits approval.
    #[serde(default)]
    pub proposed: Option<SamlMetadata>,
    /// The change that an operator has declined.
    #[serde(default)]
    pub declined: Option<SamlMetadata>,
    /// How reading the metadata from its address goes.
    #[serde(default)]
    pub refresh: Refresh,
    /// The last test sign-in that passed with identity provider and settings as they are.
    #[serde(default)]
    pub tested: Option<Tested>,
    /// The connection over which people begin now, and until when this one goes on.
    #[serde(default)]
    pub replaced: Option<Replaced>,
    /// Our own keys, as far as they have been told of.
    #[serde(default)]
    pub keys: Vec<KnownKey>,
    /// Those of them that our metadata tells no more and that are not known to be destroyed.
    #[serde(default)]
    pub retired_keys: Vec<String>,
}

/// How far a trusted certificate has come in its life.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each of them happens without the others")]
pub struct Progress {
    /// A successor is trusted beside it, or it is about to be retired.
    pub overlapping: bool,
    /// A signature by it signed somebody in.
    pub promoted: bool,
    /// The last announcement that it ends: within so many days.
    pub announced_days: Option<u16>,
    /// One that lasts longer is trusted.
    pub renewed: bool,
    /// It is known to have expired.
    pub expired: bool,
    /// When it stops being trusted.
    pub retires_at: Option<Timestamp>,
}

/// Where a certificate of a connection stands. What it went through before stands in the connection's events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateState {
    /// Metadata names it; it awaits approval.
    Observed,
    /// Signatures by it count.
    Trusted,
    /// They count, and it was seen to sign.
    Promoted,
    /// They count beside those of a successor.
    Overlapping,
    /// It ends within so many days, and none that lasts longer is trusted.
    RenewalRequired {
        /// 30, 14, 7, 3 or 1.
        days: u16,
    },
    /// It is trusted still, and so is one that lasts longer.
    Renewed,
    /// It is trusted still, and its validity has ended.
    Expired,
    /// It is trusted no more.
    Retired,
}

impl Trust {
    pub(super) fn of(created: &Created) -> Self {
        Self {
            connection: created.connection,
            organization: created.organization,
            display_name: created.display_name.clone(),
            identity_provider: created.identity_provider.clone(),
            certificates: created.certificates.clone(),
            settings: SamlSettings::default(),
            observed: Vec::new(),
            refused: Vec::new(),
            left: Vec::new(),
            progress: BTreeMap::new(),
            metadata_source: None,
            proposed: None,
            declined: None,
            refresh: Refresh::default(),
            tested: None,
            replaced: None,
            keys: Vec::new(),
            retired_keys: Vec::new(),
        }
    }

    /// How far the certificate has come.
    #[must_use]
    pub fn progress(&self, fingerprint: &str) -> Progress {
        self.progress.get(fingerprint).copied().unwrap_or_default()
    }

    /// All certificates that are known, those that are trusted first, and where they stand.
    pub fn all_certificates(&self) -> impl Iterator<Item = (&Certificate, CertificateState)> {
        let trusted = self.certificates.iter().map(|one| (one, self.state_of(&one.fingerprint)));
        let observed = self.observed.iter().map(|one| (one, CertificateState::Observed));
        trusted.chain(observed).chain(self.refused.iter().map(|one| (one, CertificateState::Retired)))
    }

    /// When the certificate stops being trusted, if that is known.
    #[must_use]
    pub fn retires_at(&self, fingerprint: &str) -> Option<Timestamp> {
        self.progress(fingerprint).retires_at
    }

    /// Whether it was trusted once, until metadata had left it out.
    #[must_use]
    pub fn has_left(&self, fingerprint: &str) -> bool {
        self.left.iter().any(|left| left == fingerprint)
    }

    fn state_of(&self, fingerprint: &str) -> CertificateState {
        match self.progress(fingerprint) {
            Progress { retires_at: Some(_), .. } => CertificateState::Overlapping,
            Progress { expired: true, .. } => CertificateState::Expired,
            Progress { renewed: true, .. } => CertificateState::Renewed,
            Progress { overlapping: true, .. } => CertificateState::Overlapping,
            Progress { announced_days: Some(days), .. } => CertificateState::RenewalRequired { days },
            Progress { promoted: true, .. } => CertificateState::Promoted,
            Progress { .. } => CertificateState::Trusted,
        }
    }

    /// Whether this is another source than the present one: what was read there says nothing of what is read here.
    pub(super) fn reads_elsewhere(&self, source: Option<&MetadataSource>) -> bool {
        let place = |source: &MetadataSource| (source.url.clone(), source.pinned_key_der.clone());
        self.metadata_source.as_ref().map(place) != source.map(place)
    }

    pub(super) fn with(self, configured: &Configured) -> Self {
        let Configured { display_name, identity_provider, settings, metadata_source } = configured.clone();
        let is_elsewhere = metadata_source.as_ref().is_some_and(|change| self.reads_elsewhere(change.to.as_ref()));
        let before = self.tried();
        let configured = Self {
            display_name: display_name.unwrap_or(self.display_name),
            identity_provider: identity_provider.unwrap_or(self.identity_provider),
            settings: settings.unwrap_or(self.settings),
            refresh: if is_elsewhere { Refresh::default() } else { self.refresh },
            metadata_source: metadata_source.map_or(self.metadata_source, |change| change.to),
            ..self
        };
        let is_what_was_tested = configured.tried() == before;
        Self { tested: configured.tested.filter(|_| is_what_was_tested), ..configured }
    }

    /// What an event says of certificates and of what metadata proposes.
    pub(super) fn aged_by(self, event: &Event) -> Self {
        match event {
            Event::CertificateObserved(observed) => self.observing(&observed.certificate),
            Event::CertificateTrusted(added) => self.trusting(&added.certificate),
            Event::CertificateOverlapping(overlapping) => self.noting(&overlapping.fingerprint, |progress| {
                progress.overlapping = true;
                progress.retires_at = overlapping.retires_at.or(progress.retires_at);
            }),
            Event::CertificatePromoted(promoted) => {
                self.noting(&promoted.fingerprint, |progress| progress.promoted = true)
            }
            Event::CertificateRenewalRequired(required) => {
                self.noting(&required.fingerprint, |progress| progress.announced_days = Some(required.days))
            }
            Event::CertificateRenewed(renewed) => self.noting(&renewed.fingerprint, |progress| progress.renewed = true),
            Event::CertificateExpired(expired) => self.noting(&expired.fingerprint, |progress| progress.expired = true),
            Event::CertificateRetired(retired) => self.without(&retired.fingerprint, retired.by_operator),
            Event::MetadataChangeProposed(proposed) => {
                let MetadataChangeProposed { identity_provider, certificates } = proposed.clone();
                Self { proposed: Some(SamlMetadata { identity_provider, certificates }), ..self }
            }
            Event::MetadataChangeSettled(settled) if settled.declined => {
                Self { declined: self.proposed, proposed: None, ..self }
            }
            Event::MetadataChangeSettled(_) => Self { proposed: None, declined: None, ..self },
            Event::MetadataRefreshed(refreshed) => Self { refresh: self.refresh.refreshed(refreshed), ..self },
            Event::MetadataRefreshFailed(failed) => Self { refresh: self.refresh.failed(failed), ..self },
            Event::Replaced(replaced) => Self { replaced: Some(replaced.clone()), ..self },
            Event::Tested(tested) => Self { tested: Some(tested.clone()), ..self },
            Event::KeyAdded(_)
            | Event::KeyActionRequired(_)
            | Event::KeyActivated(_)
            | Event::KeyRetired(_)
            | Event::KeyDestroyed(_) => self.with_keys(event),
            Event::Created(_) | Event::Configured(_) | Event::Enabled(_) | Event::Disabled(_) => self,
        }
    }

    fn observing(mut self, observed: &Certificate) -> Self {
        if self.all_certificates().all(|(known, _)| known.fingerprint != observed.fingerprint) {
            self.observed.push(observed.clone());
        }
        self
    }

    fn trusting(mut self, added: &Certificate) -> Self {
        let is_other = |known: &Certificate| known.fingerprint != added.fingerprint;
        self.observed.retain(is_other);
        self.refused.retain(is_other);
        self.left.retain(|left| *left != added.fingerprint);
        if self.certificates.iter().all(is_other) {
            self.certificates.push(added.clone());
            self.progress.remove(&added.fingerprint);
            return self;
        }
        self.noting(&added.fingerprint, |progress| progress.retires_at = None)
    }

    fn without(mut self, fingerprint: &str, by_operator: bool) -> Self {
        let gone = self.certificates.iter().chain(&self.observed).find(|known| known.fingerprint == fingerprint);
        if let Some(gone) = gone.filter(|_| by_operator).cloned() {
            self.refused.push(gone);
        }
        if !by_operator && self.certificates.iter().any(|known| known.fingerprint == fingerprint) {
            self.left.push(fingerprint.to_owned());
            let forgotten = self.left.len().saturating_sub(LEFT_MAX);
            self.left.drain(..forgotten);
        }
        self.certificates.retain(|known| known.fingerprint != fingerprint);
        self.observed.retain(|known| known.fingerprint != fingerprint);
        self.progress.remove(fingerprint);
        self.without_successors()
    }

    /// Whoever's successors are gone is what it was before they came.
    fn without_successors(mut self) -> Self {
        let succeeded: Vec<_> = self.certificates.iter().map(|one| self.lasts_longer(one).is_some()).collect();
        let newest = self.certificates.len().saturating_sub(1);
        for (place, (certificate, succeeded)) in self.certificates.iter().zip(succeeded).enumerate() {
            if let Some(progress) = self.progress.get_mut(&certificate.fingerprint) {
                progress.renewed &= succeeded;
                progress.overlapping &= place < newest || progress.retires_at.is_some();
            }
        }
        self.progress.retain(|_, progress| *progress != Progress::default());
        self
    }

    fn noting(mut self, fingerprint: &str, note: impl FnOnce(&mut Progress)) -> Self {
        if self.certificates.iter().any(|known| known.fingerprint == fingerprint) {
            note(self.progress.entry(fingerprint.to_owned()).or_default());
        }
        self.progress.retain(|_, progress| *progress != Progress::default());
        self
    }

    /// A certificate that is trusted, is not about to go, and ends later.
    pub(super) fn lasts_longer(&self, than: &Certificate) -> Option<&Certificate> {
        let stays = |one: &&Certificate| self.retires_at(&one.fingerprint).is_none();
        self.certificates.iter().filter(stays).find(|one| one.not_after > than.not_after)
    }
}
