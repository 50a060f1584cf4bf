//! Amazon Cognito's vocabulary, pure: where a user pool listens ([`pool_url`]), how a sign-in is started
//! ([`AuthorizeUrl`], [`initiate_login_url`]), what federated users are called ([`username`]), which claims are Cognito's own
//! ([`is_reserved_claim`]), and the events of its Lambda triggers ([`TriggerEvent`], [`PreTokenGeneration`]).
//!
//! Trigger events are read leniently, as Cognito's documentation asks: unknown members stay, unknown values are not
//! errors, and what is handed back differs from what came in `response` only, byte for byte.

mod authorize;
mod claim;
mod domain;
mod initiate;
mod name;
mod trigger;

pub use authorize::{AuthorizeUrl, InvalidParameter, Parameter};
pub use claim::{Token, is_reserved_claim};
pub use domain::{pool_url, redirect_uri};
pub use initiate::{initiate_login_url, issuer};
pub use name::{ParsedUsername, USERNAME_CHARS_MAX, parse_username, username};
pub use trigger::{
    AnswerError, Bearer, ClaimsOverride, CreateAuthChallenge, DefineAuthChallenge, GroupsOverride, Identity,
    InboundFederation, NextStep, PosedChallenge, PreSignUp, PreTokenGeneration, ReservedClaim, Round, SignUp,
    TokenOverride, Trigger, TriggerError, TriggerEvent, User, UserEvent, VerifyAuthChallenge, parse_identities,
};
