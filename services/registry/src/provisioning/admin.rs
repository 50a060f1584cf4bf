use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;
use vestibule_eventlog::{AppendError, Metadata, StreamId, Transaction, Version};
use vestibule_kernel::{DirectoryId, DirectoryTokenId, OrganizationId};
use vestibule_tenancy::{
    connection::{self, Connection},
    directory::{Command, Create, Directory, Rejection, Settings, Terms},
};

use super::{
    ATTEMPTS_MAX, Inner,
    access::stream,
    error::{Error, unprepared},
    person::subject,
    user::must_be,
};
use crate::resource::Resource;

/// What tokens begin with, so that whoever finds one in a log knows what it is.
const TOKEN_PREFIX: &str = "vestibule_scim_";

/// Bits of a token, divided by eight.
const TOKEN_BYTES: usize = 32;

/// A directory, as resource names say it.
pub(super) type DirectoryName = (OrganizationId, DirectoryId);

/// A directory that is there.
pub(super) struct Known {
    pub(super) terms: Terms,
    pub(super) resource: Resource<()>,
}

impl Inner {
    /// Creates the directory of a connection.
    pub(super) async fn create_directory(&self, metadata: Metadata, create: Create) -> Result<Known, Error> {
        let connection = StreamId::of_id(connection::CATEGORY, Some(create.organization), create.connection.uuid());
        let connection = self.log.load::<Connection>(&connection).await?.state;
        let trust = connection.trust().ok_or_else(|| Error::rejected(connection::Rejection::NotFound))?;
        // Whoever it makes could not be found again at sign-in.
        subject(&create.settings, &trust.settings, "anybody")?;
        let name = (create.organization, create.directory);
        let events = vestibule_decider::Decider::decide(&Directory::Absent, &Command::Create(create));
        let transaction = Transaction::new(metadata)
            .append(stream(name.0, name.1), Version::EMPTY, &events.map_err(Error::rejected)?)
            .map_err(unprepared)?;
        self.log.append(transaction).await?;
        self.directory(name).await
    }

    /// Lets a directory be understood in another way. What that means for its people is recorded behind it.
    pub(super) async fn configure_directory(
        &self,
        name: DirectoryName,
        etag: Option<Version>,
        metadata: Metadata,
        change: impl Fn(Settings) -> Settings,
    ) -> Result<Known, Error> {
        for _ in 0..ATTEMPTS_MAX {
            let known = self.directory(name).await?;
            let version = Version(known.resource.version);
            must_be(etag, version)?;
            self.reach_head().await?;
            let has_users = self.index.read(|index| index.contents(name.1).is_some_and(|all| !all.users.is_empty()));
            let settings = change(known.terms.settings.clone());
            let connection = StreamId::of_id(connection::CATEGORY, Some(name.0), known.terms.connection.uuid());
            let connection_now = self.log.load::<Connection>(&connection).await?;
            if let Some(trust) = connection_now.state.trust() {
                subject(&settings, &trust.settings, "anybody")?;
            }
            let configure = Command::Configure { settings, has_users };
            let present = Directory::Present(known.terms.clone());
            let events = vestibule_decider::Decider::decide(&present, &configure).map_err(Error::rejected)?;
            if events.is_empty() {
                return Ok(known);
            }
            let transaction = Transaction::new(metadata.clone()).unchanged(connection, connection_now.version);
            let transaction = transaction.append(stream(name.0, name.1), version, &events).map_err(unprepared)?;
            match self.log.append(transaction).await {
                Ok(appended) => {
                    self.finished(appended.cursor).await;
                    return self.directory(name).await;
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Contended)
    }

    pub(super) async fn directory(&self, name: DirectoryName) -> Result<Known, Error> {
        let current = self.log.load::<Directory>(&stream(name.0, name.1)).await?;
        let Directory::Present(terms) = current.state else { return Err(Error::rejected(Rejection::NotFound)) };
        let resource = Resource {
            state: (),
            version: current.version.0,
            created_at: current.first_recorded_at.unwrap_or_default(),
            updated_at: current.last_recorded_at.unwrap_or_default(),
        };
        Ok(Known { terms, resource })
    }

    pub(super) async fn directories(&self, organization: OrganizationId) -> Result<Vec<Known>, Error> {
        self.reach_head().await?;
        let ids = self.index.read(|index| index.directories(organization));
        let mut known = Vec::with_capacity(ids.len());
        for id in ids {
            known.push(self.directory((organization, id)).await?);
        }
        Ok(known)
    }

    /// Makes a token, for the one answer that shows it.
    pub(super) async fn add_token(
        &self,
        name: DirectoryName,
        etag: Option<Version>,
        metadata: Metadata,
    ) -> Result<(Known, DirectoryTokenId, SecretString), Error> {
        let random: [u8; TOKEN_BYTES] = self.ids.bytes();
        let secret = format!("{TOKEN_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random));
        let token = DirectoryTokenId::from_uuid(self.new_id());
        let digest = hex::encode(digest(&SHA256, secret.as_bytes()));
        let add = Command::AddToken { token, digest, at: self.clock.now() };
        self.log.execute::<Directory>(&stream(name.0, name.1), etag, metadata, &add).await?;
        Ok((self.directory(name).await?, token, SecretString::from(secret)))
    }

    pub(super) async fn retire_token(
        &self,
        name: DirectoryName,
        etag: Option<Version>,
        metadata: Metadata,
        token: DirectoryTokenId,
    ) -> Result<Known, Error> {
        let retire = Command::RetireToken { token };
        self.log.execute::<Directory>(&stream(name.0, name.1), etag, metadata, &retire).await?;
        self.directory(name).await
    }
}
