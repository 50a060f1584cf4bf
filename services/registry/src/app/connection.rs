use vestibule_eventlog::StreamId;
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_tenancy::{
    DisplayName, Note,
    connection::{CATEGORY, CheckedSettings, Command, Configure, Connection, Create, Rejection},
};

use super::{Change, Origin, Registry};
use crate::{directory::Listed, error::Error, listing::Listing, metadata, resource::Resource};

/// A connection that a caller asks for.
pub(crate) struct NewConnection {
    pub(crate) organization: OrganizationId,
    pub(crate) display_name: DisplayName,
    pub(crate) metadata_xml: String,
}

/// The properties of a connection that a caller wants to change.
#[derive(Default)]
pub(crate) struct ConfigureConnection {
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) metadata_xml: Option<String>,
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
        let NewConnection { organization, display_name, metadata_xml } = new;
        self.require_organization(organization).await?;
        let metadata = metadata::read(&metadata_xml, self.clock.now())?;
        let connection = ConnectionId::from_uuid(self.new_id());
        let create =
            Create { connection, organization, display_name, metadata, settings: CheckedSettings::default() };
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
        let configure = Configure { display_name: configure.display_name, metadata, settings: None };
        self.change(&stream(id), change, &Command::Configure(configure)).await
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
