use vestibule_eventlog::Version;
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_tenancy::connection::{Command, Connection, MetadataSource, Rejection, SamlMetadata};

use super::{Change, Registry, connection::stream};
use crate::{
    error::Error,
    field::InvalidFields,
    metadata::{self, Cause, Entry, Outcome, Pending, Read},
    resource::Resource,
};

/// How often a decision is looked at anew because the connection was changed meanwhile.
const ATTEMPTS_MAX: u32 = 5;

/// Where the metadata of a new connection comes from.
pub(crate) enum MetadataOrigin {
    Document(String),
    Source(MetadataSource),
}

/// What of a source is to change.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct SourcePatch {
    /// Empty: metadata is imported by hand from now on.
    pub(crate) url: Option<String>,
    pub(crate) pin: PinPatch,
    pub(crate) requires_approval: Option<bool>,
}

/// What becomes of the pinned certificate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum PinPatch {
    #[default]
    Keep,
    Remove,
    /// DER in Base64.
    Set(String),
}

/// What an operator decides about a change that metadata proposes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    Approve,
    Decline,
}

impl SourcePatch {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn over(&self, before: Option<&MetadataSource>) -> Result<Option<MetadataSource>, InvalidFields> {
        let url = self.url.clone().or_else(|| before.map(|before| before.url.clone()));
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            let asks = matches!(self.pin, PinPatch::Set(_)) || self.requires_approval == Some(true);
            let field = "connection.saml.metadata_url";
            let missing = || InvalidFields::one("FIELD_REQUIRED", field, "the metadata is not read from an address");
            return if asks { Err(missing()) } else { Ok(None) };
        };
        Ok(Some(MetadataSource {
            url,
            pinned_key_der: match &self.pin {
                PinPatch::Keep => before.and_then(|before| before.pinned_key_der.clone()),
                PinPatch::Remove => None,
                PinPatch::Set(der) => Some(der.clone()),
            },
            requires_approval: self
                .requires_approval
                .unwrap_or_else(|| before.is_some_and(|before| before.requires_approval)),
        }))
    }
}

impl Registry {
    /// The metadata of a new connection.
    pub(super) async fn begin_metadata(
        &self,
        origin: MetadataOrigin,
    ) -> Result<(SamlMetadata, Option<(MetadataSource, Read)>), Error> {
        match origin {
            MetadataOrigin::Document(xml) => Ok((metadata::read(&xml, self.clock.now())?, None)),
            MetadataOrigin::Source(source) => {
                let read = self.refresher.read(&source).await?;
                Ok((read.document.metadata.clone(), Some((source, read))))
            }
        }
    }

    /// What is imported because the source is another one than before.
    pub(super) async fn read_changed(
        &self,
        before: Option<&MetadataSource>,
        wanted: Option<&MetadataSource>,
    ) -> Result<Option<Read>, Error> {
        let Some(wanted) = wanted else { return Ok(None) };
        let same =
            before.is_some_and(|before| before.url == wanted.url && before.pinned_key_der == wanted.pinned_key_der);
        Ok(if same { None } else { Some(self.refresher.read(wanted).await?) })
    }

    /// How reading the metadata of a connection goes.
    pub(crate) async fn metadata_entry(&self, connection: &Connection) -> Result<Option<Entry>, Error> {
        let trust = connection.trust();
        match trust.and_then(|trust| Some((trust.connection, trust.metadata_source.as_ref()?))) {
            Some((connection, source)) => self.refresher.entry(connection, source).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn refresh_metadata(
        &self,
        id: (OrganizationId, ConnectionId),
        change: Change,
    ) -> Result<(Resource<Connection>, Outcome), Error> {
        // That it is not there is told as such.
        self.connection(id).await?;
        let outcome = self.refresher.refresh(id, &Cause::Operator(change.metadata)).await?;
        Ok((self.connection(id).await?, outcome))
    }

    /// Approves or declines the change that the operator has looked at, and no other one.
    pub(crate) async fn settle_metadata_change(
        &self,
        id: (OrganizationId, ConnectionId),
        change: Change,
        name: &str,
        decision: Decision,
    ) -> Result<Resource<Connection>, Error> {
        for _ in 0..ATTEMPTS_MAX {
            let current = self.connection(id).await?;
            let pending = current.state.trust().and_then(Pending::of);
            let pending = pending.ok_or_else(|| Error::rejected(Rejection::NothingProposed))?;
            if pending.change != name {
                return Err(Error::MetadataChangeOutdated);
            }
            let command = match decision {
                Decision::Approve => Command::ApproveMetadataChange { at: self.clock.now() },
                Decision::Decline => Command::DeclineMetadataChange,
            };
            let etag = Some(Version(current.version));
            match self.change(&stream(id), Change { etag, ..change.clone() }, &command).await {
                Err(Error::EtagMismatch { .. }) => {}
                outcome => return outcome,
            }
        }
        Err(Error::Contended)
    }

    /// A signature did not verify with any trusted certificate of the connection.
    pub(crate) fn notice_unknown_certificate(&self, id: (OrganizationId, ConnectionId)) {
        self.refresher.notice(id);
    }
}
