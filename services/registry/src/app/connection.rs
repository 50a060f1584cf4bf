use vestibule_eventlog::{StreamId, Version};
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_settings::Patch;
use vestibule_tenancy::{
    DisplayName, Note,
    connection::{CATEGORY, Command, Configure, Connection, Create, Rejection},
};

use super::{Change, Origin, Registry};
use crate::{directory::Listed, error::Error, listing::Listing, metadata, resource::Resource};

/// How often settings are laid over those of another change that came first.
const ATTEMPTS_MAX: u32 = 5;

/// A connection that a caller asks for.
pub(crate) struct NewConnection {
    pub(crate) organization: OrganizationId,
    pub(crate) display_name: DisplayName,
    pub(crate) metadata_xml: String,
    pub(crate) settings: Patch,
}

/// The properties of a connection that a caller wants to change.
#[derive(Default)]
pub(crate) struct ConfigureConnection {
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) metadata_xml: Option<String>,
    pub(crate) settings: Option<Patch>,
}

fn stream((organization, connection): (OrganizationId, ConnectionId)) -> StreamId {
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
        let NewConnection { organization, display_name, metadata_xml, settings } = new;
        self.require_organization(organization).await?;
        let now = self.clock.now();
        let (metadata, settings) = (metadata::read(&metadata_xml, now)?, settings.begin(now)?);
        let connection = ConnectionId::from_uuid(self.new_id());
        let create = Create { connection, organization, display_name, metadata, settings, metadata_source: None };
        let outcome = self.create(origin, stream((organization, connection)), &Command::Create(create)).await?;
        Ok(outcome.into_resource())
    }

    pub(crate) async fn configure_connection(
        &self,
        id: (OrganizationId, ConnectionId),
        change: Change,
        configure: ConfigureConnection,
    ) -> Result<Resource<Connection>, Error> {
        let now = self.clock.now();
        let metadata = configure.metadata_xml.map(|metadata_xml| metadata::read(&metadata_xml, now)).transpose()?;
        let Some(patch) = configure.settings else {
            let configure = Configure { display_name: configure.display_name, metadata, ..Configure::default() };
            return self.change(&stream(id), change, &Command::Configure(configure)).await;
        };
        // Settings are replaced as a whole, so what is left out is taken from the very version that is changed.
        for _ in 0..ATTEMPTS_MAX {
            let current = self.connection(id).await?;
            let before = current.state.trust().map(|trust| trust.settings.clone()).unwrap_or_default();
            let settings = Some(patch.change(&before, now)?);
            let display_name = configure.display_name.clone();
            let configure = Configure { display_name, metadata: metadata.clone(), settings, ..Configure::default() };
            let command = Command::Configure(configure);
            let etag = change.etag.or(Some(Version(current.version)));
            match self.change(&stream(id), Change { etag, ..change.clone() }, &command).await {
                Err(Error::EtagMismatch { .. }) if change.etag.is_none() => {}
                outcome => return outcome,
            }
        }
        Err(Error::Contended)
    }

    pub(crate) async fn enable_connection(
        &self,
        id: (OrganizationId, ConnectionId),
        change: Change,
    ) -> Result<Resource<Connection>, Error> {
        self.change(&stream(id), change, &Command::Enable).await
    }

    pub(crate) async fn disable_connection(
        &self,
        id: (OrganizationId, ConnectionId),
        change: Change,
        note: Note,
    ) -> Result<Resource<Connection>, Error> {
        self.change(&stream(id), change, &Command::Disable { note }).await
    }
}
