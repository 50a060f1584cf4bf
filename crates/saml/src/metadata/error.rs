use vestibule_kernel::{Explain, Explanation};

use crate::{CertificateError, limit, xml::Fault};

/// Why metadata is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// More than [`limit::METADATA_BYTES_MAX`].
    #[error("the metadata is larger than {} bytes", limit::METADATA_BYTES_MAX)]
    TooLarge,
    /// Not well-formed XML in UTF-8, or a required part is not as it must be.
    #[error("the metadata is not well-formed XML in UTF-8")]
    Malformed,
    /// It has a DTD.
    #[error("the metadata has a document type declaration, which is never needed and often an attack")]
    DoctypeForbidden,
    /// Nested too deeply, or a tag beyond the limits.
    #[error("the metadata is nested too deeply or has a tag with too many bytes or attributes")]
    TooComplex,
    /// Not SAML metadata.
    #[error("this is not SAML metadata: expected an EntityDescriptor; is it a web page or the wrong file?")]
    NotMetadata,
    /// No IDPSSODescriptor for SAML 2.0; perhaps the metadata of a service provider.
    #[error("the metadata describes no SAML 2.0 identity provider; is it a service provider's?")]
    NoIdentityProvider,
    /// More than one identity provider.
    #[error("the metadata describes several identity providers: give the EntityDescriptor of one")]
    SeveralIdentityProviders,
    /// No entityID.
    #[error("the EntityDescriptor has no entityID")]
    EntityIdMissing,
    /// An entityID beyond [`limit::ENTITY_ID_CHARS_MAX`].
    #[error("the entityID has more than {} characters", limit::ENTITY_ID_CHARS_MAX)]
    EntityIdTooLong,
    /// No endpoint with a binding that is spoken here.
    #[error("the identity provider has no SingleSignOnService with the HTTP-Redirect or HTTP-POST binding")]
    NoSingleSignOnService,
    /// An endpoint that is not https.
    #[error("the Location of a SingleSignOnService is not an https address")]
    LocationInvalid,
    /// No signing certificate.
    #[error("the identity provider has no signing certificate")]
    NoCertificate,
    /// More than [`limit::CERTIFICATES_MAX`] signing certificates.
    #[error("the identity provider has more than {} signing certificates", limit::CERTIFICATES_MAX)]
    TooManyCertificates,
    /// A certificate that is not taken.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A validUntil that is no moment in time.
    #[error("validUntil is not a moment in time as SAML writes it")]
    ValidUntilMalformed,
    /// Not signed, though a signature is asked for.
    #[error("the metadata is not signed: expected a signature of the EntityDescriptor, or of what is around it")]
    SignatureMissing,
    /// A signature of another form than SAML prescribes.
    #[error("the signature of the metadata has not the form that SAML prescribes")]
    SignatureMalformed,
    /// An algorithm that is not on the list.
    #[error(
        "the metadata is signed with an algorithm that is not accepted: expected RSA or ECDSA with SHA-256 or more"
    )]
    SignatureAlgorithm,
    /// The pinned key did not make it, or the document was changed afterwards.
    #[error(
        "the signature of the metadata does not verify with the pinned key, or the document was changed afterwards"
    )]
    SignatureInvalid,
}

impl From<Fault> for MetadataError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooLarge => Self::TooLarge,
            Fault::TagTooLarge | Fault::TooDeep | Fault::TooDense => Self::TooComplex,
            Fault::Doctype => Self::DoctypeForbidden,
            Fault::Malformed => Self::Malformed,
        }
    }
}

impl Explain for MetadataError {
    fn explain(&self) -> Explanation {
        let reason = match self {
            Self::TooLarge => "METADATA_TOO_LARGE",
            Self::Malformed => "METADATA_MALFORMED",
            Self::DoctypeForbidden => "METADATA_DOCTYPE_FORBIDDEN",
            Self::TooComplex => "METADATA_TOO_COMPLEX",
            Self::NotMetadata => "METADATA_NOT_SAML",
            Self::NoIdentityProvider => "METADATA_WITHOUT_IDENTITY_PROVIDER",
            Self::SeveralIdentityProviders => "METADATA_WITH_SEVERAL_IDENTITY_PROVIDERS",
            Self::EntityIdMissing => "METADATA_WITHOUT_ENTITY_ID",
            Self::EntityIdTooLong => "METADATA_ENTITY_ID_TOO_LONG",
            Self::NoSingleSignOnService => "METADATA_WITHOUT_SINGLE_SIGN_ON_SERVICE",
            Self::LocationInvalid => "METADATA_LOCATION_INVALID",
            Self::NoCertificate => "METADATA_WITHOUT_SIGNING_CERTIFICATE",
            Self::TooManyCertificates => "METADATA_WITH_TOO_MANY_CERTIFICATES",
            Self::Certificate(error) => error.explain().reason,
            Self::ValidUntilMalformed => "METADATA_VALID_UNTIL_MALFORMED",
            Self::SignatureMissing => "METADATA_SIGNATURE_MISSING",
            Self::SignatureMalformed => "METADATA_SIGNATURE_MALFORMED",
            Self::SignatureAlgorithm => "METADATA_SIGNATURE_ALGORITHM",
            Self::SignatureInvalid => "METADATA_SIGNATURE_INVALID",
        };
        Explanation::field(reason, "metadata_xml", self.to_string())
    }
}
