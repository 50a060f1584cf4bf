use std::fmt;

use vestibule_kernel::{ExposeSecret as _, SecretString};

use super::TokenError;
use crate::{
    AuthorizationCode, Client,
    limit::{
        CLIENT_ID_BYTES_MAX, CLIENT_SECRET_BYTES_MAX, CODE_VERIFIER_BYTES_MAX, REDIRECT_URI_BYTES_MAX,
        TOKEN_BODY_BYTES_MAX,
    },
    parameter::{ParameterError, Parameters},
};

/// A token request (RFC 6749 section 4.1.3) whose client has not been authenticated yet.
///
/// The types force the order of the checks: only [`Self::authenticate`] gives access to the code, and only
/// [`crate::Grant::check`] tells whether it may be spent, so that a wrong client cannot burn it.
pub struct TokenRequest {
    client_id: String,
    client_secret: SecretString,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<SecretString>,
}

/// A token request of a client that has proven who it is.
pub struct AuthenticatedTokenRequest {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) code_verifier: Option<SecretString>,
    code: AuthorizationCode,
}

impl TokenRequest {
    /// Reads the form in `body`; `has_authorization_header` tells whether the request carried one.
    ///
    /// Only `client_secret_post` is accepted: it is what Cognito uses, and one way is easier to guard than two.
    ///
    /// # Errors
    /// [`TokenError`] names what is missing or malformed.
    pub fn parse(has_authorization_header: bool, body: &str) -> Result<Self, TokenError> {
        if has_authorization_header {
            return Err(TokenError::HeaderAuthentication);
        }
        if body.len() > TOKEN_BODY_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let form = Parameters::parse(body)?;
        if form.any_repeated() {
            return Err(TokenError::Repeated);
        }
        let text = |name, limit_bytes| match form.text(name)? {
            Some(text) if text.len() > limit_bytes => Err(TokenError::TooLong),
            text => Ok(text),
        };
        let client_id = text("client_id", CLIENT_ID_BYTES_MAX)?;
        let client_secret = text("client_secret", CLIENT_SECRET_BYTES_MAX)?;
        let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else {
            return Err(TokenError::CredentialsMissing);
        };
        match text("grant_type", 256)?.as_deref() {
            Some("authorization_code") => {}
            Some(_) => return Err(TokenError::GrantTypeUnsupported),
            None => return Err(TokenError::GrantTypeMissing),
        }
        Ok(Self {
            client_id,
            client_secret: client_secret.into(),
            code: text("code", 256)?,
            redirect_uri: text("redirect_uri", REDIRECT_URI_BYTES_MAX)?,
            code_verifier: text("code_verifier", CODE_VERIFIER_BYTES_MAX)?.map(SecretString::from),
        })
    }

    /// The client to look up.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Checks the secret against the client that was found.
    ///
    /// # Errors
    /// [`TokenError::CredentialsWrong`], or what is missing for the exchange.
    pub fn authenticate(self, client: Option<&Client>) -> Result<AuthenticatedTokenRequest, TokenError> {
        let client = client.filter(|client| client.id == self.client_id).ok_or(TokenError::CredentialsWrong)?;
        if !client.secrets.accept(self.client_secret.expose_secret()) {
            return Err(TokenError::CredentialsWrong);
        }
        let code = self.code.ok_or(TokenError::CodeMissing)?;
        let redirect_uri = self.redirect_uri.ok_or(TokenError::RedirectUriMissing)?;
        let code = AuthorizationCode::parse(&code).map_err(|_| TokenError::CodeInvalid)?;
        let Self { client_id, code_verifier, .. } = self;
        Ok(AuthenticatedTokenRequest { client_id, redirect_uri, code_verifier, code })
    }
}

impl AuthenticatedTokenRequest {
    /// The client that asks.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The code to look up.
    #[must_use]
    pub const fn code(&self) -> &AuthorizationCode {
        &self.code
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for AuthenticatedTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatedTokenRequest").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl From<ParameterError> for TokenError {
    fn from(error: ParameterError) -> Self {
        match error {
            ParameterError::TooMany => Self::TooLong,
            ParameterError::NotText => Self::Malformed,
        }
    }
}
