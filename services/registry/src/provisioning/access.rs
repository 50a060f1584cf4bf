use aws_lc_rs::digest::{SHA256, digest};
use vestibule_eventlog::{Metadata, StreamId, Transaction, Version};
use vestibule_kernel::{DirectoryId, DirectoryTokenId, OrganizationId, constant_time_eq};
use vestibule_rpc::provisioning::v1 as pb;
use vestibule_tenancy::{
    connection::{self, Connection, SamlSettings},
    directory::{CATEGORY, Directory, RolesFrom, Terms},
};

use super::{Inner, error::Error};

/// More than any token of ours.
const TOKEN_BYTES_MAX: usize = 256;

/// A directory that has proved itself, or for which something is finished.
pub(super) struct Access {
    pub(super) directory: Terms,
    /// Its connection's settings, as they are now.
    pub(super) settings: SamlSettings,
    /// Who did it, for the events that a request causes.
    pub(super) metadata: Metadata,
    /// The streams of the directory and of the connection, and where they are: what is decided is decided on them.
    held: [(StreamId, Version); 2],
}

impl Access {
    pub(super) fn organization(&self) -> OrganizationId {
        self.directory.organization
    }

    pub(super) fn id(&self) -> DirectoryId {
        self.directory.directory
    }

    /// Whether roles come from the directory's groups.
    pub(super) fn has_roles(&self) -> bool {
        self.directory.settings.roles == RolesFrom::Directory
    }

    /// An append that takes effect only while the directory and the connection are what they were: neither a token that was
    /// retired meanwhile nor rules that were changed count any more.
    pub(super) fn transaction(&self) -> Transaction {
        let [(directory, at), (connection, then)] = self.held.clone();
        Transaction::new(self.metadata.clone()).unchanged(directory, at).unchanged(connection, then)
    }
}

pub(super) fn stream(organization: OrganizationId, directory: DirectoryId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), directory.uuid())
}

impl Inner {
    /// Looks at the token. What is not there and what is not good are told alike.
    pub(super) async fn access(&self, access: Option<pb::Access>, metadata: Metadata) -> Result<Access, Error> {
        Ok(self.authenticated(access, metadata).await?.0)
    }

    /// The same, and which token it is.
    pub(super) async fn authenticated(
        &self,
        access: Option<pb::Access>,
        metadata: Metadata,
    ) -> Result<(Access, DirectoryTokenId), Error> {
        let pb::Access { directory, token } = access.unwrap_or_default();
        let id: DirectoryId = directory.parse().map_err(|_| Error::TokenUnknown)?;
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(Error::TokenUnknown);
        }
        let organization = self.owner(id).await?.ok_or(Error::TokenUnknown)?;
        // The stream itself: a token that was retired a moment ago is good for nothing.
        let current = self.log.load::<Directory>(&stream(organization, id)).await?;
        let Directory::Present(terms) = current.state else { return Err(Error::TokenUnknown) };
        let presented = hex::encode(digest(&SHA256, token.as_bytes()));
        let mut good = None;
        for known in &terms.tokens {
            if constant_time_eq(known.digest.as_bytes(), presented.as_bytes()) {
                good = Some(known.token);
            }
        }
        let token = good.ok_or(Error::TokenUnknown)?;
        let metadata = Metadata { actor: format!("directory/{id}/{token}"), ..metadata };
        Ok((self.over(terms, current.version, metadata).await?, token))
    }

    /// What is finished for a directory is done by whom `metadata` says. `None` where there is no such directory.
    pub(super) async fn on_behalf_of(
        &self,
        (organization, id): (OrganizationId, DirectoryId),
        metadata: Metadata,
    ) -> Result<Option<Access>, Error> {
        let current = self.log.load::<Directory>(&stream(organization, id)).await?;
        match current.state {
            Directory::Present(terms) => Ok(Some(self.over(terms, current.version, metadata).await?)),
            Directory::Absent => Ok(None),
        }
    }

    async fn over(&self, directory: Terms, version: Version, metadata: Metadata) -> Result<Access, Error> {
        let organization = directory.organization;
        let stream = stream(organization, directory.directory);
        let connection = StreamId::of_id(connection::CATEGORY, Some(organization), directory.connection.uuid());
        let current = self.log.load::<Connection>(&connection).await?;
        let settings = current.state.trust().map(|trust| trust.settings.clone()).unwrap_or_default();
        Ok(Access { directory, settings, metadata, held: [(stream, version), (connection, current.version)] })
    }

    /// Whose the directory is, also when it was made a moment ago.
    async fn owner(&self, id: DirectoryId) -> Result<Option<OrganizationId>, Error> {
        if let Some(known) = self.index.read(|index| index.organization(id)) {
            return Ok(Some(known));
        }
        self.reach_head().await?;
        Ok(self.index.read(|index| index.organization(id)))
    }
}
