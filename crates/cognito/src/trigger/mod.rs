//! Events of Lambda triggers.

mod challenge;
mod error;
mod event;
mod federation;
mod identity;
mod kind;
mod members;
mod overriding;
mod sign_up;
mod token_generation;
mod user;
mod user_event;

pub use challenge::{CreateAuthChallenge, DefineAuthChallenge, NextStep, PosedChallenge, Round, VerifyAuthChallenge};
pub use error::{AnswerError, ReservedClaim, TriggerError};
pub use event::TriggerEvent;
pub use federation::InboundFederation;
pub use identity::{Identity, parse_identities};
pub use kind::Trigger;
pub use overriding::{ClaimsOverride, GroupsOverride, TokenOverride};
pub use sign_up::{PreSignUp, SignUp};
pub use token_generation::{Bearer, PreTokenGeneration};
pub use user::User;
pub use user_event::UserEvent;
