//! Amazon Cognito's vocabulary, pure: where a user pool listens ([`pool_url`]), how a sign-in is started
//! ([`AuthorizeUrl`]), what federated users are called ([`username`]), which claims are Cognito's own
//! ([`is_reserved_claim`]), and the events of its Lambda triggers ([`TriggerEvent`]): tokens ([`PreTokenGeneration`]), what
//! guards a sign-in ([`InboundFederation`], [`PreSignUp`], [`UserEvent`]), and challenges ([`DefineAuthChallenge`],
//! [`CreateAuthChallenge`], [`VerifyAuthChallenge`]).
//!
//! Trigger events are read leniently, as Cognito's documentation asks: unknown members stay, unknown values are not
//! errors, and what is handed back is the text that came, but for the value of `response`. What is needed and has another
//! type, or is there twice, is refused.

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
