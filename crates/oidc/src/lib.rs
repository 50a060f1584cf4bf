//! OpenID Connect provider engine, sans-I/O: bytes, clients and a moment in; verdicts, URLs and tokens out.
//!
//! Vestibule is one OpenID provider with one kind of relying party, Amazon Cognito user pools. The engine implements
//! the authorization code flow of OpenID Connect Core 1.0 for confidential clients and nothing else: no implicit or
//! hybrid flow, no refresh tokens, no dynamic registration. It follows the specifications where Cognito is silent, so
//! that any certified client library can be pointed at it as well.
//!
//! | step | module items |
//! |---|---|
//! | discovery, keys | [`Issuer`], [`ProviderMetadata`], [`SigningKey`], [`JwkSet`] |
//! | authorize | [`AuthorizeQuery`] → [`AuthorizeRequest`] or [`AuthorizeError`]; answers by [`success_location`] and [`AuthorizeFailure::location`] |
//! | token | [`TokenRequest`] → [`AuthenticatedTokenRequest`] → [`Grant`] checked; answer [`TokenResponse`] or [`TokenError`] |
//! | userinfo | [`AccessToken::from_request`], [`UserinfoClaims`] |
//! | values | [`AuthorizationCode`], [`AccessToken`]: 256 random bits, found by digest, key of what is stored ([`seal`], [`open`]) |
//!
//! Time and randomness enter as values. Nothing here waits, but [`SigningKey::sign`] with RS256 computes for a third of
//! a millisecond to a whole one: call it off the threads that serve other requests.
//!
//! # What is left out on purpose
//!
//! The `iss` parameter of authorization responses (RFC 9207) is not sent and not announced. How Cognito's
//! `/oauth2/idpresponse` treats a parameter it does not know is undocumented, and Cognito binds a response to the
//! provider it asked through its own `state`, so there is nothing to gain that would justify the risk.

mod authorize;
mod claim;
mod client;
mod discovery;
mod issuer;
mod key;
mod limit;
mod parameter;
mod pkce;
mod sealed;
mod token;
mod value;

pub use authorize::{
    AuthorizeError, AuthorizeErrorCode, AuthorizeFailure, AuthorizePageError, AuthorizeQuery, AuthorizeRequest, Prompt,
    State, failure_location, success_location,
};
pub use claim::{AdditionalClaims, EmailClaim, IdTokenClaims, PersonClaims, ReservedClaim, UserinfoClaims};
pub use client::{Client, ClientSecrets, InvalidRedirectUri, RedirectUri, SecretDigest, TooManySecrets};
pub use discovery::ProviderMetadata;
pub use issuer::{InvalidIssuer, Issuer};
pub use key::{Algorithm, Jwk, JwkSet, KeyError, SignError, SigningKey};
pub use limit::{
    ACR_VALUES_BYTES_MAX, CODE_LIFETIME, CODE_VERIFIER_BYTES_MAX, CODE_VERIFIER_BYTES_MIN, ID_TOKEN_LIFETIME,
    LOGIN_HINT_BYTES_MAX, NONCE_BYTES_MAX, PARAMETERS_MAX, QUERY_BYTES_MAX, REDIRECT_URI_BYTES_MAX, SCOPE_BYTES_MAX,
    STATE_BYTES_MAX, TOKEN_BODY_BYTES_MAX, USERINFO_LIFETIME,
};
pub use pkce::{CodeChallenge, PkceError};
pub use sealed::{OpenError, SealError, open, seal};
pub use token::{
    AuthenticatedTokenRequest, BearerError, Grant, TokenError, TokenErrorCode, TokenRequest, TokenResponse,
};
pub use value::{AccessToken, AuthorizationCode, MalformedValue, ValueDigest};
