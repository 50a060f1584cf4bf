//! SAML 2.0 service provider engine, sans-I/O: bytes, time and trust in, verdict out.
//!
//! Nothing here is async, reads a clock, draws a random number or opens a connection. The caller hands in what
//! arrived, what it expects and which certificates it trusts, and gets back a [`Verdict`]: every [`Check`] of the
//! path with what was expected and what was found, and either the [`Assertion`] or one [`Refusal`].
//!
//! # What is done, and in which order
//!
//! 1. The message is decoded and measured: bytes, depth, the size of each tag. No parser has seen it yet.
//! 2. It is parsed once, without DTD. **Everything that follows reads this one tree**, so that no second reading
//!    can see another document than the one whose signature was verified.
//! 3. Its shape is compared with the only shape that is accepted: one Response with one Assertion, signatures only
//!    where SAML puts them, each with exactly the transforms and algorithms that are allowed.
//! 4. The signatures are verified with the keys of the trusted certificates and with nothing else; what the
//!    message says about its key chooses nothing.
//! 5. Only then are values read, and only below an element that a verified signature covers. The single exception
//!    can but refuse: the Response's own Status, Destination, InResponseTo and Issuer are compared even when only
//!    the Assertion is signed.
//! 6. Issuer, destination, request, audience, recipient and every moment in time are compared with what was
//!    expected.
//!
//! Whether an assertion was used before is not known here: the caller keeps [`Assertion::id`] at least until
//! [`Assertion::issue_instant`] is older than [`limit::ASSERTION_AGE_MAX`] and refuses it the second time.
//!
//! # What it is proven against
//!
//! `tests/saml/corpus` holds more than 300 forgeries as a table: what each is, which CVE or paper tells of it, the check
//! that has to catch it and the reason it is refused for; the tests assert all of it. `tests/saml/fuzz` mutates them,
//! and genuine messages, for as long as it is told: whatever is accepted must be what the identity provider signed.
//!
//! # Example
//!
//! ```
//! use vestibule_kernel::Timestamp;
//! use vestibule_saml::{Expectation, Refusal, TrustedCertificates, validate};
//!
//! # fn example(trusted: &TrustedCertificates, saml_response: &str) {
//! let expectation = Expectation {
//!     service_provider: "https://sign-in.example/saml/acme",
//!     acs_url: "https://sign-in.example/saml/acme/acs",
//!     identity_provider: "https://idp.acme.test/saml",
//!     trusted,
//!     in_response_to: Some("_0123456789abcdef0123456789abcdef"),
//!     now: Timestamp::from_unix_seconds(1_800_000_000),
//!     skew: std::time::Duration::from_secs(60),
//!     sha1_until: None,
//!     enforce_certificate_validity: false,
//!     decryption: None,
//!     encryption_required: false,
//!     required_authn_context: &[],
//! };
//! let verdict = validate(saml_response, &expectation);
//! match verdict.outcome {
//!     Ok(assertion) => println!("{} says: {:?}", assertion.issuer, assertion.subject),
//!     Err(refusal) => println!("{}, to be mended by {}", refusal.reason(), refusal.responsible()),
//! }
//! # }
//! ```

mod assertion;
mod attribute;
mod authn_request;
mod certificate;
mod check;
mod credential;
mod encoding;
mod encryption;
pub mod limit;
mod logout;
mod metadata;
mod name;
mod outgoing;
mod refusal;
mod response;
mod service_provider;
mod signature;
mod trust;
mod unverified;
mod xml;

pub use assertion::{Assertion, Attribute, NameId};
pub use attribute::{
    Claim, ClaimRule, Mapping, NormalisedIdentity, Preset, SubjectFault, SubjectId, SubjectSource, normalise,
};
pub use authn_request::{AuthnRequest, ParseRequestIdError, RelayState, RelayStateError, RequestId};
pub use certificate::{Certificate, CertificateError, Fingerprint, KeyAlgorithm, ParseFingerprintError};
pub use check::{Check, CheckName, CheckStatus, Checks, Verdict, Verified};
pub use credential::{Credential, CredentialError};
pub use encryption::DecryptionKeys;
pub use logout::{
    LogoutExpectation, LogoutMessage, LogoutOutcome, LogoutRequest, LogoutResponse, LogoutStatus, LogoutVerdict,
    ReceivedLogout, ReceivedLogoutRequest, ReceivedLogoutResponse, validate_logout,
};
pub use metadata::{
    Binding, IdentityProviderMetadata, MetadataError, MetadataStamp, SingleLogoutService, SingleSignOnService,
};
pub use name::name_id_format;
pub use outgoing::{MessageKind, OutgoingMessage, SigningError};
pub use refusal::{Refusal, Responsible};
pub use response::{Expectation, validate, validate_xml};
pub use service_provider::{ServiceProvider, ServiceProviderMetadata};
pub use trust::{TrustError, TrustedCertificates};
pub use unverified::{Sample, Unverified, pasted_form_value};
