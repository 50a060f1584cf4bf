use serde::{Deserialize, Serialize};
use vestibule_kernel::{ExposeSecret as _, Timestamp};

use super::{AuthenticatedTokenRequest, TokenError};
use crate::{AuthorizeRequest, CodeChallenge, RedirectUri, limit::CODE_LIFETIME};

/// What a code was given for: kept sealed with the identity until the code is redeemed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Grant {
    /// Whom the code was given to.
    pub client_id: String,
    /// Where it was sent.
    pub redirect_uri: RedirectUri,
    /// What the verifier must meet.
    pub code_challenge: Option<CodeChallenge>,
    /// What goes into the ID token.
    pub nonce: Option<String>,
    /// The scopes that were granted.
    pub scope: String,
    /// When the code ends.
    pub expires_at: Timestamp,
}

impl Grant {
    /// The grant for `request`, given at `now`.
    #[must_use]
    pub fn new(request: &AuthorizeRequest, now: Timestamp) -> Self {
        Self {
            client_id: request.client_id.clone(),
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            scope: request.scope.clone(),
            expires_at: now.plus(CODE_LIFETIME),
        }
    }

    /// Whether `request` may redeem the code at `now`. Nothing has been spent when this fails.
    ///
    /// # Errors
    /// [`TokenError`]: another client, expired, another redirect URI, proof key missing, wrong or unexpected.
    pub fn check(&self, request: &AuthenticatedTokenRequest, now: Timestamp) -> Result<(), TokenError> {
        if self.client_id != request.client_id {
            return Err(TokenError::CodeInvalid);
        }
        if now >= self.expires_at {
            return Err(TokenError::CodeExpired);
        }
        if self.redirect_uri.as_str() != request.redirect_uri {
            return Err(TokenError::RedirectUriMismatch);
        }
        match (&self.code_challenge, &request.code_verifier) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(TokenError::VerifierMissing),
            (None, Some(_)) => Err(TokenError::VerifierUnexpected),
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier.expose_secret()) => Ok(()),
            (Some(_), Some(_)) => Err(TokenError::VerifierWrong),
        }
    }
}
