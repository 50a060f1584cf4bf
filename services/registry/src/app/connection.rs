use vestibule_eventlog::{StreamId, Version};
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_settings::Patch;
use vestibule_tenancy::{
    DisplayName,
    connection::{CATEGORY, Command, Configure, Connection, Create, Rejection},
};

use super::{Change, MetadataOrigin, Origin, Registry, SourcePatch};
use crate::{directory::Listed, error::Error, listing::Listing, metadata, resource::Resource};

/// How often settings are laid over those of another change that came first.
const ATTEMPTS_MAX: u32 = 5;

/// A connection that a caller asks for.
pub(crate) struct NewConnection {
    pub(crate) organization: OrganizationId,
    pub(crate) display_name: DisplayName,
    pub(crate) metadata: MetadataOrigin,
    pub(crate) settings: Patch,
}

/// The properties of a connection that a caller wants to change.
#[derive(Default)]
pub(crate) struct ConfigureConnection {
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) metadata_xml: Option<String>,
    pub(crate) source: SourcePatch,
    pub(crate) settings: Option<Patch>,
}

pub(super) fn stream((organization, connection): (OrganizationId, ConnectionId)) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), connection.uuid())
}

impl Registry {
    pub(crate) async fn connection(&self, id: (OrganizationId, ConnectionId)) -> Result<Resource<Connection>, Error> {
        self.read(&stream(id), Rejection::NotFound).await
    }

    pub(crate) async fn connections(
        &self,
        organization: OrganizationId,
        listing: &Listing,
    ) -> Result<Listed<Connection>, Error> {
        self.require_organization(organization).await?;
        self.list(Some(organization), listing).await
    }

    pub(crate) async fn create_connection(
        &self,
        origin: Origin,
        new: NewConnection,
    ) -> Result<Resource<Connection>, Error> {
        let NewConnection { organization, display_name, metadata, settings } = new;
        self.require_organization(organization).await?;
        let settings = settings.begin(self.clock.now())?;
        let (metadata, read) = self.begin_metadata(metadata).await?;
        let connection = ConnectionId::from_uuid(self.new_id());
        let metadata_source = read.as_ref().map(|(source, _)| source.clone());
        let create = Create { connection, organization, display_name, metadata, settings, metadata_source };
        let outcome = self.create(origin, stream((organization, connection)), &Command::Create(create)).await?;
        let made: Resource<Connection> = outcome.into_resource();
        if let (Some((source, read)), Some(trust)) = (read, made.state.trust()) {
            self.refresher.remember(trust.connection, &source, &read).await;
        }
        Ok(made)
    }

    pub(crate) async fn configure_connection(
        &self,
        id: (OrganizationId, ConnectionId),
        change: Change,
        configure: ConfigureConnection,
    ) -> Result<Resource<Connection>, Error> {
        let now = self.clock.now();
        let metadata = configure.metadata_xml.map(|metadata_xml| metadata::read(&metadata_xml, now)).transpose()?;
        let ConfigureConnection { display_name, source, settings, .. } = configure;
        if settings.is_none() && source.is_empty() {
            let configure = Configure { display_name, metadata, ..Configure::default() };
            return self.change(&stream(id), change, &Command::Configure(configure)).await;
        }
        // Settings are replaced as a whole, so what is left out is taken from the very version that is changed.
        for _ in 0..ATTEMPTS_MAX {
            let current = self.connection(id).await?;
            let trust = current.state.trust();
            let before = trust.map(|trust| trust.settings.clone()).unwrap_or_default();
            let settings = settings.as_ref().map(|patch| patch.change(&before, now)).transpose()?;
            let source_before = trust.and_then(|trust| trust.metadata_source.as_ref());
            let wanted = source.over(source_before)?;
            let read = self.read_changed(source_before, wanted.as_ref()).await?;
            let found = read.as_ref().map(|read| read.document.metadata.clone());
            let configure = Configure {
                display_name: display_name.clone(),
                metadata: found.or_else(|| metadata.clone()),
                settings,
                metadata_source: (!source.is_empty()).then(|| wanted.clone()),
            };
            let etag = change.etag.or(Some(Version(current.version)));
            match self.change(&stream(id), Change { etag, ..change.clone() }, &Command::Configure(configure)).await {
                Err(Error::EtagMismatch { .. }) if change.etag.is_none() => {}
                outcome => {
                    if let (Ok(_), Some(source), Some(read)) = (&outcome, &wanted, &read) {
                        self.refresher.remember(id.1, source, read).await;
                    }
                    return outcome;
                }
            }
        }
        Err(Error::Contended)
    }
}
