/// What can go wrong at the simulated identity provider.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdpError {
    /// A key or certificate could not be made or read.
    #[error("the certificate could not be made")]
    Certificate(#[source] rcgen::Error),
    /// A private key could not be loaded for signing.
    #[error("the private key could not be loaded")]
    Key(#[source] bergshamra::Error),
    /// A validity date lies outside of what X.509 can write.
    #[error("the certificate's validity is outside the years X.509 can write")]
    Validity,
    /// The signature could not be made.
    #[error("the signature could not be made")]
    Signing(#[source] bergshamra::Error),
    /// The document to sign, or the request that was received, is not XML.
    #[error("not well-formed XML")]
    Xml(#[source] uppsala::XmlError),
    /// No element carries the ID that shall be signed.
    #[error("no element carries the ID that shall be signed")]
    NothingToSign,
    /// The message carries no `SAMLRequest`.
    #[error("the parameter SAMLRequest is missing")]
    RequestMissing,
    /// The `SAMLRequest` is not Base64.
    #[error("the SAMLRequest is not Base64")]
    Base64(#[source] base64::DecodeError),
    /// The `SAMLRequest` is not DEFLATE data or inflates to more than 64 KiB.
    #[error("the SAMLRequest is not DEFLATE data or too large")]
    Deflate,
    /// The message is not UTF-8.
    #[error("the message is not UTF-8")]
    Utf8,
    /// The content could not be encrypted for the certificate.
    #[error("the content cannot be encrypted for this certificate")]
    Encryption,
    /// The XML is not the metadata of a service provider.
    #[error("this is not the metadata of one service provider")]
    NotServiceProviderMetadata,
    /// The request is not signed.
    #[error("the request is not signed, as this service provider's must be")]
    RequestUnsigned,
    /// The signature of the request does not verify with a certificate of the service provider.
    #[error("the signature of the request is not the service provider's")]
    RequestSignatureInvalid,
    /// The message is XML, but not a `samlp:AuthnRequest` with an ID and an Issuer.
    #[error("the message is not a samlp:AuthnRequest with an ID and an Issuer")]
    NotAnAuthnRequest,
    /// The message is XML, but neither a `samlp:LogoutRequest` nor a `samlp:LogoutResponse` with an ID and an Issuer.
    #[error("the message is neither a samlp:LogoutRequest nor a samlp:LogoutResponse with an ID and an Issuer")]
    NotALogoutMessage,
}
