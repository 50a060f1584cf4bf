//! Signing in by a challenge of our own, for users whom a pool holds itself. How it is proven is a [`Check`]; what holds for
//! every check is here: one challenge, one attempt, never for somebody who comes through an identity provider, and nobody
//! learns whether a user exists.

mod signed_nonce;

use std::{fmt, fs, path::PathBuf, sync::Arc};

use vestibule_cognito::{
    CreateAuthChallenge, DefineAuthChallenge, NextStep, PosedChallenge, Trigger, TriggerError, TriggerEvent, User,
    VerifyAuthChallenge,
};
use vestibule_kernel::{Explain, Explanation, ExposeSecret as _, IdSource, Kind, SecretBytes};

use crate::{config::Config, error::EnrichmentError, people::UserPool};

use signed_nonce::SignedNonce;

/// The fewest bytes of the key: as many as the digest has (RFC 2104 section 3).
const KEY_BYTES_MIN: usize = 32;

/// The most bytes of the key file.
const KEY_BYTES_MAX: usize = 1024;

/// Who is asked to prove something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Challenged<'a> {
    pub(crate) user_pool_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user_name: &'a str,
}

/// A way to prove who one is.
pub(crate) trait Check: fmt::Debug + Send + Sync {
    /// Poses a challenge, a new one each time. What must stay secret goes into the private parameters and nowhere else.
    fn pose(&self, challenged: &Challenged<'_>) -> PosedChallenge;

    /// Whether the answer meets the challenge. Secrets are compared in constant time.
    fn is_met(&self, challenged: &Challenged<'_>, challenge: &VerifyAuthChallenge<'_>) -> bool;
}

/// What answers the triggers of sign-ins by challenges.
#[derive(Clone, Debug)]
pub(crate) struct Challenges(Option<Arc<dyn Check>>);

/// The key of the challenge cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeKeyError {
    /// The file cannot be read.
    #[error("enrichment.challenge_key_file cannot be read: {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Too few bytes for a key, or too many.
    #[error("enrichment.challenge_key_file must hold {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes: {}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
    },
}

impl Explain for ChallengeKeyError {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Precondition, "CHALLENGE_KEY_UNUSABLE")
    }
}

impl Challenges {
    /// The check that is configured, if one is.
    pub(crate) fn open(config: &Config, ids: Arc<dyn IdSource>) -> Result<Self, ChallengeKeyError> {
        let Some(path) = &config.challenge_key_file else { return Ok(Self(None)) };
        let key = fs::read(path).map_err(|source| ChallengeKeyError::Unreadable { path: path.clone(), source })?;
        let key = SecretBytes::from(key);
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.expose_secret().len()) {
            return Err(ChallengeKeyError::Length { path: path.clone() });
        }
        Ok(Self(Some(Arc::new(SignedNonce::new(&key, ids)))))
    }

    pub(crate) fn answer(&self, pool: &UserPool, event: TriggerEvent<'_>) -> Result<String, EnrichmentError> {
        let check = self.0.as_ref().ok_or(EnrichmentError::ChallengeUnconfigured)?;
        let user_pool_id = event.user_pool_id()?;
        let client_id = event.client_id()?.unwrap_or_default();
        let challenged = |user_name| Challenged { user_pool_id: &user_pool_id, client_id: &client_id, user_name };
        match event.trigger() {
            Trigger::DefineAuthChallenge => {
                let event = DefineAuthChallenge::read(event)?;
                let may = !is_external(pool, event.user());
                Ok(event.answered(if may { next_step(&event) } else { NextStep::Fail }))
            }
            Trigger::CreateAuthChallenge => {
                let event = CreateAuthChallenge::read(event)?;
                Ok(event.answered(&check.pose(&challenged(event.user().user_name()))))
            }
            Trigger::VerifyAuthChallengeResponse => {
                let event = VerifyAuthChallenge::read(event)?;
                let met = check.is_met(&challenged(event.user().user_name()), &event);
                Ok(event.answered(met && !event.is_unknown() && !is_external(pool, event.user())))
            }
            _ => Err(TriggerError::Unsupported.into()),
        }
    }
}

/// Who comes through an identity provider, or is called like somebody who does, proves it there and nowhere else.
fn is_external(pool: &UserPool, user: &User<'_>) -> bool {
    user.is_external() || user.is_named_after(&pool.provider_name)
}

/// One challenge and one attempt. A user who does not exist gets the challenge like everybody else.
fn next_step(event: &DefineAuthChallenge<'_>) -> NextStep {
    match event.rounds() {
        [] => NextStep::Challenge,
        [only] if only.is_custom() && only.challenge_result && !event.is_unknown() => NextStep::IssueTokens,
        _ => NextStep::Fail,
    }
}
