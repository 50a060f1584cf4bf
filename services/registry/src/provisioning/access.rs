use aws_lc_rs::digest::{SHA256, digest};
use vestibule_eventlog::{Metadata, StreamId};
use vestibule_kernel::{DirectoryId, DirectoryTokenId, OrganizationId, constant_time_eq};
use vestibule_rpc::provisioning::v1 as pb;
use vestibule_tenancy::{
    connection::{self, Connection, SamlSettings},
    directory::{CATEGORY, Created, Directory},
};

use super::{Inner, error::Error};

/// More than any token of ours.
const TOKEN_BYTES_MAX: usize = 256;

/// A directory that has proved itself.
pub(super) struct Access {
    pub(super) directory: Created,
    pub(super) token: DirectoryTokenId,
    /// Its connection's settings, as they are now.
    pub(super) settings: SamlSettings,
    /// Who did it, for the events that a request causes.
    pub(super) metadata: Metadata,
}

impl Access {
    pub(super) fn organization(&self) -> OrganizationId {
        self.directory.organization
    }

    pub(super) fn id(&self) -> DirectoryId {
        self.directory.directory
    }
}

pub(super) fn stream(organization: OrganizationId, directory: DirectoryId) -> StreamId {
    StreamId::of_id(CATEGORY, Some(organization), directory.uuid())
}

impl Inner {
    /// Looks at the token. What is not there and what is not good are told alike.
    pub(super) async fn access(&self, access: Option<pb::Access>, metadata: Metadata) -> Result<Access, Error> {
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
        let directory = terms.created;
        let connection = StreamId::of_id(connection::CATEGORY, Some(organization), directory.connection.uuid());
        let connection = self.log.load::<Connection>(&connection).await?.state;
        let settings = connection.trust().map(|trust| trust.settings.clone()).unwrap_or_default();
        let metadata = Metadata { actor: format!("directory/{id}/{token}"), ..metadata };
        Ok(Access { directory, token, settings, metadata })
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
