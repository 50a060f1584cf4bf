use vestibule_bus::CATALOG;
use vestibule_eventlog::{Recorded, StreamId, Version};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};
use vestibule_tenancy::connection::{
    self, CATEGORY, Certificate, CertificateState, Command, Connection, Progress, Rejection, Trust,
};

use super::{Change, Registry};
use crate::{error::Error, listing::Listing};

/// Which certificate of which connection.
#[derive(Clone, Debug)]
pub(crate) struct CertificateName {
    pub(crate) organization: OrganizationId,
    pub(crate) connection: ConnectionId,
    pub(crate) fingerprint: String,
}

/// A certificate and where it stands.
pub(crate) struct Listed {
    pub(crate) name: CertificateName,
    pub(crate) certificate: Certificate,
    pub(crate) state: CertificateState,
    pub(crate) progress: Progress,
    pub(crate) display_name: String,
    pub(crate) version: u64,
}

/// Which certificates are listed.
pub(crate) struct Wanted {
    pub(crate) organization: Option<OrganizationId>,
    /// Only those that end until then.
    pub(crate) ends_until: Option<Timestamp>,
    /// Only those that stand there; all when there is none.
    pub(crate) states: Vec<CertificateKind>,
}

/// The kind of a state.
pub(crate) type CertificateKind = std::mem::Discriminant<CertificateState>;

/// What happened, as it is told.
pub(crate) struct Happened {
    /// As it is published.
    pub(crate) name: &'static str,
    pub(crate) recorded: Recorded,
    pub(crate) event: connection::Event,
}

/// A page of a list.
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) next_page_token: String,
}

impl Registry {
    pub(crate) async fn certificates(&self, wanted: &Wanted, listing: &Listing) -> Result<Page<Listed>, Error> {
        if let Some(organization) = wanted.organization {
            self.require_organization(organization).await?;
        }
        self.certificates.reach_head().await?;
        let mut found: Vec<(String, Listed)> = self.certificates.each(wanted.organization, |known, trust| {
            let listed = listed(trust, known.version).filter(|one| wanted.is(one));
            listed.map(|one| (one.place(), one)).collect()
        });
        found.retain(|(place, _)| listing.after.as_ref().is_none_or(|after| place > after));
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let more = found.len() > listing.size;
        found.truncate(listing.size);
        let last = found.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |(place, _)| listing.token(place));
        Ok(Page { entries: found.into_iter().map(|(_, one)| one).collect(), next_page_token })
    }

    pub(crate) async fn certificate(&self, name: &CertificateName) -> Result<Listed, Error> {
        let connection = self.connection((name.organization, name.connection)).await?;
        find(&connection.state, connection.version, name)
    }

    /// What happened to a connection's certificates, its metadata and our keys towards it.
    pub(crate) async fn certificate_events(
        &self,
        (organization, connection): (OrganizationId, ConnectionId),
        listing: &Listing,
    ) -> Result<Page<Happened>, Error> {
        self.connection((organization, connection)).await?;
        let stream = StreamId::of_id(CATEGORY, Some(organization), connection.uuid());
        let after = listing.after.as_ref().and_then(|after| after.parse().ok()).unwrap_or(0);
        let mut recorded = self.log.read_stream(&stream, Version(after), listing.size.saturating_add(1)).await?;
        let more = recorded.len() > listing.size;
        recorded.truncate(listing.size);
        let last = recorded.last().filter(|_| more);
        let next_page_token = last.map_or_else(String::new, |last| listing.token(&last.version.0.to_string()));
        let mut entries = Vec::with_capacity(recorded.len());
        for recorded in recorded {
            let event = self.log.open::<connection::Event>(&recorded).await?;
            let published = CATALOG.iter().find(|(stored, _)| *stored == recorded.name);
            let name = published.map_or("", |(stored, published)| published.unwrap_or(stored));
            entries.push(Happened { name, recorded, event });
        }
        Ok(Page { entries, next_page_token })
    }

    pub(crate) async fn trust_certificate(&self, name: &CertificateName, change: Change) -> Result<Listed, Error> {
        let fingerprint = name.fingerprint.clone();
        self.change_certificate(name, change, Command::TrustCertificate { fingerprint }).await
    }

    pub(crate) async fn retire_certificate(&self, name: &CertificateName, change: Change) -> Result<Listed, Error> {
        let fingerprint = name.fingerprint.clone();
        self.change_certificate(name, change, Command::RetireCertificate { fingerprint }).await
    }

    async fn change_certificate(
        &self,
        name: &CertificateName,
        change: Change,
        command: Command,
    ) -> Result<Listed, Error> {
        let stream = StreamId::of_id(CATEGORY, Some(name.organization), name.connection.uuid());
        let connection = self.change::<Connection>(&stream, change, &command).await?;
        find(&connection.state, connection.version, name)
    }
}

impl Wanted {
    fn is(&self, one: &Listed) -> bool {
        // Of what nobody trusts it does not matter when it ends.
        let matters = one.state != CertificateState::Retired;
        let ends = self.ends_until.is_none_or(|until| matters && one.certificate.not_after <= until);
        ends && (self.states.is_empty() || self.states.contains(&std::mem::discriminant(&one.state)))
    }
}

impl Listed {
    /// Its place in the list, as text: those that end first in front.
    fn place(&self) -> String {
        let CertificateName { connection, fingerprint, .. } = &self.name;
        // Times before 1970 are no ends of certificates that anybody trusts.
        let end = u64::try_from(self.certificate.not_after.unix_millis()).unwrap_or(0);
        format!("{end:020}/{connection}/{fingerprint}")
    }
}

fn find(state: &Connection, version: u64, name: &CertificateName) -> Result<Listed, Error> {
    let trust = state.trust().ok_or_else(|| Error::rejected(Rejection::NotFound))?;
    let mut all = listed(trust, version);
    let found = all.find(|one| one.name.fingerprint == name.fingerprint);
    found.ok_or_else(|| Error::rejected(Rejection::CertificateNotFound))
}

fn listed(trust: &Trust, version: u64) -> impl Iterator<Item = Listed> {
    trust.all_certificates().map(move |(certificate, state)| Listed {
        name: CertificateName {
            organization: trust.organization,
            connection: trust.connection,
            fingerprint: certificate.fingerprint.clone(),
        },
        certificate: certificate.clone(),
        state,
        progress: trust.progress(&certificate.fingerprint),
        display_name: trust.display_name.clone(),
        version,
    })
}
