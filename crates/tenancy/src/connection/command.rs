use serde::{Deserialize, Serialize};
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use super::{
    Certificate, CheckedSettings, MetadataRefreshed, MetadataSource, SamlIdentityProvider, ServiceProviderKey, Tried,
};
use crate::{DisplayName, Note};

/// What can be asked of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to exist, disabled.
    Create(Create),
    /// Change some properties.
    Configure(Configure),
    /// Let people sign in through it.
    Enable,
    /// Let nobody sign in through it.
    Disable {
        /// Why.
        note: Note,
    },
    /// Take note of what the identity provider publishes at its metadata's address.
    ObserveMetadata(ObserveMetadata),
    /// Believe the proposed change of entity id or host, or the way back, with everything else that the document says.
    ApproveMetadataChange {
        /// The present.
        at: Timestamp,
    },
    /// Decline the proposed change: it is not proposed again as long as the document says the same.
    DeclineMetadataChange,
    /// Take note of a document that was read from the metadata's address, after what it says was observed.
    NoteRefresh(MetadataRefreshed),
    /// Take note that no usable document was found at the metadata's address.
    NoteRefreshFailure {
        /// A stable, UPPER_SNAKE_CASE reason.
        reason: &'static str,
        /// The present.
        at: Timestamp,
    },
    /// Trust a certificate that was only observed, that leaves, or that an operator has retired.
    TrustCertificate {
        /// Its fingerprint.
        fingerprint: String,
    },
    /// Trust a certificate no more, at once, whatever metadata says.
    RetireCertificate {
        /// Its fingerprint.
        fingerprint: String,
    },
    /// Note that a signature by a trusted certificate signed somebody in.
    Promote {
        /// Its fingerprint.
        fingerprint: String,
    },
    /// Let people begin over another connection, and end after an overlap.
    Replace {
        /// The other one.
        by: ConnectionId,
        /// The end of the overlap.
        until: Timestamp,
    },
    /// Note that a test sign-in passed.
    NoteTest(NoteTest),
    /// Note what time has done to certificates: they come near their end, expire, and leave after their overlap.
    NoteTime {
        /// The present.
        now: Timestamp,
    },
    /// Note which keys of ours stand in our metadata, which of them are used, and which others exist still.
    NoteKeys {
        /// All that stand in our metadata.
        keys: Vec<ServiceProviderKey>,
        /// The ids of all that exist.
        kept: Vec<String>,
        /// The present.
        now: Timestamp,
    },
}

/// A test sign-in that passed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoteTest {
    /// The test's id.
    pub test: String,
    /// What it was of.
    pub tried: Tried,
    /// The certificate whose key verified the answer.
    pub certificate_fingerprint: String,
    /// The present.
    pub now: Timestamp,
}

/// What was found at the address of an identity provider's metadata.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ObserveMetadata {
    /// What it says.
    pub metadata: SamlMetadata,
    /// What becomes of certificates that are new in it.
    pub trust: NewCertificates,
    /// The present.
    pub at: Timestamp,
    /// How it compares to what was read before.
    pub provenance: Provenance,
}

/// What whoever reads metadata knows of a document, apart from what it says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Provenance {
    /// See [`MetadataRefreshed::digest`].
    pub digest: Option<String>,
    /// By its own stamp it was made before one that was read already.
    pub is_older: bool,
    /// An operator wanted it read.
    pub is_wanted: bool,
}

/// What becomes of certificates that are new in metadata.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NewCertificates {
    /// They are trusted beside the others.
    Trust,
    /// They are observed, until an operator approves them.
    AwaitApproval,
}

/// The properties of a new connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Create {
    /// Its id.
    pub connection: ConnectionId,
    /// Whose it is; that the organization exists is for the caller to see.
    pub organization: OrganizationId,
    /// What people read when they have to choose.
    pub display_name: DisplayName,
    /// The identity provider.
    pub metadata: SamlMetadata,
    /// How it is dealt with.
    pub settings: CheckedSettings,
    /// Where its metadata is read from; `None`: it is imported by hand.
    pub metadata_source: Option<MetadataSource>,
}

/// Properties to change; what is absent stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Configure {
    /// What people read.
    pub display_name: Option<DisplayName>,
    /// The identity provider as it describes itself now. Certificates that it does not name any more are retired.
    pub metadata: Option<SamlMetadata>,
    /// How the identity provider is dealt with from now on, as a whole.
    pub settings: Option<CheckedSettings>,
    /// Where its metadata is read from from now on; `Some(None)`: it is imported by hand.
    pub metadata_source: Option<Option<MetadataSource>>,
}

/// A SAML identity provider as its metadata describes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SamlMetadata {
    /// All but the certificates.
    pub identity_provider: SamlIdentityProvider,
    /// Its signing certificates, in the order of the document.
    pub certificates: Vec<Certificate>,
}
