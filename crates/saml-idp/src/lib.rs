//! The identity provider's side of SAML 2.0, sans-I/O: keys and certificates, metadata, reading of
//! `AuthnRequest`s, signed Responses, logout in both directions.
//!
//! **For the sandbox, tests and benchmarks; never linked into a service.** It signs whatever it is told to sign,
//! and with [`Deviations`] and [`SignatureProfile`] it deliberately makes messages that a service provider must
//! refuse. It shares no code with the service provider's engine, so that a mistake there is not repeated here.
//!
//! ```
//! use vestibule_kernel::{SystemIds, Timestamp};
//! use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, SigningKey, Subject};
//!
//! # fn main() -> Result<(), vestibule_saml_idp::IdpError> {
//! let now = Timestamp::from_unix_seconds(1_800_000_000);
//! let until = Timestamp::from_unix_seconds(1_900_000_000);
//! let key = SigningKey::generate(KeyType::EcP256, "idp.acme.test", now, until)?;
//! let idp = IdentityProvider::new("https://idp.acme.test/saml", "https://idp.acme.test/sso", key);
//!
//! let ada = Subject::email("ada@acme.test").with("email", ["ada@acme.test"]).with("groups", ["staff", "admins"]);
//! let terms = ResponseTerms::new("https://sp.example/acs", "https://sp.example/saml", now, &SystemIds)
//!     .answering("_0123456789abcdef0123456789abcdef");
//! let xml = idp.respond(&ada, &terms)?;
//! assert!(xml.contains("<ds:SignatureValue>"));
//! # Ok(()) }
//! ```

mod binding;
mod encryption;
mod error;
mod forgery;
mod key;
mod logout;
mod metadata;
mod provider;
mod request;
mod request_signature;
mod response;
mod service_provider;
mod signature;
mod subject;
mod terms;
mod xml;

pub use binding::{post_form_html, saml_response_value};
pub use encryption::{ContentCipher, EncryptionTerms, Encrypts, KeyPlacement, KeyTransport};
pub use error::IdpError;
pub use forgery::{Forger, Forgery};
pub use key::{KeyType, SigningKey};
pub use logout::{LogoutKind, LogoutTerms, ReceivedLogout};
pub use provider::IdentityProvider;
pub use request::ReceivedRequest;
pub use service_provider::KnownServiceProvider;
pub use signature::{KeyInfo, SignatureAlgorithm, SignatureProfile};
pub use subject::{Subject, SubjectAttribute};
pub use terms::{Deviation, Deviations, ResponseTerms, Signed};
