//! What the registry does, apart from gRPC: commands on the event log and reading.

mod certificate;
mod change;
mod claim_policy;
mod connection;
mod create;
mod domain;
mod domain_move;
mod metadata;
mod native_user;
mod onboarding;
mod organization;
mod person;
mod relink;
mod replacement;
mod test_sign_in;
mod user_pool;

use std::sync::Arc;

use vestibule_decider::Decider;
use vestibule_eventlog::{EventLog, Metadata, StreamId};
use vestibule_host::{PublicUrl, Resources};
use vestibule_kernel::{Clock, IdSource, OrganizationId, Timestamp};
use vestibule_storage::{KeyStore, TestSignIns};

pub(crate) use certificate::{
    CertificateKind, CertificateName, Happened, Listed as ListedCertificate, Wanted as WantedCertificates,
};
pub(crate) use claim_policy::SavedPolicy;
pub(crate) use connection::{ConfigureConnection, NewConnection};
pub(crate) use create::Origin;
pub(crate) use domain::NewDomain;
pub(crate) use domain_move::Move;
pub(crate) use metadata::{Decision, MetadataOrigin, PinPatch, SourcePatch};
pub(crate) use native_user::NewNativeUser;
pub(crate) use organization::NewOrganization;
pub(crate) use person::{FoundBy, WantedSubject};
pub(crate) use replacement::Replace;
pub(crate) use test_sign_in::TestSignIn;
pub(crate) use user_pool::{NewUserPool, WithSecret};

use crate::{
    certificates::Certificates,
    directory::{Directory, Listed},
    error::Error,
    listing::Listing,
    metadata::Refresher,
    onboarding::Onboardings,
    people::People,
    resource::Resource,
};

/// The registry.
pub(crate) struct Registry {
    log: EventLog,
    directory: Directory,
    people: People,
    certificates: Certificates,
    onboardings: Onboardings,
    refresher: Arc<Refresher>,
    test_sign_ins: TestSignIns,
    keys: KeyStore,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    public_url: PublicUrl,
}

/// Which state of a resource a change is meant for, and who asks.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) etag: Option<vestibule_eventlog::Version>,
    pub(crate) metadata: Metadata,
}

impl Registry {
    pub(crate) fn new(
        resources: &Resources,
        directory: Directory,
        people: People,
        certificates: Certificates,
        onboardings: Onboardings,
        refresher: Arc<Refresher>,
    ) -> Self {
        Self {
            log: resources.log.clone(),
            directory,
            people,
            certificates,
            onboardings,
            refresher,
            test_sign_ins: TestSignIns::new(Arc::clone(&resources.expiring)),
            keys: resources.keys.clone(),
            clock: Arc::clone(&resources.clock),
            ids: Arc::clone(&resources.ids),
            public_url: resources.public_url.clone(),
        }
    }

    /// The present.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The gateway's address, of which a connection's own addresses are made.
    pub(crate) fn public_url(&self) -> &PublicUrl {
        &self.public_url
    }

    /// Reads one resource from its stream; `absent` is what its aggregate says when there is none.
    async fn read<D: Decider>(&self, stream: &StreamId, absent: D::Rejection) -> Result<Resource<D>, Error> {
        let current = self.log.load::<D>(stream).await?;
        if current.cursor.is_some() { Ok(current.into()) } else { Err(Error::rejected(absent)) }
    }

    async fn list<D: Decider + serde::de::DeserializeOwned>(
        &self,
        organization: Option<OrganizationId>,
        listing: &Listing,
    ) -> Result<Listed<D>, Error> {
        self.directory.list(organization, listing).await
    }

    /// A fresh id that sorts by the time of its making.
    fn new_id(&self) -> uuid::Uuid {
        self.ids.uuid_v7(self.clock.now())
    }
}
