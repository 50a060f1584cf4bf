use vestibule_kernel::{Explain, Explanation, Kind};

/// Why a connection says no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rejection {
    /// It exists already.
    #[error("the connection exists already")]
    AlreadyExists,
    /// It does not exist.
    #[error("the connection does not exist")]
    NotFound,
    /// Another entity id is another identity provider: people would be recognised by names that somebody else gives.
    #[error("the entity id of a connection never changes: create another connection for another identity provider")]
    EntityIdImmutable,
    /// Nothing could ever be verified.
    #[error("an identity provider without a signing certificate cannot be trusted")]
    NoCertificate,
    /// There would be nowhere to send anybody.
    #[error("an identity provider without a single sign-on endpoint cannot be used")]
    NoEndpoint,
    /// More than [`super::CERTIFICATES_MAX`] would be trusted.
    #[error(
        "the metadata names other certificates so often that more than {} would be trusted",
        super::CERTIFICATES_MAX
    )]
    TooManyCertificates,
    /// There is nothing to approve.
    #[error("the metadata proposes no change that awaits approval")]
    NothingProposed,
    /// An older document than one that was read before.
    #[error(
        "the document is older than one that was read before, by its own stamp, and says something else: an old copy, or a \
         replayed one"
    )]
    MetadataOutdated,
    /// What was proposed is not to be believed any more.
    #[error(
        "the metadata that proposed the change was valid until a moment that has passed: refresh it, and look again"
    )]
    ProposalExpired,
    /// The certificate is none of this connection's.
    #[error("no certificate of this fingerprint is known to the connection")]
    CertificateNotFound,
    /// Nobody could sign in any more, which is what disabling says.
    #[error("it is the only certificate that is trusted: disable the connection, or trust another one first")]
    LastCertificate,
    /// Whoever wants to know whether it works can sign in.
    #[error("the connection is enabled: a test sign-in is for one that is not live")]
    Enabled,
    /// Nobody signs in through it.
    #[error("the connection is disabled: there is nothing to replace")]
    Disabled,
    /// What was tested is not what is there.
    #[error("the connection was changed during the test: test it again")]
    ChangedDuringTest,
    /// A ticket counts once.
    #[error("a test has passed with this ticket already: ask for another link")]
    TestRepeated,
}

impl Explain for Rejection {
    fn explain(&self) -> Explanation {
        let metadata = |reason| Explanation::field(reason, "connection.saml.metadata_xml", self.to_string());
        match self {
            Self::AlreadyExists => Explanation::new(Kind::AlreadyExists, "CONNECTION_ALREADY_EXISTS"),
            Self::NotFound => Explanation::new(Kind::NotFound, "CONNECTION_NOT_FOUND"),
            Self::EntityIdImmutable => metadata("ENTITY_ID_IMMUTABLE"),
            Self::NoCertificate => metadata("METADATA_WITHOUT_SIGNING_CERTIFICATE"),
            Self::NoEndpoint => metadata("METADATA_WITHOUT_SINGLE_SIGN_ON_SERVICE"),
            Self::TooManyCertificates => Explanation::new(Kind::Precondition, "TOO_MANY_CERTIFICATES"),
            Self::NothingProposed => Explanation::new(Kind::Precondition, "METADATA_CHANGE_NOT_PROPOSED"),
            Self::MetadataOutdated => Explanation::new(Kind::Precondition, "METADATA_OUTDATED"),
            Self::ProposalExpired => Explanation::new(Kind::Precondition, "METADATA_CHANGE_EXPIRED"),
            Self::CertificateNotFound => Explanation::new(Kind::NotFound, "CERTIFICATE_NOT_FOUND"),
            Self::LastCertificate => Explanation::new(Kind::Precondition, "CERTIFICATE_LAST"),
            Self::Enabled => Explanation::new(Kind::Precondition, "CONNECTION_ENABLED"),
            Self::Disabled => Explanation::new(Kind::Precondition, "CONNECTION_DISABLED"),
            Self::ChangedDuringTest => Explanation::new(Kind::Conflict, "CONNECTION_CHANGED_DURING_TEST"),
            Self::TestRepeated => Explanation::new(Kind::Precondition, "TEST_TICKET_USED"),
        }
    }
}
