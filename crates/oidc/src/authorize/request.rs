use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{AuthorizeErrorCode, AuthorizeFailure, State};
use crate::{
    CodeChallenge, PkceError, RedirectUri,
    limit::{ACR_VALUES_BYTES_MAX, LOGIN_HINT_BYTES_MAX, NONCE_BYTES_MAX, SCOPE_BYTES_MAX},
    parameter::{Found, Parameters},
};

/// An authorize request that may be answered with a code. It can be stored while the person is on the way.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct AuthorizeRequest {
    /// Who asks.
    pub client_id: String,
    /// Where the answer goes: one of the client's registered addresses.
    pub redirect_uri: RedirectUri,
    /// To be returned as it is.
    pub state: Option<State>,
    /// The scopes, `openid` among them.
    pub scope: String,
    /// To be put into the ID token.
    pub nonce: Option<String>,
    /// To be met by the token request.
    pub code_challenge: Option<CodeChallenge>,
    /// What the relying party wants the person to be asked.
    pub prompt: Prompt,
    /// Who probably signs in: an e-mail address, a ticket, an organization's code.
    pub login_hint: Option<String>,
    /// How old an earlier authentication may be.
    pub max_age: Option<Duration>,
    /// The authentication contexts that are wanted, the preferred one first.
    pub acr_values: Option<String>,
}

/// The values of `prompt` that matter (OpenID Connect Core 1.0 section 3.1.2.1). `none` never gets this far.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Prompt {
    /// The person is to authenticate again, whatever session there may be.
    pub login: bool,
    /// The person is to choose an account.
    pub select_account: bool,
}

impl AuthorizeRequest {
    /// The failure of this request that says `code`.
    #[must_use]
    pub fn failure(&self, code: AuthorizeErrorCode, description: &'static str) -> AuthorizeFailure {
        AuthorizeFailure { redirect_uri: self.redirect_uri.clone(), state: self.state.clone(), code, description }
    }
}

impl fmt::Debug for AuthorizeRequest {
    /// Without what identifies a person or belongs to the relying party.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .field("prompt", &self.prompt)
            .finish_non_exhaustive()
    }
}

/// Why a request whose redirect URI is sound is refused.
pub(super) struct Refused(pub(super) AuthorizeErrorCode, pub(super) &'static str);

impl Refused {
    const fn invalid(description: &'static str) -> Self {
        Self(AuthorizeErrorCode::InvalidRequest, description)
    }
}

/// The parameters beside client, redirect URI and state.
pub(super) struct Fields {
    scope: String,
    nonce: Option<String>,
    code_challenge: Option<CodeChallenge>,
    prompt: Prompt,
    login_hint: Option<String>,
    max_age: Option<Duration>,
    acr_values: Option<String>,
}

impl Fields {
    pub(super) fn read(parameters: &Parameters<'_>) -> Result<Self, Refused> {
        refuse_unsupported(parameters)?;
        let text = |name, limit_bytes, too_long| bounded(parameters, name, limit_bytes, too_long);
        match text("response_type", 64, "response_type is too long")?.as_deref() {
            Some("code") => {}
            Some(_) => {
                return Err(Refused(AuthorizeErrorCode::UnsupportedResponseType, "response_type must be code"));
            }
            None => return Err(Refused::invalid("response_type is missing")),
        }
        if text("response_mode", 64, "response_mode is too long")?.is_some_and(|mode| mode != "query") {
            return Err(Refused::invalid("response_mode must be query"));
        }
        let scope = text("scope", SCOPE_BYTES_MAX, "scope is too long")?.unwrap_or_default();
        if !scope.split(' ').any(|token| token == "openid") {
            return Err(Refused(AuthorizeErrorCode::InvalidScope, "scope must contain openid"));
        }
        let challenge = text("code_challenge", 128, "code_challenge is too long")?;
        let method = text("code_challenge_method", 64, "code_challenge_method is too long")?;
        let code_challenge = CodeChallenge::parse(challenge.as_deref(), method.as_deref())?;
        let prompt = text("prompt", 256, "prompt is too long")?;
        Ok(Self {
            scope,
            nonce: text("nonce", NONCE_BYTES_MAX, "nonce is too long")?,
            code_challenge,
            prompt: prompt.as_deref().map(prompt_of).transpose()?.unwrap_or_default(),
            login_hint: text("login_hint", LOGIN_HINT_BYTES_MAX, "login_hint is too long")?,
            max_age: text("max_age", 32, "max_age is too long")?.as_deref().map(max_age_of).transpose()?,
            acr_values: text("acr_values", ACR_VALUES_BYTES_MAX, "acr_values is too long")?,
        })
    }

    pub(super) fn into_request(
        self,
        client_id: String,
        redirect_uri: RedirectUri,
        state: Option<State>,
    ) -> AuthorizeRequest {
        AuthorizeRequest {
            client_id,
            redirect_uri,
            state,
            scope: self.scope,
            nonce: self.nonce,
            code_challenge: self.code_challenge,
            prompt: self.prompt,
            login_hint: self.login_hint,
            max_age: self.max_age,
            acr_values: self.acr_values,
        }
    }
}

fn refuse_unsupported(parameters: &Parameters<'_>) -> Result<(), Refused> {
    let unsupported = [
        ("request", AuthorizeErrorCode::RequestNotSupported, "request objects are not supported"),
        ("request_uri", AuthorizeErrorCode::RequestUriNotSupported, "request_uri is not supported"),
        ("registration", AuthorizeErrorCode::RegistrationNotSupported, "registration is not supported"),
    ];
    for (name, code, description) in unsupported {
        if !matches!(parameters.raw(name), Found::Absent) {
            return Err(Refused(code, description));
        }
    }
    Ok(())
}

fn bounded(
    parameters: &Parameters<'_>,
    name: &str,
    limit_bytes: usize,
    too_long: &'static str,
) -> Result<Option<String>, Refused> {
    let text = parameters.text(name).map_err(|_| Refused::invalid("a parameter is not UTF-8"))?;
    if text.as_ref().is_some_and(|text| text.len() > limit_bytes) { Err(Refused::invalid(too_long)) } else { Ok(text) }
}

fn prompt_of(text: &str) -> Result<Prompt, Refused> {
    let mut prompt = Prompt::default();
    for value in text.split(' ').filter(|value| !value.is_empty()) {
        match value {
            "login" => prompt.login = true,
            "select_account" => prompt.select_account = true,
            // Releasing claims to the customer's own user pool needs no consent of ours.
            "consent" => {}
            // "If this parameter contains none with any other value, an error is returned."
            "none" if text.trim() == "none" => {
                return Err(Refused(AuthorizeErrorCode::LoginRequired, "the person must be asked to sign in"));
            }
            "none" => return Err(Refused::invalid("prompt=none stands alone")),
            _ => return Err(Refused::invalid("prompt has a value that is not supported")),
        }
    }
    Ok(prompt)
}

fn max_age_of(text: &str) -> Result<Duration, Refused> {
    let seconds = text.parse::<u32>().map_err(|_| Refused::invalid("max_age is not a number of seconds"))?;
    Ok(Duration::from_secs(u64::from(seconds)))
}

impl From<PkceError> for Refused {
    fn from(error: PkceError) -> Self {
        Self::invalid(match error {
            PkceError::Method => "code_challenge_method must be S256",
            PkceError::Challenge => "code_challenge is not the base64url form of a SHA-256 digest",
            PkceError::MethodAlone => "code_challenge_method without code_challenge",
        })
    }
}
